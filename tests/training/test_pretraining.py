"""Pre-training from the command line: it learns, goes on when killed, and train takes what it leaves."""

import numpy as np
import pytest

from kwscls import files, models, pretrain, pretrained
from kwscls.data.convert import to_pcm16, wav_bytes
from kwscls.errors import KwsclsError
from kwscls.pretrained.read import read
from kwscls.settings import PretrainSettings, TrainSettings
from kwscls.training import learner, pretraining, pretraining_recipes
from kwscls.training.choices import sizes_of_run
from kwscls.training.pretraining_recipes import PRETRAINING
from tests.models.small import SMALL

BODY = [f"{name}={value}" for name, value in SMALL["wav2vec2"].items() if name != "classifier_proj_size"]
SMALLEST = ["--size", *BODY, "num_codevectors_per_group=8", "codevector_dim=8", "proj_codevector_dim=8",
            "--batch-size", "8", "--negatives", "10", "--seconds", "0.25", "--mask-length", "2"]


@pytest.fixture
def often(monkeypatch):
    """A row and a checkpoint every ten steps."""
    monkeypatch.setattr(pretraining, "SHOW", 10)


def history(out):
    """The rows of a run's table."""
    return [dict(zip(pretraining.ROWS, map(float, line.split(","))))
            for line in (out / "history.csv").read_text().splitlines()[1:]]


@pytest.fixture
def melodies(tmp_path):
    """Recordings of six pitches, always in the same order, 50 ms each: what is hidden follows from what is heard."""
    (tmp_path / "melodies").mkdir()
    random, pitches = np.random.default_rng(0), np.array([300, 600, 1200, 2400, 4000, 6000])
    for number in range(60):
        hz = np.repeat(np.tile(np.roll(pitches, random.integers(6)), 2), 800)
        sound = 0.3 * np.sin(2 * np.pi * np.cumsum(hz) / 16000) + random.normal(scale=0.01, size=len(hz))
        files.write_bytes(tmp_path / "melodies" / f"{number}.wav", wav_bytes(to_pcm16(sound), 16000))
    return tmp_path / "melodies"


def test_it_learns_what_follows_what(melodies, tmp_path):
    # At 0.02 some seeds stay at chance in 500 steps, and which ones is up to the processor's rounding.
    out = tmp_path / "pretrained"
    assert pretrain.main(["--data", str(melodies), "--out", str(out), "--steps", "1500", "--learning-rate", "0.006",
                          "--diversity", "1", *SMALLEST]) == 0
    rows = history(out)
    assert rows[0]["accuracy"] < 0.4, "one in eleven answers, or fewer, is right"
    assert rows[-1]["accuracy"] > 0.75 and rows[-1]["contrastive"] < 0.5 * rows[0]["contrastive"]
    assert rows[-1]["perplexity"] > 12, "of 16 entries"


def test_it_leaves_what_train_reads(tones, tmp_path, often, capsys):
    out = tmp_path / "pretrained"
    words = ["--data", str(tones), "--out", str(out), "--steps", "30", *SMALLEST]
    assert pretrain.main(words) == 0
    assert {path.name for path in out.iterdir()} == {"model.safetensors", "config.json", "settings.json", "history.csv",
                                                     "curves.png"}
    told = capsys.readouterr().err
    assert "56 recordings" in told and f"--weights {out}" in told
    assert [row["step"] for row in history(out)] == [10, 20, 30]
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


def test_convolutions_stay_float32_where_there_is_no_gpu(tones, tmp_path, monkeypatch, capsys):
    found = []

    def spy(settings, model, *arguments):
        found.extend(layer for layer in model._flatten_layers())
        raise KwsclsError("has seen enough", "the spy")

    monkeypatch.setattr(pretraining, "Loop", spy)
    monkeypatch.setattr(learner.tf.config, "list_logical_devices", lambda kind: [])
    words = ["--data", str(tones), "--out", str(tmp_path / "low"), "--steps", "1", "--precision", "mixed_bfloat16", *SMALLEST]
    assert pretrain.main(words) == 2 and "has seen enough" in capsys.readouterr().err
    convolutions = [layer for layer in found if isinstance(layer, learner.CONVOLUTIONS)]
    assert convolutions and {layer.compute_dtype for layer in convolutions} == {"float32"}
    assert any(layer.compute_dtype == "bfloat16" for layer in found)


def test_mendable_mistakes(tones, tmp_path, capsys):
    def says(*words):
        assert pretrain.main(["--data", str(tones), "--out", str(tmp_path / "run"), "--overwrite", *words]) == 2
        return capsys.readouterr().err

    assert "cnn: is no wav2vec 2.0" in says("--model", "cnn")
    assert "is no size of the body" in says("--size", "width=3")
    assert "cannot be built with conv_kernel=3" in says("--size", "conv_kernel=3")
    assert "cannot be built with num_hidden_layers=x" in says("--size", "num_hidden_layers=x", "--seconds", "0.25")
    assert "no two frames" in says("--seconds", "0.03")
    assert "is no folder" in says("--data", str(tmp_path / "nothing"))
    assert not list(tmp_path.glob("run*")), "nothing is left of what was refused"


def test_every_wav2vec2_has_a_recipe_and_flags_override_it():
    assert PRETRAINING.keys() == {name for name, row in models.MODELS.items() if row.builder.startswith("wav2vec2:")}
    told = pretraining_recipes.chosen(PretrainSettings("folder", mask_length=7, size=["num_codevectors_per_group=9"]))
    assert (told.mask_length, told.diversity, told.learning_rate) == (7, 1.0, 2e-3)
    assert pretraining.chosen_parts(PretrainSettings("folder"))[1].num_codevectors_per_group == 64
    given = PretrainSettings("folder", size=["num_codevectors_per_group=9"])
    assert pretraining.chosen_parts(given)[1].num_codevectors_per_group == 9
    paper = pretraining_recipes.chosen(PretrainSettings("folder", model="wav2vec2_base"))
    assert (paper.learning_rate, paper.mask_prob, paper.mask_length, paper.diversity) == (5e-4, 0.65, 10, 0.1)


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
