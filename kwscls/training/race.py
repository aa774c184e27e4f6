"""A fair race: every model trains on the same clips, for the same time, with the same seeds, alone on the machine."""

import shutil
import time
from pathlib import Path

from kwscls import console, files, models
from kwscls import settings as settings_room
from kwscls.data.frames import is_table
from kwscls.data.prepare import ready
from kwscls.errors import KwsclsError
from kwscls.evaluation import comparison, comparison_report
from kwscls.evaluation.cost import cost
from kwscls.training.alone import alone
from kwscls.training.lanes import open_lanes

BUDGET = 600.0
"""Seconds of each training when nothing is said."""


def compare(settings):
    """Race models, and write the report of all that have finished in the comparison's folder.

    Each training is a process of its own, one after the other, and leaves a whole run in `runs/MODEL/seed_SEED`; so a
    comparison that was killed goes on where it was, and one that is finished takes more models or seeds. All models run
    with the first seed, then with the next; after each round the report is written anew.

    Args:
        settings: a `CompareSettings`.

    Returns:
        What `comparison.collect` returns, with `failed`: a dict of `model`, `seed` and `why` for each training that failed.

    Raises:
        KwsclsError: a name is unknown, the folder holds a race under other conditions, or no training succeeded.
    """
    names, out = chosen_names(settings.models), Path(settings.out or Path("export") / "compare")
    conditions = begin(out, settings)
    seeds = list(dict.fromkeys(settings.seeds))
    pace = Pace(sum(not finished(out, name, seed) for name in names for seed in seeds), conditions["budget"])
    failed, results = [], None
    for seed in seeds:
        for name in names:
            try:
                run(out, name, seed, conditions, pace)
            except Exception as error:  # whatever one meets, such as too little memory, the others go on
                console.say(f"{name}, seed {seed}, failed: {why(error)}")
                failed.append({"model": name, "seed": seed, "why": why(error)})
        if comparison.runs(out):
            results = {**comparison.collect(out), "failed": failed}
            wrote = comparison_report.write(results, out)
    if results is None:
        raise KwsclsError(f"no training succeeded; {failed[0]['model']}: {failed[0]['why']}", out)
    console.wrote(*wrote)
    return results


def why(error):
    """A failure in one line: ours as they are, others with their kind before the first line of what they say."""
    if isinstance(error, KwsclsError):
        return str(error)
    return f"{type(error).__name__}: {(str(error).splitlines() or ['nothing more is said'])[0][:300]}"


def chosen_names(words):
    """The names of models in words that may hold several, parted by commas; each once.

    Raises:
        KwsclsError: a name is unknown, or there is none.
    """
    names = list(dict.fromkeys(name for word in words for name in word.split(",") if name))
    for name in names:
        models.row(name)
    if not names:
        raise KwsclsError("names no model", "--models", "python -m kwscls.models lists the names")
    return names


def begin(out, settings):
    """Make the place of a comparison, or find the one to go on with.

    Returns:
        What is the same for all its trainings: `data`, `prepared`, `budget`, `epochs` and `seconds`.

    Raises:
        KwsclsError: the data is not as it should be, or the folder holds something else.
    """
    if is_table(settings.data):
        raise KwsclsError("has labels for segments, but models of clips are compared", settings.data,
                          "make a clip of each first: python -m kwscls.prepare --data TABLE")
    conditions = {"data": settings.data, "prepared": str(Path(ready(settings.data)).resolve()),
                  "budget": settings.budget or (None if settings.epochs else BUDGET), "epochs": settings.epochs,
                  "seconds": settings.seconds}
    stored = out / comparison.CONDITIONS
    if settings.overwrite and stored.is_file():
        shutil.rmtree(out, ignore_errors=True)
    if not stored.is_file():
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise KwsclsError("exists already and is no comparison", out, "choose another --out")
        files.write_json(stored, conditions)
    for name, value in files.read_json(stored).items():
        if value != conditions[name]:
            raise KwsclsError(f"is a comparison with {name} {value}, not {conditions[name]}", out,
                              "choose another --out, or --overwrite to begin anew")
    return conditions


def run(out, name, seed, conditions, pace):
    """Train a model with a seed and measure what it costs, as far as that has not been done.

    Raises:
        KwsclsError: the training failed.
    """
    place = comparison.place(out, name, seed)
    if not finished(out, name, seed):
        pace.next(f"{name}, seed {seed}")
        alone(train_or_resume, settings_room.TrainSettings(
            data=conditions["prepared"], model=name, out=str(place), epochs=conditions["epochs"],
            budget=conditions["budget"], seed=seed, seconds=conditions["seconds"]))
    costs = place.parent / comparison.COST
    if not costs.is_file():
        files.write_json(costs, alone(cost, place))


def train_or_resume(settings):
    """Train, or go on with what was trained before the comparison was killed."""
    from kwscls.training.keeper import CHECKPOINT
    from kwscls.training.place import unfinished_folder
    from kwscls.training.run import train

    settings.resume = (unfinished_folder(Path(settings.out)) / CHECKPOINT).is_file()
    open_lanes(settings)
    train(settings)


def finished(out, name, seed):
    """Whether a training has left its run, which appears only when it is whole."""
    return comparison.place(out, name, seed).is_dir()


class Pace:
    """Says which training begins, and how long all will take.

    Args:
        trainings: how many there are to do.
        budget: seconds of one, or None.
    """

    def __init__(self, trainings, budget):
        self.trainings, self.budget = trainings, budget
        self.begun, self.started = 0, time.monotonic()

    def next(self, what):
        """Tell that another training begins."""
        each = (time.monotonic() - self.started) / self.begun if self.begun else self.budget
        left = f"; about {comparison.span(each * (self.trainings - self.begun))} left" if each else ""
        self.begun += 1
        console.say(f"\n{self.begun} of {self.trainings}: {what}{left}")
