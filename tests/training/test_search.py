"""A search: KerasTuner's choices, runs that are kept, a resumed search, and what it leaves."""

import csv
import json
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from kwscls import files, tune
from kwscls.errors import KwsclsError
from kwscls.settings import TrainSettings, as_dict
from kwscls.training import race, ranges, search

RANGES = {"learning_rate": {"low": 1e-4, "high": 1e-1, "log": True}, "optimizer": ["adam", "sgd"],
          "size.width": {"low": 4, "high": 16, "step": 4}}


@pytest.fixture
def trainings(monkeypatch, tones, tmp_path):
    """Trainings that are made up: the nearer the rate to 0.01 the better, and Adam better than the other."""
    done = []

    def train(settings):
        done.append(settings)
        if settings.learning_rate > 0.08:
            raise KwsclsError("the loss became nan")
        score = 0.9 - abs(settings.learning_rate - 0.01) - 0.1 * (settings.optimizer != "adam")
        files.write_text(Path(settings.out) / "history.csv", f"epoch,val_score,seconds,kept\n1,0.1,2,1\n2,{score},2,1\n")
        files.write_json(Path(settings.out) / "metrics.json", {"accuracy": 0.75, "rate": settings.learning_rate})
        files.write_json(Path(settings.out) / "settings.json", as_dict(settings))

    monkeypatch.setattr(race, "train_or_resume", train)
    monkeypatch.setattr(search, "alone", lambda function, *arguments: function(*arguments))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ranges.json").write_text(json.dumps(RANGES))
    return done


@pytest.mark.parametrize("kind", ["bayesian", "hyperband"])
def test_a_search_finds_the_best_and_goes_on(trainings, tones, tmp_path, capsys, kind):
    words = ["ranges.json", "--data", str(tones), "--model", "cnn", "--out", "found", "--search", kind, "--trials", "6",
             "--epochs", "4", "--json"]
    assert tune.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    scores = [one["score"] for one in told["trials"]]
    assert scores == sorted(scores, reverse=True) and told["accuracy"] == 0.75
    assert all(4 <= one["values"]["size.width"] <= 16 and one["values"]["size.width"] % 4 == 0 for one in told["trials"])
    best, last = told["trials"][0]["values"], trainings[-1]
    assert last.out == "found/best" and last.epochs is None, "the best is trained for as long as its recipe wants"
    assert last.learning_rate == best["learning_rate"] and last.size == [f"size.width={best['size.width']}"[5:]]
    rows = list(csv.DictReader((tmp_path / "found" / "trials.csv").open()))
    assert [float(row["score"]) for row in rows] == pytest.approx(scores)
    assert plt.imread(tmp_path / "found" / "trials.png").std() > 0.01
    count = len(trainings)
    assert kind == "hyperband" or count >= 6
    assert tune.main(words) == 0 and len(trainings) == count, "nothing is done twice"
    assert json.loads(capsys.readouterr().out) == told and trainings[-1].overwrite
    assert tune.main([*words, "--seed", "7"]) == 2 and "holds a search with seed 0" in capsys.readouterr().err


def test_a_better_trial_is_trained_anew(trainings, tmp_path):
    first, better = (TrainSettings(out="best", learning_rate=rate) for rate in (0.02, 0.01))
    search.train_best(first, {"learning_rate": 0.02})
    files.write_json(tmp_path / "best.unfinished" / "settings.json", as_dict(first))  # of a training that was killed
    search.train_best(better, {"learning_rate": 0.01})
    assert files.read_json(tmp_path / "best" / "metrics.json")["rate"] == 0.01 and len(trainings) == 2
    assert not (tmp_path / "best.unfinished").exists(), "its settings would be those of the first"


def test_the_best_that_was_killed_goes_on(trainings, tmp_path):
    settings = TrainSettings(out="best", learning_rate=0.01, snr=[0.0, 30.0], size=["width=8"])
    values = {"snr": "0,30", "size.width": 8}
    files.write_json(tmp_path / "best.unfinished" / "settings.json", as_dict(settings))
    search.train_best(settings, values)
    assert len(trainings) == 1 and (tmp_path / "best.unfinished").is_dir()
    search.train_best(settings, values)
    assert len(trainings) == 1, "it is done"


@pytest.mark.parametrize("told,said", [
    ([], "no JSON object"), ({"learning_rat": [1]}, "did you mean learning_rate?"), ({"noise": []}, "no range of noise"),
    ({"noise": {"low": 1, "high": 0}}, "no range"), ({"noise": {"low": 0, "high": 1, "log": True}}, "no range"),
    ({"out": ["x"]}, "no setting out"), ({"model": ["cnn", "res1d"]}, "no setting model"), ({"noise": [True]}, "not a number"),
    ({"batch_size": [0]}, "0 is not 1 or more"), ({"batch_size": {"low": 8.0, "high": 64}}, "'8.0' is not a whole number"),
    ({"batch_size": {"low": 8, "high": 64, "step": 0.5}}, "not a whole"), ({"noise": {"low": 0, "high": 2}}, "from 0 to 1"),
    ({"augment": ["no"]}, "neither true nor false"), ({"snr": ["30,0"]}, "LOW,HIGH"), ({"evened": ["so"]}, "none of sampling"),
    ({"weights": {"low": 1, "high": 2}}, "no numbers"), ({"schedule": ["cosine", "linear"]}, "none of constant, cosine"),
    ({"optimizer": ["adma"]}, "none of adam"), ({"noise": [0.5, "0.7"]}, "no range of noise"),
    ({"noise": {"low": 0.1, "high": 1, "step": 0}}, "no range of noise")])
def test_what_are_no_ranges(tmp_path, told, said):
    files.write_json(tmp_path / "ranges.json", told)
    with pytest.raises(KwsclsError, match=said.replace("?", r"\?")):
        ranges.read(tmp_path / "ranges.json")


def test_values_become_settings():
    made = ranges.applied(TrainSettings(size=["units=8"]), {"noise": 0.25, "size.width": 12})
    assert made.noise == 0.25 and made.size == ["units=8", "width=12"]
    made = ranges.applied(TrainSettings(), {"snr": "0,30", "freeze": "body", "rate_factors": "body=0.1", "batch_size": 8,
                                            "augment": False, "evened": "sampling"})
    assert (made.snr, made.freeze, made.rate_factors) == ([0.0, 30.0], ["body"], {"body": 0.1})
    assert (made.batch_size, made.augment, made.evened) == (8, False, "sampling")
    assert ranges.space({"noise": [0, 0.5]}).get("noise") == 0.0
    numbers = ranges.space({"a": {"low": 1, "high": 9}, "b": {"low": 0.1, "high": 1.0, "step": 0.1},
                            "c": {"low": 1, "high": 100, "log": True}})
    assert isinstance(numbers.get("a"), int) and isinstance(numbers.get("b"), float) and isinstance(numbers.get("c"), int)


def test_trials_that_all_fail_are_told_in_a_line_each(trainings, tones, tmp_path, monkeypatch, capsys):
    def broken(settings):
        raise ValueError("too narrow\nby far")

    monkeypatch.setattr(race, "train_or_resume", broken)
    words = ["ranges.json", "--data", str(tones), "--model", "cnn", "--out", "found", "--search", "random", "--trials", "9"]
    assert tune.main(words) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told and told.count("failed: ValueError: too narrow") == search.MOST_FAILED
    assert told.splitlines()[-1] == "error: found: no trial succeeded; ValueError: too narrow"


def test_what_a_search_refuses(trainings, tones, tmp_path, capsys):
    (tmp_path / "segments.csv").write_text("path,start,end,label\na.wav,0,1,x\n")
    words = ["ranges.json", "--model", "cnn", "--out", "found"]
    assert tune.main([*words, "--data", "segments.csv"]) == 2 and "labels for segments" in capsys.readouterr().err
    assert tune.main([*words, "--data", str(tones), "--search", "hyperband", "--budget", "2m"]) == 2
    assert "leave out --budget" in capsys.readouterr().err and not (tmp_path / "found").exists()
    (tmp_path / "found").touch()
    assert tune.main([*words, "--data", str(tones)]) == 2
    assert "found: exists already and is no search" in capsys.readouterr().err
