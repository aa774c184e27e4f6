"""A search for settings: KerasTuner says what to try, each trial is a run in a process of its own."""

import contextlib
import csv
import io
import os
import shutil
import sys
from pathlib import Path

from kwscls import console, files, models
from kwscls.data.frames import is_table
from kwscls.data.prepare import ready
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots, search_plots
from kwscls.evaluation.run import METRICS
from kwscls.settings import TrainSettings
from kwscls.training import race, ranges, recipes
from kwscls.training.alone import alone
from kwscls.training.place import unfinished_folder

RESULTS = "tune.json"
"""What a search leaves: its conditions, and each trial with its values and scores."""

BEST = "best"
"""The run that is trained with the best settings, for as many epochs as its recipe wants."""

MOST_FAILED = 5
"""Trials that fail in a row before a search stops."""

OWN = "tuner/"
"""What stands before the values that hyperband keeps for itself."""


def tune(settings):
    """Search settings in ranges, and train with the best.

    A trial is a run in `runs/TRIAL`, judged by the validation score of what it keeps; the test clips have no part in the search. What
    was tried is kept, so the same command goes on after a kill. With KerasTuner's `KERASTUNER_TUNER_ID`,
    `KERASTUNER_ORACLE_IP` and `KERASTUNER_ORACLE_PORT` in the environment several machines share a search: the one called
    "chief" hands out trials and ends with the best, the others ("tuner0", ...) train; all must see the folder.

    Args:
        settings: a `TuneSettings`.

    Returns:
        What `tune.json` holds: `ranges`, `search`, `model`, `data`; `trials`, the best first, each with `trial`, `values`,
        `score` and `seconds`; `accuracy` of the run `best` on the test clips. None in a machine that is not the chief.

    Raises:
        KwsclsError: the ranges are not as they should be, the folder holds another search, or no trial succeeded.
    """
    told, out = ranges.read(settings.ranges), Path(settings.out or Path("export") / f"{settings.model}-tune")
    models.row(settings.model)
    if is_table(settings.data):
        raise KwsclsError("has labels for segments, but searches are for models of clips", settings.data,
                          "make a clip of each first: python -m kwscls.prepare --data TABLE")
    if settings.search == "hyperband" and settings.budget:
        raise KwsclsError("gives its trials epochs, not time", "--search hyperband", "leave out --budget, or search otherwise")
    tuner_room = imported()
    conditions = {"ranges": told, "search": settings.search, "model": settings.model, "epochs": settings.epochs,
                  "budget": settings.budget, "seed": settings.seed, "data": str(Path(ready(settings.data)).resolve())}
    begin(out, conditions)
    base = TrainSettings(data=conditions["data"], model=settings.model, seed=settings.seed, epochs=settings.epochs,
                         budget=settings.budget)
    tuner = made_tuner(tuner_room, settings, told, base, out)
    try:
        tuner.search()
    except RuntimeError as error:  # KerasTuner's, when `MOST_FAILED` trials in a row have failed
        console.say(f"the search stops here: {race.why(error)}")
    if not is_chief():
        return None
    found = trials(tuner.oracle, out)
    if not found:
        failed = next((trial.message for trial in tuner.oracle.trials.values() if trial.message), "none was begun")
        raise KwsclsError(f"no trial succeeded; {failed.strip().splitlines()[-1].rpartition('FailedTrialError: ')[2][:300]}", out)
    write(out, {**conditions, "trials": found})
    console.say(f"the best of {len(found)} trials is {found[0]['trial']}: {described(found[0]['values'])}")
    train_best(ranges.applied(TrainSettings(data=conditions["data"], model=settings.model, seed=settings.seed,
                                            out=str(out / BEST), overwrite=True), found[0]["values"]), found[0]["values"])
    results = {**conditions, "trials": found, "accuracy": files.read_json(out / BEST / METRICS)["accuracy"]}
    console.wrote(*write(out, results), out / BEST)
    return results


def is_chief():
    """Whether this machine ends the search: the only one, or the one that KerasTuner's environment calls "chief"."""
    return "KERASTUNER_ORACLE_IP" not in os.environ or "chief" in os.environ.get("KERASTUNER_TUNER_ID", "")


def imported():
    """KerasTuner.

    Raises:
        KwsclsError: it is not installed.
    """
    try:
        import keras_tuner
    except ImportError as error:
        raise KwsclsError("KerasTuner is not installed", None, "pip install 'kwscls[tune]'") from error
    keras_tuner.src.config.DEBUG = False  # which prints the stack of every trial that fails
    return keras_tuner


def begin(out, conditions):
    """Make the folder of a search, or find the same search in it.

    Raises:
        KwsclsError: it holds something else.
    """
    stored = out / RESULTS
    if stored.is_file():
        there = files.read_json(stored)
        for name, value in conditions.items():
            if there.get(name) != value:
                raise KwsclsError(f"holds a search with {name} {there.get(name)}, not {value}", out, "choose another --out")
    elif out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise KwsclsError("exists already and is no search", out, "choose another --out")
    else:
        files.write_json(stored, conditions)


def made_tuner(tuner_room, settings, told, base, out):
    """KerasTuner's tuner, whose trials are runs.

    Args:
        tuner_room: the module `keras_tuner`.
        settings: a `TuneSettings`.
        told: the ranges.
        base: the `TrainSettings` of all trials.
        out: the search's folder.
    """
    common = dict(objective=tuner_room.Objective("score", "max"), hyperparameters=ranges.space(told), seed=settings.seed,
                  max_consecutive_failed_trials=MOST_FAILED)
    if settings.search == "hyperband":
        longest = settings.epochs or recipes.recipe(settings.model).epochs
        oracle = tuner_room.oracles.HyperbandOracle(max_epochs=longest, **common)
    elif settings.search == "random":
        oracle = tuner_room.oracles.RandomSearchOracle(max_trials=settings.trials, **common)
    else:
        oracle = tuner_room.oracles.BayesianOptimizationOracle(max_trials=settings.trials, **common)
    oracle.verbose = 0

    class Runs(tuner_room.engine.base_tuner.BaseTuner):
        """Trials that are runs."""

        def run_trial(self, trial):
            values = trial.hyperparameters.values
            console.say(f"trial {trial.trial_id}: {described(values)}")
            try:
                return {"score": alone(run_trial, base, values, str(out / "runs" / trial.trial_id))}
            except Exception as error:  # whatever one meets, such as too little memory, the others go on
                console.say(f"trial {trial.trial_id} failed: {race.why(error)}")
                raise tuner_room.errors.FailedTrialError(race.why(error)) from error

    with contextlib.redirect_stdout(sys.stderr):  # where it tells that it goes on
        return Runs(oracle, directory=str(out), project_name="search")


def run_trial(base, values, place):
    """Train one run, or go on with it, and return the validation score of what it keeps.

    Args:
        base: the `TrainSettings` of all trials.
        values: those of this one; "tuner/epochs" of hyperband is how many epochs it may have.
        place: its folder.
    """
    settings = ranges.applied(base, {name: value for name, value in values.items() if not name.startswith(OWN)})
    settings.out, settings.epochs = place, values.get(f"{OWN}epochs") or base.epochs
    if not Path(place).is_dir():
        race.train_or_resume(settings)
    return [row["val_score"] for row in history(place) if row["kept"]][-1]


def train_best(settings, values):
    """Train with the best values, or go on with it; a run of other values, as more trials find them, is replaced when it is done.

    Args:
        settings: the `TrainSettings`.
        values: those of the trial, which are in the settings.
    """
    place = Path(settings.out)
    if has_values(place, settings, values):
        return
    if not has_values(unfinished_folder(place), settings, values):
        shutil.rmtree(unfinished_folder(place), ignore_errors=True)
    alone(race.train_or_resume, settings)


def has_values(run, settings, values):
    """Whether a folder holds a run with the values of a trial, which are in the settings."""
    stored = files.read_json(run / "settings.json") if (run / "settings.json").is_file() else {}
    names = {"size" if name.startswith(ranges.SIZE) else name for name in values}
    return bool(stored) and all(stored[name] == getattr(settings, name) for name in names)


def history(run):
    """The epochs of a run: a list of a dict of numbers each."""
    with open(Path(run) / "history.csv", newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def trials(oracle, out):
    """The trials that have a score, the best first: a list of a dict each."""
    found = []
    for trial in oracle.trials.values():
        if trial.score is not None:
            rows = history(out / "runs" / trial.trial_id)
            found.append({"trial": trial.trial_id, "score": trial.score, "epochs": len(rows),
                          "seconds": round(sum(row["seconds"] for row in rows), 1),
                          "values": {name: value for name, value in trial.hyperparameters.values.items()
                                     if not name.startswith(OWN)}})
    return sorted(found, key=lambda one: (-one["score"], one["trial"]))


def write(out, results):
    """Write the results, their table and their picture; the paths."""
    names = list(results["ranges"])
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["trial", "score", "epochs", "seconds", *names])
    for one in results["trials"]:
        writer.writerow([one["trial"], one["score"], one["epochs"], one["seconds"], *(one["values"].get(name) for name in names)])
    files.write_json(out / RESULTS, results)
    files.write_text(out / "trials.csv", table.getvalue())
    plots.save(search_plots.parallel(results["trials"], results["ranges"]), out / "trials.png")
    return [out / name for name in (RESULTS, "trials.csv", "trials.png")]


def table(results, most=10):
    """The best trials as title, headings and rows for the console."""
    names = list(results["ranges"])
    return (f"{results['model']}, {len(results['trials'])} trials; with the best settings {100 * results['accuracy']:.1f} % "
            "of the test clips are right", ("trial", "validation %#", "seconds#", *(f"{name}#" for name in names)),
            [(one["trial"], f"{100 * one['score']:.1f}", f"{one['seconds']:.0f}", *(_short(one["values"].get(name)) for name in names))
             for one in results["trials"][:most]])


def described(values):
    """The values of a trial in a line."""
    return ", ".join(f"{name} {_short(value)}" for name, value in values.items() if not name.startswith(OWN))


def _short(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)
