"""A race: what it trains, what it keeps, and how it goes on; its trainings are played here, but for one."""

import json
import shutil

import pytest

from kwscls import compare, files
from kwscls.errors import KwsclsError
from kwscls.evaluation import comparison, comparison_report
from kwscls.evaluation.cost import cost
from kwscls.settings import CompareSettings
from kwscls.training import race
from tests.evaluation.test_comparison import COSTS, write_run

NAMES = ["tcresnet8,dscnn_s", "cnn"]


@pytest.fixture
def played(monkeypatch, tones):
    """Trainings that write their run at once, except those of models in `broken`; keeps a list of what was done."""
    done, broken = [], set()

    def alone(function, *arguments):
        if function is cost:
            done.append(("cost", arguments[0].parent.name))
            return {**COSTS["quick"], "latency_p95_ms": 3.0, "bytes": 1, "memory": 1, "machine": "2 cores"}
        settings = arguments[0]
        done.append((settings.model, settings.seed))
        if settings.model in broken:
            raise KwsclsError("the loss became nan")
        out = comparison.place(settings.out.partition("/runs/")[0], settings.model, settings.seed)
        write_run(out.parents[2], settings.model, settings.seed, [[8, 2, 0], [0, 9, 1], [0, 0, 10]])

    monkeypatch.setattr(race, "alone", alone)
    monkeypatch.setattr(race, "ready", lambda data: tones)
    monkeypatch.setattr(comparison_report, "pictures", lambda results: {})
    return done, broken


def settings(out, names=NAMES, **more):
    return CompareSettings(models=list(names), data="words", out=str(out), **more)


def test_each_runs_once_with_each_seed_and_only_once(played, tmp_path):
    done, _ = played
    race.compare(settings(tmp_path / "race", seeds=[0, 3]))
    assert done == [("tcresnet8", 0), ("cost", "tcresnet8"), ("dscnn_s", 0), ("cost", "dscnn_s"), ("cnn", 0), ("cost", "cnn"),
                    ("tcresnet8", 3), ("dscnn_s", 3), ("cnn", 3)]
    done.clear()
    shutil.rmtree(tmp_path / "race" / "runs" / "cnn" / "seed_3")  # as if it had been killed there
    results = race.compare(settings(tmp_path / "race", [*NAMES, "res1d"], seeds=[0, 3]))
    assert done == [("res1d", 0), ("cost", "res1d"), ("cnn", 3), ("res1d", 3)]
    assert {one["model"]: one["seeds"] for one in results["models"]} == dict.fromkeys(
        ("tcresnet8", "dscnn_s", "cnn", "res1d"), [0, 3])
    assert (tmp_path / "race" / "report.html").is_file()


def test_conditions_are_the_same_for_all(played, tmp_path):
    race.compare(settings(tmp_path / "race"))
    assert files.read_json(tmp_path / "race" / "conditions.json")["budget"] == 600
    with pytest.raises(KwsclsError, match="budget 600.0, not 60.0; .*--overwrite"):
        race.compare(settings(tmp_path / "race", budget=60.0))
    race.compare(settings(tmp_path / "race", ["cnn"], epochs=3, overwrite=True))
    assert [path.name for path in (tmp_path / "race" / "runs").iterdir()] == ["cnn"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    for overwrite in (False, True):
        with pytest.raises(KwsclsError, match="is no comparison"):
            race.compare(settings(tmp_path / "mine", overwrite=overwrite))
    assert (tmp_path / "mine" / "letter.txt").is_file()
    (tmp_path / "file").touch()
    with pytest.raises(KwsclsError, match="file: exists already and is no comparison"):
        race.compare(settings(tmp_path / "file"))


def test_one_that_breaks_does_not_stop_the_others_either(played, tmp_path, monkeypatch, capsys):
    plays = race.alone

    def alone(function, *arguments):
        if getattr(arguments[0], "model", None) == "dscnn_s":
            raise MemoryError("no room for [64,16000]\nat a place that nobody knows")
        return plays(function, *arguments)

    monkeypatch.setattr(race, "alone", alone)
    results = race.compare(settings(tmp_path / "race"))
    assert [one["why"] for one in results["failed"]] == ["MemoryError: no room for [64,16000]"]
    assert len(results["models"]) == 2 and "dscnn_s, seed 0, failed: MemoryError: no room" in capsys.readouterr().err


def test_one_that_fails_does_not_stop_the_others(played, tmp_path, capsys):
    done, broken = played
    broken.add("dscnn_s")
    words = ["--models", *NAMES, "--out", str(tmp_path / "race"), "--budget", "1m", "--json"]
    assert compare.main(words) == 2
    printed = capsys.readouterr()
    results = json.loads(printed.out)
    assert results["failed"] == [{"model": "dscnn_s", "seed": 0, "why": "the loss became nan"}]
    assert {one["model"] for one in results["models"]} == {"tcresnet8", "cnn"}
    assert "1 of the trainings failed" in printed.err and "about 1 min left" not in printed.err.splitlines()[0]
    assert "dscnn_s, seed 0, failed" in (tmp_path / "race" / "report.md").read_text()
    broken.clear()
    assert compare.main(words) == 0 and done[-2:] == [("dscnn_s", 0), ("cost", "dscnn_s")]
    broken.add("cnn")
    with pytest.raises(KwsclsError, match="no training succeeded; cnn: the loss became nan"):
        race.compare(settings(tmp_path / "other", ["cnn"]))


def test_names_that_do_not_exist_are_told_before_anything_runs(played, tmp_path):
    with pytest.raises(KwsclsError, match="did you mean tcresnet8?"):
        race.compare(settings(tmp_path / "race", ["cnn,tcresnet"]))
    with pytest.raises(KwsclsError, match="names no model"):
        race.compare(settings(tmp_path / "race", [","]))
    assert not played[0] and not (tmp_path / "race").exists()


def test_a_real_one(tones, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(race, "alone", lambda function, *arguments: function(*arguments))
    monkeypatch.setattr(race, "cost", lambda run: cost(run, seconds=0.05))
    results = race.compare(CompareSettings(models=["tcresnet8"], data=str(tones), out="race", epochs=1, seconds=0.25))
    one = results["models"][0]
    assert one["parameters"] > 60000 and one["multiply_adds"] > 100000 and one["bytes"] > 4 * 60000
    assert 0 < one["latency_ms"] < 1000 and one["clips_per_second"] > 1000 / one["latency_ms"]
    assert one["memory"] > 10 ** 8 and one["epochs"] == 1 and len(one["curves"][0]["seconds"]) == 1
    assert results["labels"] == ["high", "low"] and sum(map(sum, one["confusion"])) == 12
    assert (tmp_path / "race" / "runs" / "tcresnet8" / "seed_0" / "saved_model" / "saved_model.pb").is_file()
