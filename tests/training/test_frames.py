"""Losses and metrics for frames against numpy, and the whole way from a table of segments to a scored run."""

import json

import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from kwscls import evaluate, predict, train
from kwscls.training.frames import FrameAccuracy, FrameCrossentropy, PooledAccuracy, PooledCrossentropy
from tests.conftest import tone, write_wav
from tests.models.small import SMALL

LOGITS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
TARGETS = np.array([[0, 1, 2, 3, 0], [2, -1, -1, 1, 1], [-1] * 5], np.int32)
KNOWN = TARGETS >= 0


def test_padding_does_not_count():
    chosen = np.take_along_axis(log_softmax(LOGITS, axis=-1), np.maximum(TARGETS, 0)[..., None], -1)[..., 0]
    np.testing.assert_allclose(FrameCrossentropy()(TARGETS, LOGITS), -chosen[KNOWN].mean(), rtol=1e-5)
    changed = np.where(KNOWN[..., None], LOGITS, 99).astype(np.float32)
    np.testing.assert_allclose(FrameCrossentropy()(TARGETS, changed), -chosen[KNOWN].mean(), rtol=1e-5)
    assert FrameCrossentropy()(TARGETS[2:], LOGITS[2:]) == 0


def test_smoothing_and_yes_or_no():
    meant = np.eye(4)[np.maximum(TARGETS, 0)]
    smooth = (0.8 * meant + 0.05) * -log_softmax(LOGITS, axis=-1)
    ours = FrameCrossentropy(label_smoothing=0.2)(TARGETS, LOGITS)
    np.testing.assert_allclose(ours, smooth.sum(-1)[KNOWN].mean(), rtol=1e-5)
    binary = -(meant * np.log(expit(LOGITS)) + (1 - meant) * np.log(expit(-LOGITS))).mean(-1)
    np.testing.assert_allclose(FrameCrossentropy("sigmoid")(TARGETS, LOGITS), binary[KNOWN].mean(), rtol=1e-5)


def test_accuracy_over_batches():
    metric = FrameAccuracy()
    for rows in (slice(0, 2), slice(2, 3)):
        metric.update_state(TARGETS[rows], LOGITS[rows])
    np.testing.assert_allclose(metric.result(), (LOGITS.argmax(-1) == TARGETS)[KNOWN].mean(), rtol=1e-6)


def test_a_clips_label_is_compared_with_the_mean_of_its_frames():
    meant = np.eye(4, dtype=np.float32)[[0, 2, 3]]
    means = softmax(LOGITS, axis=-1).mean(1)
    np.testing.assert_allclose(PooledCrossentropy()(meant, LOGITS), -np.log((means * meant).sum(-1)).mean(), rtol=1e-5)
    yes = expit(LOGITS).mean(1)
    binary = -(meant * np.log(yes) + (1 - meant) * np.log(1 - yes)).mean()
    np.testing.assert_allclose(PooledCrossentropy("sigmoid")(meant, LOGITS), binary, rtol=1e-5)
    metric = PooledAccuracy()
    metric.update_state(meant, LOGITS)
    np.testing.assert_allclose(metric.result(), (means.argmax(-1) == [0, 2, 3]).mean())
    metric = PooledAccuracy("sigmoid")  # any of a clip's labels is right
    metric.update_state(np.float32([[1, 1, 0], [1, 1, 0]]), np.float32([[[-2, 3, 0]] * 2, [[-2, -3, 0]] * 2]))
    assert metric.result() == 0.5


@pytest.mark.parametrize("made", [FrameCrossentropy("sigmoid", 0.1), PooledCrossentropy("sigmoid", 0.1),
                                  FrameAccuracy("sigmoid"), PooledAccuracy("sigmoid")])
def test_configs_make_the_same(made):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert again.get_config() == made.get_config() and again.activation == "sigmoid"


@pytest.fixture(scope="module")
def talks(tmp_path_factory):
    """Recordings of low and high tones one after another, with silence between them that has no label."""
    folder = tmp_path_factory.mktemp("talks")
    rows, draw = ["path,start,end,label,split"], np.random.default_rng(0)
    for number in range(26):
        split = "train" if number < 18 else "validation" if number < 22 else "test"
        pieces, time = [], 0.0
        for place in range(4):
            label, frequency = (("high", 2500), ("low", 400))[draw.integers(2)]
            seconds = round(draw.uniform(0.2, 0.4), 2)
            pieces += [tone(frequency, seconds, seed=10 * number + place), np.zeros(800)]
            rows.append(f"{number}.wav,{time:.2f},{time + seconds:.2f},{label},{split}")
            time += seconds + 0.05
        write_wav(folder / f"{number}.wav", np.concatenate(pieces))
    (folder / "segments.csv").write_text("\n".join(rows) + "\n")
    return folder


SIZES = ["--size", *(f"{name}={value}" for name, value in SMALL["wav2vec2_frames"].items())]


def test_from_a_table_to_a_scored_run(talks, tmp_path, capsys):
    out = tmp_path / "run"
    assert train.main(["--data", str(talks / "segments.csv"), "--model", "wav2vec2_frames", "--out", str(out),
                       "--epochs", "12", "--batch-size", "4", "--learning-rate", "0.005", "--seconds", "0.8",
                       *SIZES]) == 0
    assert {"model.keras", "saved_model", "metrics.json", "confusion.png", "frames.png", "curves.png"} <= {
        path.name for path in out.iterdir()}
    capsys.readouterr()
    assert evaluate.main([str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["labels"] == ["high", "low"] and told["accuracy"] > 0.85 and told["frames"] == told["clips"] > 100
    assert told["interval"]["units"] == 4  # the bootstrap draws recordings, not frames
    assert evaluate.main([str(out)]) == 0
    said, page = capsys.readouterr(), (out / "report.html").read_text()
    assert f"{told['clips']} frames of 4 recordings" in said.out + said.err and f"{told['clips']} frames of 4 recordings" in page
    assert "frames.png" in said.out + said.err and "A clip, frame by frame" in page
    assert evaluate.main([str(out), "--noise", str(talks)]) == 2
    assert "--noise: disturbs clips, and this model answers for frames" in capsys.readouterr().err
    assert predict.main([str(out), str(talks / "25.wav"), "--json"]) == 0


def test_a_frame_model_learns_from_labels_of_clips_too(tones, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the prepared copy goes
    out = tmp_path / "run"
    assert train.main(["--data", str(tones), "--model", "wav2vec2_frames", "--out", str(out), "--epochs", "12",
                       "--batch-size", "8", "--learning-rate", "0.005", "--no-augment", *SIZES]) == 0
    assert json.loads((out / "metrics.json").read_text())["accuracy"] == 1


def test_mendable_mistakes(talks, tmp_path, capsys):
    assert train.main(["--data", str(talks / "segments.csv"), "--model", "cnn", "--out", str(tmp_path / "run")]) == 2
    assert "answers for clips, but the data has labels for segments" in capsys.readouterr().err


@pytest.mark.parametrize("words,said", [
    (["--model", "nosuch"], "nosuch"), (["--activation", "sigmoid"], "--activation: is about clips"),
    (["--data-service", "a:1"], "--data-service: is about clips"), (["--shift", "0.1"], "--shift: is about clips"),
    (["--mixup", "0.5"], "--mixup: is about clips"), (["--weights", "other"], "is a run of cnn, not of wav2vec2_frames")])
def test_what_segments_refuse(talks, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "settings.json").write_text('{"model": "cnn"}')
    assert train.main(["--data", str(talks / "segments.csv"), "--model", "wav2vec2_frames", "--out", "run", *words]) == 2
    assert said in capsys.readouterr().err
