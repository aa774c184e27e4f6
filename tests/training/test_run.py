"""The whole way by the command line: train, evaluate, predict, export; and what happens when something is wrong."""

import csv
import json
import shutil
import subprocess
import sys
import time
import types

import numpy as np
import pytest

from kwscls import combine, evaluate, export, files, models, predict, train
from kwscls.errors import KwsclsError
from kwscls.serving import bundle
from kwscls.settings import TrainSettings
from kwscls.training import choices, place
from kwscls.training import run as training
from tests.conftest import tone, write_wav
from tests.models.small import SMALL as SIZES

SMALL = ["--size", "width=8", "units=32", "size=16", "dropout=(0.1, 0.1)"]


def command(data, out, model="cnn", sizes=SMALL):
    """The words after `python -m kwscls.train`."""
    return ["--data", str(data), "--model", model, "--out", str(out), "--epochs", "15", "--no-augment",
            "--learning-rate", "0.003", "--batch-size", "8", "--patience", "0", "--seconds", "0.25", *sizes]


@pytest.fixture(scope="module")
def run(tones, tmp_path_factory):
    """A finished run on the two tones."""
    place = tmp_path_factory.mktemp("place")
    out = place / "export" / "tones"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)  # where the prepared copy goes
        code = train.main(command(tones, out))
    assert code == 0
    return out


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test works in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_a_run_holds_what_it_should(run):
    names = {path.name for path in run.iterdir()}
    assert {"model.keras", "saved_model", "settings.json", "labels.txt", "history.csv", "metrics.json", "curves.png",
            "confusion.png", "logs"} <= names
    assert "checkpoint.npz" not in names and not list(run.parent.glob("*.unfinished"))
    assert (run / "labels.txt").read_text() == "high\nlow\n"
    assert (run / "history.csv").read_text().startswith("epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds")
    stored = files.read_json(run / "settings.json")
    assert stored["recipe"]["learning_rate"] == 0.003 and stored["sizes"]["width"] == 8 and stored["seconds"] == 0.25
    assert files.read_json(run / "metrics.json")["accuracy"] == 1.0


def test_long_clips_get_a_longer_step_and_weights_keep_theirs(tones, tmp_path):
    def step_of(name, *words):
        sizes = ["--size", *(f"{name}={value}" for name, value in SIZES["resfold"].items())]
        assert train.main(["--data", str(tones), "--out", str(tmp_path / name), "--epochs", "1", *words, *sizes]) == 0
        return files.read_json(tmp_path / name / "settings.json")["sizes"].get("frame_step")

    assert step_of("long", "--seconds", "2") == 20
    assert step_of("short", "--seconds", "0.5", "--weights", str(tmp_path / "long")) == 20


@pytest.mark.parametrize("model, sizes", [
    ("cnn", SMALL), ("ast", ["--size", *(f"{name}={value}" for name, value in SIZES["ast"].items()), "dropout=0.1"])])
def test_a_process_that_is_killed_loses_nothing(tones, tmp_path, model, sizes):
    """In processes of their own, as people have it, some of which share out batches; what is resumed is named by its place alone."""
    def words(out):
        return [sys.executable, "-m", "kwscls.train", *command(tones, out, model, sizes)]

    whole, out, unfinished = (tmp_path / name for name in ("whole", "killed", "killed.unfinished"))
    subprocess.run(words(whole), check=True, capture_output=True)
    process = subprocess.Popen(words(out), stderr=subprocess.DEVNULL)
    while not (unfinished / "checkpoint.npz").exists():
        assert process.poll() is None, "it ended before its first checkpoint"
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not out.exists()
    done = subprocess.run([sys.executable, "-m", "kwscls.train", "--out", str(out), "--resume", "--json"], check=True,
                          capture_output=True, text=True)
    assert not unfinished.exists()
    assert json.loads(done.stdout) == {"run": str(out), **files.read_json(out / "metrics.json")}
    assert "accuracy" in done.stderr and f"python -m kwscls.predict {out} FILE" in done.stderr
    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    straight, resumed = (list(csv.DictReader((place / "history.csv").open())) for place in (whole, out))
    assert [[row[name] for name in columns] for row in resumed] == [[row[name] for name in columns] for row in straight]
    clips = np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)
    np.testing.assert_array_equal(bundle.load(out).scores(clips), bundle.load(whole).scores(clips))


def test_evaluate_prints_one_json_object(run, capsys):
    assert evaluate.main([str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accuracy"] == 1.0 and told["clips"] == 12 and told["labels"] == ["high", "low"]
    assert {"accuracy_interval", "balanced_accuracy", "macro_f1", "per_label", "confusion"} <= set(told)


def test_predict_answers_about_files_folders_and_long_recordings(run, tones, tmp_path, capsys):
    long = np.concatenate([tone(400, 1.0), tone(2500, 1.0)])
    write_wav(tmp_path / "long.wav", long)
    assert predict.main([str(run), str(tones / "test" / "low"), str(tmp_path / "long.wav"), "--json", "--top", "2"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == 7 and {answer["label"] for answer in answers[:6]} == {"low"}
    assert set(answers[0]["scores"]) == {"high", "low"}
    windows = answers[6]["windows"]
    assert windows[0]["label"] == "low" and windows[-1]["label"] == "high" and windows[-1]["end"] == 2.0
    assert all(later["start"] > sooner["start"] for sooner, later in zip(windows, windows[1:]))


def test_predict_goes_on_after_a_bad_file(run, tones, tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"RIFF....WAVEfmt ")
    (tmp_path / "empty.wav").touch()
    good = str(next((tones / "test" / "high").iterdir()))
    assert predict.main([str(run), str(tmp_path / "bad.wav"), str(tmp_path / "empty.wav"), good, "--json"]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["label"] == "high"
    assert "bad.wav" in printed.err and "empty.wav" in printed.err and "2 of the recordings" in printed.err


def test_predict_names_what_is_not_there(run, tmp_path, capsys):
    assert predict.main([str(run), str(tmp_path / "none.wav")]) == 2
    assert predict.main([str(run), str(tmp_path)]) == 2
    assert predict.main([str(tmp_path / "norun"), "x.wav"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert "does not exist" in errors[0] and "holds no recordings" in errors[1] and "norun: does not exist" in errors[2]


def test_export_writes_the_same_model_elsewhere(run, tmp_path, capsys):
    assert export.main(["--run", str(run), "--out", str(tmp_path / "served")]) == 0
    clips = np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)
    np.testing.assert_array_equal(bundle.load(tmp_path / "served").scores(clips), bundle.load(run).scores(clips))
    assert [place.name for place in (tmp_path / "served").iterdir()] == ["1"]
    assert export.main(["--run", str(tmp_path), "--out", str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()


def refused(capsys, *words):
    """The one line with which a training is refused."""
    assert train.main([*words, *(() if "--size" in words else SMALL)]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith("error: ")
    return error.splitlines()[-1]


def test_what_train_refuses(run, tones, tmp_path, capsys):
    out = ["--out", str(tmp_path / "run"), "--model", "cnn"]
    data = ["--data", str(tones)]
    assert "exists already" in refused(capsys, *data, "--out", str(run), "--model", "cnn")
    for name in (".", "/", ".."):
        assert "is no name of a run" in refused(capsys, *data, "--model", "cnn", "--overwrite", "--out", name)
    assert "no unfinished run" in refused(capsys, *data, *out, "--resume")
    assert "did you mean cnn?" in refused(capsys, *data, "--model", "cnnn")
    assert "no setting depth" in refused(capsys, *data, *out, "--size", "depth=3")
    for size in ("sample_rate=8000", "activation=sigmoid", "name=mine", "labels=3", "samples=3"):
        assert f"--size {size}: is no size" in refused(capsys, *data, *out, "--size", size)
    assert "cannot be built with dropout=0.5" in refused(capsys, *data, *out, "--size", "dropout=0.5")
    assert "nor a number of folds" in refused(capsys, *data, *out, "--folds", "1")
    assert "no setting depth" in refused(capsys, *data, *out, "--seeds", "2", "--size", "depth=3")
    assert [path.name for path in tmp_path.iterdir()] == ["here"], "nothing is left of what was refused"


def test_what_is_wrong_with_the_data(tones, tmp_path, capsys):
    out = ["--out", str(tmp_path / "run"), "--model", "cnn", "--epochs", "1"]
    (tmp_path / "empty").mkdir()
    assert "empty" in refused(capsys, "--data", str(tmp_path / "empty"), *out)
    shutil.copytree(tones, tmp_path / "strange")
    (tmp_path / "strange" / "validation" / "low").rename(tmp_path / "strange" / "validation" / "lower")
    assert "lower" in refused(capsys, "--data", str(tmp_path / "strange"), *out)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("label, place", [("_silence_", 0), ("still", None)])
def test_noises_are_imagined_where_silence_is_a_label(tones, tmp_path, monkeypatch, capsys, label, place):
    for split in ("train", "validation"):
        shutil.copytree(tones / split / "high", tmp_path / "data" / split / "high")
        shutil.copytree(tones / split / "low", tmp_path / "data" / split / label)
    told = []

    def spy(recipe, rate, noises, silence):
        told.append(silence)
        raise KwsclsError("has heard enough", "the spy")

    monkeypatch.setattr(training, "augmentation", spy)
    assert train.main(command(tmp_path / "data", tmp_path / "out")) == 2
    assert told == [place] and "has heard enough" in capsys.readouterr().err


def test_only_runs_are_overwritten(run, tones, tmp_path, capsys):
    for folder in (run.parent, tmp_path / "here"):  # a folder of runs, and one that holds something else
        (folder / "letter.txt").touch()
        assert "is no run" in refused(capsys, "--data", str(tones), "--model", "cnn", "--overwrite", "--out", str(folder))
        assert combine.main([str(run), "--out", str(folder), "--overwrite"]) == 2
        assert "is no run" in capsys.readouterr().err and (folder / "letter.txt").is_file()
    (tmp_path / "empty").mkdir()
    for folder in (run, tmp_path / "empty", tmp_path / "new"):
        place.check_replaceable(folder)


def test_settings_that_a_model_has_no_layers_for_are_told(capsys):
    model = models.build("cnn", 2, 4000)
    choices.tell_idle(model, TrainSettings(model="cnn", patchout=0.5, band_mask=0.1, band_gain=0.0))
    told = capsys.readouterr().err
    assert "cnn has no layers that" in told and "--patchout" in told and "--band-gain" not in told
    choices.tell_idle(models.build("ast", 2, 8000, **SIZES["ast"]), TrainSettings(model="ast", patchout=0.5))
    assert capsys.readouterr().err == ""


def test_a_budget_counts_all_that_comes_before_the_epochs(tones, tmp_path, monkeypatch, capsys):
    clock, left = [0.0], []

    def later(seconds, work):
        def do(*arguments, **more):
            clock[0] += seconds
            return work(*arguments, **more)
        return do

    def spy(*arguments, budget, **more):
        left.append(budget)
        raise KwsclsError("has heard enough", "the spy")

    monkeypatch.setattr(training, "time", types.SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(training, "noises_of", later(10, training.noises_of))
    monkeypatch.setattr(training, "with_found_rate", later(20, lambda model, clips, recipe, *arguments: recipe))
    monkeypatch.setattr(training, "fit", spy)
    assert train.main([*command(tones, tmp_path / "out"), "--budget", "100s", "--find-rate"]) == 2
    assert left == [70.0]
