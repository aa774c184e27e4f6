"""Folds and seeds: every clip tested once, a killed cross-validation goes on, mean and spread are right."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from kwscls import files
from kwscls import train as verb
from kwscls.data import folds, manifest, prepare
from kwscls.data.prepared import split_clips
from kwscls.errors import KwsclsError
from kwscls.settings import TrainSettings
from kwscls.training import repeats
from kwscls.training.run import train
from tests.conftest import tone, write_wav


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Tones of four speakers in two given folds, prepared."""
    place = tmp_path_factory.mktemp("folds")
    rows = ["path,label,fold,speaker"]
    for speaker in range(4):
        for label, frequency in (("high", 2500), ("low", 400)):
            for take in range(5):
                name = f"{speaker}_{label}_{take}.wav"
                write_wav(place / "sounds" / name, tone(frequency, 0.1, seed=len(rows)))
                rows.append(f"{name},{label},{'ab'[speaker % 2]},speaker {speaker}")
    (place / "sounds" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return prepare.ready(place / "sounds", out=place / "data" / "tones", split="group")


@pytest.mark.parametrize("kind,names", [("given", ["a", "b"]), ("2", ["1", "2"]), ("group", [f"speaker {i}" for i in range(4)])])
def test_every_clip_is_tested_once_and_groups_stay_whole(prepared, kind, names):
    made = folds.make_folds(prepared, kind)
    assert list(made) == names
    tested = []
    for place in made.values():
        assert prepare.is_prepared(place)
        clips = manifest.read(place / "manifest.csv")
        assert len(clips) == 40 and all(clip.path.is_file() for clip in clips)
        parts = {split: [clip for clip in clips if clip.split == split] for split in manifest.SPLITS}
        assert not {clip.group for clip in parts["test"]} & {clip.group for clip in parts["train"] + parts["validation"]}
        assert {clip.labels for clip in parts["validation"]} == {("high",), ("low",)}
        tested += [clip.path.name for clip in parts["test"]]
    assert sorted(tested) == sorted(path.name for path in prepared.glob("*/*/*.wav"))
    assert os.stat(clips[0].path).st_nlink > 1


def test_no_two_folds_share_a_folder_and_none_lies_elsewhere():
    names = ["a", "a.b", "a b", "a_b", "a/b", ".", "..", "ä"]
    made = [folds._folder_name(name) for name in names]
    assert made[:2] == names[:2] and made[-1] == "ä" and len(set(made)) == len(names)
    assert not any("/" in name or not name.strip(".") for name in made)


def test_folds_that_are_not_there_are_told(prepared):
    for kind, why in (("five", "neither given"), ("1", "neither given"), ("9", "4 groups cannot")):
        with pytest.raises(KwsclsError, match=why):
            folds.make_folds(prepared, kind)


def test_corrections_of_the_prepared_folder_hold_in_every_fold(prepared, tmp_path, capsys):
    here = [clip.path.relative_to(prepared.absolute()).as_posix() for clip in manifest.read(prepared / "manifest.csv")
            if clip.split != "test"]
    dropped, other = (next(place for place in here if f"/{label}/" in place) for label in ("high", "low"))
    (tmp_path / "table.csv").write_text(
        f"path,action,becomes\n{dropped},drop,\n{other},relabel,high\nvalidation/low/none.wav,drop,\n")
    settings = TrainSettings(data=str(prepared), folds="2", corrections=str(tmp_path / "table.csv"))
    changes, seen = repeats.variations(settings), []
    assert capsys.readouterr().err.count("1 of 3 rows fit no clip and change nothing, for example validation/low/none.wav") == 1
    for change in changes.values():
        for split in manifest.SPLITS:
            clips = split_clips(Path(change["data"]) / split, change["corrections"])
            seen += [(split == "test", clip.path.name, clip.labels) for clip in clips]
    dropped, other = Path(dropped).name, Path(other).name
    assert [one for one in seen if one[1].endswith(dropped)] == [(True, dropped, ("high",))], "tests stay as they are"
    assert sorted(one for one in seen if one[1].endswith(other)) == [(False, other, ("high",)), (True, other, ("low",))]
    assert len(seen) == 2 * 40 - 1 and not capsys.readouterr().err
    assert repeats.variations(TrainSettings(data=str(prepared), folds="2"))["fold_1"]["corrections"] is None


def test_a_killed_cross_validation_goes_on(prepared, tmp_path, monkeypatch, capsys):
    settings = TrainSettings(data=str(prepared), folds="given", model="cnn", out=str(tmp_path / "runs"), epochs=2,
                             augment=False, batch_size=8, size=["width=4", "units=8", "size=8"])
    calls = []

    def killed(one):
        calls.append(one)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(one)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(repeats, "train", killed)
        train(settings)
    with pytest.raises(KwsclsError, match="an unfinished run lies here"):
        train(settings)
    first = (tmp_path / "runs.unfinished" / "fold_a" / "model.keras").read_bytes()
    out = tmp_path / "runs"
    capsys.readouterr()
    assert verb.main(["--model", "cnn", "--out", str(out), "--resume", "--json"]) == 0
    assert (out / "fold_a" / "model.keras").read_bytes() == first and (out / "fold_b" / "saved_model").is_dir()
    printed, found = capsys.readouterr(), files.read_json(out / repeats.SUMMARY)
    assert json.loads(printed.out) == {"run": str(out), **found}
    assert f"python -m kwscls.predict {out / 'fold_a'} FILE" in printed.err
    assert [(row["name"], row["clips"]) for row in found["runs"]] == [("fold_a", 20), ("fold_b", 20)]
    assert files.read_json(out / "fold_b" / "settings.json")["data"].endswith("tones-folds-given/b")


def test_mean_and_spread():
    results = {f"fold_{i}": {"clips": clips, "accuracy": accuracy, "balanced_accuracy": accuracy, "macro_f1": accuracy}
               for i, (clips, accuracy) in enumerate(((10, 0.8), (30, 1.0)))}
    found = repeats.summary(results)
    assert found["mean"]["accuracy"] == pytest.approx(0.9) and found["right"] == pytest.approx(0.95)
    assert found["deviation"]["accuracy"] == pytest.approx(np.std([0.8, 1.0], ddof=1))
    assert (found["lowest"]["accuracy"], found["highest"]["accuracy"]) == (0.8, 1.0)


def test_seeds_are_runs_too():
    assert repeats.variations(TrainSettings(seed=3, seeds=2)) == {"seed_3": {"seed": 3}, "seed_4": {"seed": 4}}
    with pytest.raises(KwsclsError, match="at once"):
        repeats.train_repeatedly("runs", TrainSettings(seeds=2, folds="5"))


def test_segments_have_no_folds(tmp_path):
    (tmp_path / "segments.csv").write_text("path,start,end,label\na.wav,0,1,x\n")
    with pytest.raises(KwsclsError, match="labels for segments"):
        train(TrainSettings(data=str(tmp_path / "segments.csv"), folds="2", out=str(tmp_path / "out")))
    assert [path.name for path in tmp_path.iterdir()] == ["segments.csv"]


def test_a_measure_that_one_run_cannot_tell_is_in_no_mean():
    runs = {name: {"clips": 4, "accuracy": right, "balanced_accuracy": right, "macro_f1": right,
                   "multilabel": {"mean_average_precision": precision}}
            for name, right, precision in (("a", 0.5, 0.7), ("b", 1.0, None))}
    found = repeats.summary(runs)
    assert found["mean"] == {"accuracy": 0.75, "balanced_accuracy": 0.75, "macro_f1": 0.75}
    assert found["runs"][0]["mean_average_precision"] == 0.7 and "mean_average_precision" not in found["runs"][1]
    repeats.show(found, TrainSettings())
