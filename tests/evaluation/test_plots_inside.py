"""Pictures of single families show what they are given."""

import numpy as np

from kwscls import models
from kwscls.evaluation import plots, plots_inside
from kwscls.layers.sinc import SincConv
from tests.models.small import SMALL


def test_bands_before_and_after(tmp_path):
    layer = SincConv(6, 33)
    layer.build((None, 800))
    start = layer.edges()
    layer.low_hz.assign_add([100.0] * 6)
    figure = plots_inside.sinc_bands(start, layer.edges(), 16000)
    left, right = figure.axes
    assert "an edge moved; " in left.get_title()
    lower = {line.get_label(): line for line in left.lines}["lower edge"]
    np.testing.assert_allclose(lower.get_ydata()[:5], 100, atol=0.1)
    np.testing.assert_allclose(lower.get_xdata(), np.asarray(start[0]) / 1000)
    before, after = (line.get_ydata() for line in right.lines)
    np.testing.assert_allclose(after[:5], before[:5], atol=0.1)  # a lower edge takes the upper one along
    plots.save(figure, tmp_path / "bands.png")
    assert (tmp_path / "bands.png").stat().st_size > 10000


def test_a_models_bands_are_compared_with_their_start():
    model = models.build("sincnet", 2, 4000, **SMALL["sincnet"])
    assert "moved; 0 Hz" in plots_inside.learned_bands(model).axes[0].get_title()
    model.get_layer("sinc").low_hz.assign_add([80.0] * 8)
    assert "moved; 7" in plots_inside.learned_bands(model).axes[0].get_title()  # the highest edge cannot move
    assert plots_inside.learned_bands(models.build("cnn", 2, 4000, **SMALL["cnn"])) is None


def test_log_mels_are_drawn_in_the_same_colours():
    spectrograms = np.random.default_rng(0).normal(size=(5, 20, 8))
    shown = [ax for ax in plots_inside.log_mels(spectrograms, list("abcde")).axes if ax.images]
    assert [ax.get_title() for ax in shown] == list("abcde")
    np.testing.assert_array_equal(shown[3].images[0].get_array(), spectrograms[3].T)
    assert len({ax.images[0].get_clim() for ax in shown}) == 1


def test_pretraining_curves():
    rows = [{"step": step, "contrastive": 5 - step / 10, "diversity": 0.5, "accuracy": step / 100, "perplexity": 20}
            for step in (10, 20, 30)]
    loss, right, entries = plots_inside.pretraining(rows).axes
    assert [line.get_ydata().tolist() for line in loss.lines][0] == [4, 3, 2]
    assert right.lines[0].get_ydata().tolist() == [0.1, 0.2, 0.3]
    assert entries.lines[0].get_xdata().tolist() == [10, 20, 30]


def test_frames_under_their_clip():
    scores = np.eye(3)[[0, 0, 1, 2, 2]]
    figure = plots_inside.frame_labels(np.zeros(2000), 1000, ["go", "no", "up"], 400, scores, [0, 0, 1, -1, 2], 600)
    below = figure.axes[1]
    assert [label.get_text() for label in below.get_yticklabels()] == ["go", "no", "up"]
    drawn = [segment[:, 1][0] for segment in below.collections[1].get_segments()]
    assert drawn == [0, 0, 1, 2]
    np.testing.assert_allclose(below.collections[1].get_segments()[0][:, 0], [0.1, 0.5])
