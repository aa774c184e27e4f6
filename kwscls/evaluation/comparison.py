"""What a race of models found: one row a model, from the runs in its folder."""

import csv
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.errors import KwsclsError
from kwscls.evaluation.cost import TOOK
from kwscls.evaluation.run import METRICS

CONDITIONS, COST, RESULTS = "conditions.json", "cost.json", "results.json"
"""What is the same for all trainings; what a model costs; what was found."""


def place(out, name, seed):
    """The run of a model and a seed in a comparison's folder."""
    return Path(out) / "runs" / name / f"seed_{seed}"


def collect(out):
    """Bring the finished runs of a comparison together.

    Args:
        out: the comparison's folder.

    Returns:
        A dict: `conditions`, `machine`, `split`, `clips` and `labels` of the test, what the intervals are `over`, and
        `models`, the most accurate first: rows as `row` makes them.

    Raises:
        KwsclsError: no run has finished.
    """
    out, told = Path(out), runs(out)
    if not told:
        raise KwsclsError("holds no finished run", out, "compare some models first")
    rows = [row(name, folders) for name, folders in told.items()]
    machines = dict.fromkeys(one.pop("machine") for one in rows)
    metrics = files.read_json(next(iter(told.values()))[0] / METRICS)
    return {"conditions": files.read_json(out / CONDITIONS), "machine": " and ".join(machines),
            **{name: metrics[name] for name in ("split", "clips", "labels")}, "over": metrics["interval"],
            "models": sorted(rows, key=lambda one: (-one["accuracy"], one["parameters"]))}


def runs(out):
    """The finished runs of a comparison: a model's name -> its folders, one a seed in their order."""
    told = {}
    for folder in sorted((Path(out) / "runs").glob("*/seed_*"), key=lambda one: (len(one.name), one.name)):
        if (folder / METRICS).is_file() and (folder.parent / COST).is_file() and folder.suffix != ".unfinished":
            told.setdefault(folder.parent.name, []).append(folder)
    return told


def row(name, folders):
    """What was found about a model.

    Args:
        name: its name.
        folders: its runs, one a seed.

    Returns:
        A dict: `model`, `seeds`; over the seeds the means `accuracy`, `balanced_accuracy`, `macro_f1`, and the
        `accuracy_range` (lowest and highest) and `accuracy_interval` (the mean of the seeds' 95 % intervals); the means
        `epochs` and `training_seconds`, the most `training_memory`; the keys of `cost.cost`; `recalls`, the mean recall of
        each label, `confusion`, the sum of the seeds' counts, and `curves`, for each seed the seconds and the validation
        accuracy at the end of each epoch.
    """
    found = [files.read_json(folder / METRICS) for folder in folders]
    took = [files.read_json(folder / TOOK) for folder in folders]
    scores = [one["accuracy"] for one in found]
    memory = [one["memory"] for one in took if one["memory"]]
    return {
        "model": name, "seeds": [int(folder.name.removeprefix("seed_")) for folder in folders],
        **{key: float(np.mean([one[key] for one in found])) for key in ("accuracy", "balanced_accuracy", "macro_f1")},
        "accuracy_range": [min(scores), max(scores)],
        "accuracy_interval": np.mean([one["accuracy_interval"] for one in found], axis=0).tolist(),
        "epochs": float(np.mean([one["epochs"] for one in took])),
        "training_seconds": float(np.mean([one["seconds"] for one in took])),
        "training_memory": max(memory) if memory else None,
        **files.read_json(folders[0].parent / COST),
        "recalls": {label: float(np.mean([one["per_label"][label]["recall"] for one in found]))
                    for label in found[0]["labels"] if found[0]["per_label"][label]["support"]},
        "confusion": np.sum([one["confusion"] for one in found], axis=0).tolist(),
        "curves": [curve(folder / "history.csv") for folder in folders]}


def curve(path):
    """The seconds since the start, and the validation accuracy, at the end of each epoch of a history."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {"seconds": np.cumsum([float(one["seconds"]) for one in rows]).round(3).tolist(),
            "accuracy": [float(one["val_accuracy"]) for one in rows]}


def level(results):
    """The rows that are as good as the best one, as far as this test tells: not below its 95 % interval."""
    best = results["models"][0]
    return [one for one in results["models"] if one["accuracy"] >= best["accuracy_interval"][0]]


def front(rows, key):
    """The rows that no other one beats both in accuracy and in the smallness of `key`, the smallest first."""
    kept = []
    for one in sorted(rows, key=lambda one: (one[key], -one["accuracy"])):
        if not kept or one["accuracy"] > kept[-1]["accuracy"]:
            kept.append(one)
    return kept


def confusions(one, labels, most=3):
    """The commonest mistakes of a model: (true label, answer, clips, clips of the true label), the commonest first."""
    counts = np.array(one["confusion"])
    wrong = counts * (1 - np.eye(len(labels), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = (divmod(int(index), len(labels)) for index in order)
    return [(labels[true], labels[answer], int(wrong[true, answer]), int(counts[true].sum()))
            for true, answer in places if wrong[true, answer]]


def span(seconds):
    """A length of time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
