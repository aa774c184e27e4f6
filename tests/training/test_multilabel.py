"""Clips with several labels, from a manifest to predictions."""

import json

import numpy as np
import pytest

from kwscls import files, predict, prepare
from kwscls.data.pipeline import Clips
from kwscls.serving import bundle, export
from kwscls.settings import TrainSettings
from kwscls.training.run import train
from tests.conftest import tone, write_wav

TONES = {"low": 400, "middle": 1100, "high": 2500}


def mixture(labels, seed):
    return sum(tone(TONES[label], seed=seed + place) for place, label in enumerate(labels)) / 2


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run on mixtures of tones; no clip has "high" as its first label."""
    place = tmp_path_factory.mktemp("several")
    rows = ["path,labels,split"]
    kinds = (("low",), ("middle",), ("low", "high"), ("middle", "high"), ("low", "middle", "high"))
    for split, times in (("train", 8), ("validation", 3), ("test", 3)):
        for number in range(times):
            for kind, labels in enumerate(kinds):
                name = f"{split}_{number}_{kind}.wav"
                write_wav(place / "sounds" / name, mixture(labels, seed=97 * len(rows)))
                rows.append(f"{name},{';'.join(labels)},{split}")
    (place / "sounds" / "manifest.csv").write_text("\n".join(rows) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert prepare.main(["--data", "sounds", "--out", "prepared"]) == 0
        return train(TrainSettings(
            data=str(place / "prepared"), model="cnn", out=str(place / "run"), epochs=20, augment=False, mixup=0.3,
            optimizer="adam", weight_decay=0.0, average=0.0, warmup=0.0, learning_rate=0.01, batch_size=8, patience=0,
            evened="sampling",
            size=["width=4", "units=16", "size=16", "dropout=(0.1,0.1)"]))


def test_clips_read_their_labels_from_the_manifest(run):
    clips = Clips(run.parent / "prepared" / "train", 4000)
    assert clips.labels == ["high", "low", "middle"] and clips.marks.sum(axis=0).tolist() == [24, 24, 24]
    assert clips.batch([0])[1].numpy().tolist() == clips.marks[:1].tolist()


def test_such_clips_are_learnt_and_scored_label_by_label(run):
    results = files.read_json(run / "metrics.json")
    found = results["multilabel"]
    assert found["mean_average_precision"] > 0.8 and {"roc_auc", "d_prime"} <= set(found)
    assert results["per_label"].keys() == TONES.keys()
    stored = bundle.load(run).thresholds
    assert [row["threshold"] for row in found["per_label"].values()] == pytest.approx(stored)
    assert "val_score" in (run / "history.csv").read_text()


def test_the_thresholds_go_with_the_model(run, tmp_path):
    model = export.load_model(run)
    assert list(model.thresholds) == bundle.load(run).thresholds != [0.5, 0.5, 0.5]
    clips = np.stack([mixture(("low",), 5), mixture(("middle", "high"), 6)]).astype(np.float32)
    answer = bundle.load(run).answer("serving_default", waveform=clips)
    np.testing.assert_array_equal(answer["heard"], answer["scores"] >= np.float32(model.thresholds))


def test_predict_names_all_labels_that_are_heard(run, tmp_path, capsys):
    write_wav(tmp_path / "both.wav", mixture(("middle", "high"), 5000))
    assert predict.main([str(run), str(tmp_path / "both.wav"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["heard"]) == {"middle", "high"} and set(told["heard"]) <= set(told["scores"])
