"""Pre-training from the command line: it learns, goes on when killed, and train takes what it leaves."""

import numpy as np
import pytest

from kwscls import files, models, pretrain, pretrained
from kwscls.pretrained.read import read
from kwscls.settings import PretrainSettings, TrainSettings
from kwscls.training import pretraining
from kwscls.training.choices import sizes_of_run
from tests.models.small import SMALL

BODY = [f"{name}={value}" for name, value in SMALL["wav2vec2"].items() if name != "classifier_proj_size"]
SMALLEST = ["--size", *BODY, "num_codevectors_per_group=8", "codevector_dim=8", "proj_codevector_dim=8",
            "--batch-size", "8", "--negatives", "10", "--seconds", "0.25", "--mask-length", "2"]


@pytest.fixture
def often(monkeypatch):
    """A row and a checkpoint every ten steps."""
    monkeypatch.setattr(pretraining, "SHOW", 10)


def test_it_learns_and_leaves_what_train_reads(tones, tmp_path, often, capsys):
    out = tmp_path / "pretrained"
    words = ["--data", str(tones), "--out", str(out), "--steps", "30", "--learning-rate", "0.005", *SMALLEST]
    assert pretrain.main(words) == 0
    assert {path.name for path in out.iterdir()} == {"model.safetensors", "config.json", "settings.json", "history.csv",
                                                     "curves.png"}
    told = capsys.readouterr().err
    assert "56 recordings" in told and f"--weights {out}" in told
    rows = [dict(zip(pretraining.ROWS, map(float, line.split(","))))
            for line in (out / "history.csv").read_text().splitlines()[1:]]
    assert [row["step"] for row in rows] == [10, 20, 30] and rows[-1]["loss"] < rows[0]["loss"]
    assert files.read_json(out / "config.json")["model_type"] == "wav2vec2"
    model = models.build("wav2vec2", 2, 4000, **sizes_of_run(TrainSettings(model="wav2vec2", weights=str(out))))
    before = model.get_layer("encoder_layer_0").get_weights()[0]
    assert pretrained.load(model, out) == ["the head is new: the file has none of this kind"]
    assert not np.array_equal(model.get_layer("encoder_layer_0").get_weights()[0], before)
    assert pretrain.main(words) == 2 and "exists already" in capsys.readouterr().err


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tones, tmp_path, often, monkeypatch):
    words = ["--data", str(tones), "--steps", "20", *SMALLEST]
    assert pretrain.main([*words, "--out", str(tmp_path / "whole")]) == 0

    take = pretraining.Loop._take

    def killed(self, step):
        if step == 14 and not self.settings.resume:
            raise KeyboardInterrupt
        return take(self, step)

    monkeypatch.setattr(pretraining.Loop, "_take", killed)
    assert pretrain.main([*words, "--out", str(tmp_path / "torn")]) == 130
    assert pretrain.main([*words, "--out", str(tmp_path / "torn"), "--resume"]) == 0
    whole, torn = (read(tmp_path / name).tensors for name in ("whole", "torn"))
    assert whole.keys() == torn.keys()
    for name, value in whole.items():
        np.testing.assert_allclose(torn[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_mendable_mistakes(tones, tmp_path, capsys):
    def says(*words):
        assert pretrain.main(["--data", str(tones), "--out", str(tmp_path / "run"), "--overwrite", *words]) == 2
        return capsys.readouterr().err

    assert "cnn: is no wav2vec 2.0" in says("--model", "cnn")
    assert "is no size of the body" in says("--size", "width=3")
    assert "no two frames" in says("--seconds", "0.03")
    assert "is no folder" in says("--data", str(tmp_path / "nothing"))
    assert not list(tmp_path.glob("run*")), "nothing is left of what was refused"


def test_the_schedules():
    assert pretraining.learning_rate(1, 0.04) == pytest.approx(0.5) and pretraining.learning_rate(1, 0.08) == 1
    assert pretraining.learning_rate(1, 0.54) == pytest.approx(0.5) and pretraining.learning_rate(1, 1) == 0
    assert pretraining.temperature(0) == 2 and pretraining.temperature(0.7) == pytest.approx(0.5)
    assert pretraining.temperature(1) == 0.5
    assert pretraining.temperature(1000 / 400_000) == pytest.approx(2 * 0.999995**1000, rel=1e-4)  # the paper's


def test_the_base_models_losses_and_the_large_ones(tones, tmp_path):
    for norm, penalty, scales in (("group", 10, {0.1, 1.0}), ("layer", 0, {1.0})):
        settings = PretrainSettings(str(tones), size=[*BODY, f"feat_extract_norm={norm}"], seconds=0.25)
        body, codebook = pretraining.chosen_parts(settings)
        model = pretraining.wav2vec2_pretraining(4000, body, codebook)
        loop = pretraining.Loop(settings, model, body, None, tmp_path / "none")
        assert loop.penalty == penalty and set(loop.scales) == scales
