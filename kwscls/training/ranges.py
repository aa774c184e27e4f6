"""The ranges of a search: settings of training by name, and the values that each may take."""

import dataclasses

from kwscls import files
from kwscls.command_line import unknown, value
from kwscls.errors import KwsclsError
from kwscls.settings import TrainSettings

SIZE = "size."
"""What stands before the name of a model's size."""

FIXED = ("data", "model", "out", "epochs", "budget", "seed", "seeds", "folds", "size", "strategy", "resume", "overwrite", "json")
"""Settings of training that the search itself sets, or that make no sense in one."""


def read(path):
    """Read a file of ranges.

    Args:
        path: JSON, an object: name of a setting of training, or `size.NAME` -> a list of choices, each as its flag takes it, or
            an object with `low`, `high` and, if wanted, `step` or `log` (true: as likely in each power of ten). Whole numbers
            give whole numbers.

    Returns:
        The object.

    Raises:
        KwsclsError: the file is not of this form, names no setting, or a value that a setting does not take.
    """
    told = files.read_json(path)
    if not isinstance(told, dict) or not told:
        raise KwsclsError("is no JSON object of ranges", path, 'write it as {"learning_rate": {"low": 1e-4, "high": 1e-2}}')
    names = [field.name for field in dataclasses.fields(TrainSettings) if field.name not in FIXED]
    for name, values in told.items():
        if name not in names and not name.startswith(SIZE):
            raise unknown(name, names, f"known are {', '.join(names)} and {SIZE}NAME")
        if not _is_range(values):
            raise KwsclsError(f"is no range of {name}: {values}", path, "give a list of choices, or low and high, and step or log")
        if not name.startswith(SIZE):
            try:
                _check(name, values)
            except ValueError as error:
                raise KwsclsError(f"is no range of {name}: {error}", path, "see python -m kwscls.train --help") from error
    return told


def _check(name, values):
    """Raise ValueError where a setting does not take all that a range gives it."""
    if isinstance(values, list):
        for told in values:
            value(TrainSettings, name, told)
        return
    for key in {"low", "high", "step"} & set(values):
        if not isinstance(value(TrainSettings, name, values[key]), (int, float)):
            raise ValueError("its values are no numbers")


def _is_range(values):
    if isinstance(values, list):
        return len(values) > 0 and {type(told) for told in values} in ({str}, {bool}, {int}, {float}, {int, float})
    if not isinstance(values, dict) or not {"low", "high"} <= set(values) <= {"low", "high", "step", "log"}:
        return False
    numbers = [values[key] for key in ("low", "high", "step") if key in values]
    return (all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers)
            and values.get("step", 1) > 0
            and values["low"] < values["high"] and not (values.get("log") and ("step" in values or values["low"] <= 0)))


def space(told):
    """Ranges as KerasTuner's hyperparameters."""
    import keras_tuner

    made = keras_tuner.HyperParameters()
    for name, values in told.items():
        if isinstance(values, list):
            made.Choice(name, [float(told) for told in values] if any(isinstance(told, float) for told in values) else values)
            continue
        low, high, step = values["low"], values["high"], values.get("step")
        sampling = "log" if values.get("log") else "linear"
        if all(isinstance(number, int) for number in (low, high, step or 1)):
            made.Int(name, low, high, step=step or 1 if sampling == "linear" else None, sampling=sampling)
        else:
            made.Float(name, float(low), float(high), step=step, sampling=sampling)
    return made


def applied(settings, values):
    """Settings of training with the values of a trial.

    Args:
        settings: a `TrainSettings`.
        values: name of a setting, or `size.NAME` -> value.
    """
    sizes = [f"{name.removeprefix(SIZE)}={told}" for name, told in values.items() if name.startswith(SIZE)]
    plain = {name: value(TrainSettings, name, told) for name, told in values.items() if not name.startswith(SIZE)}
    return dataclasses.replace(settings, **plain, size=[*settings.size, *sizes])
