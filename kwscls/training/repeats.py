"""A training several times, over folds or with several seeds: a folder of runs, with mean and spread."""

import dataclasses
import gc

import keras
import numpy as np

from kwscls import console, files
from kwscls import settings as settings_room
from kwscls.data.folds import CORRECTIONS, make_folds
from kwscls.data.frames import is_table
from kwscls.data.prepare import ready
from kwscls.errors import KwsclsError
from kwscls.evaluation.run import METRICS
from kwscls.training.keeper import CHECKPOINT
from kwscls.training.place import leaving_nothing, unfinished_folder
from kwscls.training.run import train

SUMMARY = "summary.json"
MEASURES = (("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro F1"),
            ("mean_average_precision", "mean average precision"))


def train_repeatedly(out, settings):
    """Train one run for each fold or seed, and say how good they are together.

    A killed training goes on with the run that it was at, those that are done stay.

    Args:
        out: the folder to be, which `run.open_run` has opened.
        settings: a `TrainSettings` with `folds`, or with more than one of `seeds`.

    Returns:
        The folder with a run for each, and `summary.json`, see `summary`.

    Raises:
        KwsclsError: as `run.train`; or both folds and seeds are asked for, or folds of a table of segments.
    """
    if settings.folds and settings.seeds > 1:
        raise KwsclsError("folds and seeds cannot be repeated at once", "--seeds", "leave one of them out")
    if settings.folds and is_table(settings.data):
        raise KwsclsError("has labels for segments, but folds are made of clips", settings.data,
                          "make a clip of each first: python -m kwscls.prepare --data TABLE")
    unfinished = unfinished_folder(out)
    with leaving_nothing(unfinished):
        files.write_json(unfinished / "settings.json", settings_room.as_dict(settings))
        found = train_each(unfinished, settings)
    files.replace_folder(unfinished, out)
    show(found, settings)
    console.wrote(out / SUMMARY)
    return out


def train_each(unfinished, settings):
    """Train the runs that are not done yet into their folders, and write and return their summary."""
    changes = variations(settings)
    for number, (name, change) in enumerate(changes.items(), 1):
        run = unfinished / name
        if not (run / METRICS).is_file():
            console.say(f"{name}, {number} of {len(changes)}")
            goes_on = (unfinished_folder(run) / CHECKPOINT).exists()
            train(dataclasses.replace(settings, **change, folds=None, seeds=1, out=str(run), resume=goes_on,
                                      budget=settings.budget and settings.budget / len(changes)))
            keras.utils.clear_session()
            gc.collect()
    found = summary({name: files.read_json(unfinished / name / METRICS) for name in changes})
    files.write_json(unfinished / SUMMARY, found)
    return found


def variations(settings):
    """The runs by name, each with the settings that it has of its own."""
    if settings.folds:
        return {f"fold_{place.name}": {"data": str(place), "corrections": settings.corrections and str(place / CORRECTIONS)}
                for place in make_folds(ready(settings.data), settings.folds, settings.corrections).values()}
    return {f"seed_{seed}": {"seed": seed} for seed in range(settings.seed, settings.seed + settings.seeds)}


def summary(results):
    """Runs together.

    Args:
        results: name -> what `evaluation.run.evaluate` returned.

    Returns:
        A dict for JSON: `runs`, a list of `name`, `clips` and each measure that is known; `mean`, `deviation` (of a sample, over the
        runs), `lowest` and `highest` of each measure; `right`, the share of right answers of all runs' clips together.
    """
    rows = [{"name": name, "clips": one["clips"], **{key: value for key, _ in MEASURES if (value := _value(one, key)) is not None}}
            for name, one in results.items()]
    values = {key: np.array([row[key] for row in rows]) for key, _ in MEASURES if all(key in row for row in rows)}
    clips = np.array([row["clips"] for row in rows])
    return {"runs": rows,
            **{what: {key: float(of(value)) for key, value in values.items()} for what, of in (
                ("mean", np.mean), ("deviation", lambda value: value.std(ddof=1) if len(value) > 1 else 0.0),
                ("lowest", np.min), ("highest", np.max))},
            "right": float((values["accuracy"] * clips).sum() / clips.sum())}


def show(found, settings):
    """Print a summary as a table."""
    measures = [(key, words) for key, words in MEASURES if key in found["mean"]]
    rows = [(row["name"], row["clips"], *(f"{100 * row[key]:.1f}" for key, _ in measures)) for row in found["runs"]]
    rows.append(("mean", sum(row["clips"] for row in found["runs"]), *(
        f"{100 * found['mean'][key]:.1f} +- {100 * found['deviation'][key]:.1f}" for key, _ in measures)))
    rows.append(("lowest - highest", "", *(
        f"{100 * found['lowest'][key]:.1f} - {100 * found['highest'][key]:.1f}" for key, _ in measures)))
    how = f"folds: {settings.folds}" if settings.folds else f"{len(found['runs'])} seeds"
    console.table(f"{settings.model} on {settings.data}, {how}", ("run", "test clips#", *(f"{words} %#" for _, words in measures)),
                  rows)


def _value(results, key):
    return results[key] if key in results else results.get("multilabel", {}).get(key)
