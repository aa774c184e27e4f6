import sys

import numpy as np
import pytest

from kwscls.evaluation import plots
from kwscls.evaluation.calibration import reliability
from kwscls.evaluation.scores import scores
from tests.evaluation.made import answers

HISTORY = [{"epoch": i, "loss": 1 / i, "accuracy": 1 - 0.5 / i, "val_loss": 1.2 / i,
            "val_accuracy": (score := [0.4, 0.9, 0.7][i - 1]), "val_score": score, "kept": int(i < 3)}
           for i in (1, 2, 3)]


def results(labels, clips=300):
    names = [f"label {i}" for i in range(labels)]
    truth, probabilities = answers(clips, labels, skill=3)
    return scores(truth, probabilities, names), reliability(truth, probabilities, names)


def texts(figure):
    """Every word that is to be seen in a figure."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def overlapping(figure, axis):
    """Pairs of neighbouring names on an axis that lie on each other."""
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axis.get_ticklabels() if label.get_text()]
    return [(a, b) for a, b in zip(boxes, boxes[1:]) if a.shrunk(0.95, 0.8).overlaps(b.shrunk(0.95, 0.8))]


def test_curves_mark_the_epoch_that_is_kept():
    figure = plots.curves(HISTORY)
    lines = figure.axes[1].get_lines()
    assert lines[0].get_ydata() == pytest.approx([0.5, 0.75, 1 - 0.5 / 3])
    assert list(lines[2].get_xdata()) == [2, 2]
    assert {"Loss", "Accuracy", "training", "validation", "epoch 2, kept"} <= set(texts(figure))


def test_curves_take_the_words_of_a_csv_file():
    assert plots.curves([{key: str(value) for key, value in row.items()} for row in HISTORY])


def test_curves_of_a_history_that_does_not_tell_what_was_kept():
    rows = [{key: value for key, value in row.items() if key != "kept"} for row in HISTORY]
    assert not any("kept" in text for text in texts(plots.curves(rows)))


@pytest.mark.parametrize("labels", [2, 8, 50])
def test_confusion_shows_counts_and_colours_rows(labels):
    found, _ = results(labels)
    figure = plots.confusion(found["confusion"], found["labels"])
    ax = figure.axes[0]
    counts = np.array(found["confusion"])
    assert np.asarray(ax.collections[0].get_array()).reshape(labels, labels) == pytest.approx(
        counts / counts.sum(axis=1, keepdims=True))
    assert sorted(text.get_text() for text in ax.texts if text.get_text()) == sorted(
        str(count) for count in counts.ravel() if count)
    assert not overlapping(figure, ax.xaxis) and not overlapping(figure, ax.yaxis)


def test_long_names_leave_room_for_the_matrix():
    names = [f"a long name that goes on and on and ends in {number}" for number in range(3)]
    figure = plots.confusion(np.eye(3, dtype=int), names)
    figure.canvas.draw()
    ax = figure.axes[0]
    assert ax.get_window_extent().width / figure.dpi > 1.5  # inches
    assert [label.get_text()[-1] for label in ax.get_yticklabels()] == ["0", "1", "2"]


@pytest.mark.parametrize("labels", [2, 8, 50])
def test_per_label_has_a_row_a_label_the_worst_first(labels):
    found, _ = results(labels, 600)
    figure = plots.per_label(found["per_label"])
    names = [text.get_text().split("  (")[0] for text in figure.axes[0].get_yticklabels()]
    assert names == sorted(found["labels"], key=lambda name: found["per_label"][name]["f1"])
    assert not overlapping(figure, figure.axes[0].yaxis)


def test_labels_without_clips_are_left_out():
    truth, probabilities = answers(60, 3, truth=np.arange(60) % 2)
    found = scores(truth, probabilities, ["a", "b", "c"])
    assert len(plots.per_label(found["per_label"]).axes[0].get_yticklabels()) == 2
    assert plots.confusion(found["confusion"], found["labels"])


def test_reliability_shows_the_bins():
    _, found = results(4)
    figure = plots.reliability(found)
    assert [bar.get_height() for bar in figure.axes[1].patches] == [one["clips"] for one in found["bins"]]


@pytest.mark.parametrize("count", [1, 3, 5, 9])
def test_clips_have_a_waveform_and_a_spectrogram_each(count, tmp_path):
    waveforms = [np.random.default_rng(i).normal(size=4000) * 0.1 for i in range(count)]
    figure = plots.clips(waveforms, 8000, [f"clip {i}" for i in range(count)])
    seen = [ax for ax in figure.axes if ax.get_visible()]
    assert len(seen) == 2 * count and sum(len(ax.images) for ax in seen) == count
    plots.save(figure, tmp_path / "clips.png")


def test_a_tone_is_bright_where_it_sounds():
    waveform = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(8000) / 8000)
    image = plots.clips([waveform], 8000, ["tone"]).axes[1].images[0]
    level = np.asarray(image.get_array())  # [bins from 0 to 4 kHz, frames]
    assert np.argmax(level.mean(axis=1)) / len(level) * 4000 == pytest.approx(2000, abs=40)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("waveform", [np.zeros(8000), np.zeros(10), np.ones(100)], ids=["silence", "short", "constant"])
def test_odd_clips_are_drawn(waveform):
    assert plots.png(plots.clips([waveform], 8000, ["odd"])).startswith(b"\x89PNG")


def test_clip_scores_are_sorted():
    figure = plots.clip_scores([0.1, 0.7, 0.2], ["a", "b", "c"], most=2)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["b", "c"]
    assert "0.700" in texts(figure)


def test_saving_is_whole_and_leaves_no_global_state(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.save(plots.clip_scores([0.1, 0.9], ["a", "b"]), tmp_path / "new" / "scores.png")
    assert (tmp_path / "new" / "scores.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["scores.png"]
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()
