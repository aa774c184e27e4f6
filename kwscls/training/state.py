"""A training's whole state in one file, so that a killed run goes on as if nothing had happened."""

import json
import zipfile

import numpy as np

from kwscls import files
from kwscls.errors import KwsclsError


def snapshot(variables):
    """The values of Keras variables (weights, random streams, optimizer slots), to `put_back` later."""
    return [variable.numpy() for variable in variables]


def put_back(variables, values):
    """Set variables to values taken by `snapshot`.

    Raises:
        KwsclsError: the values are of other variables.
    """
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise KwsclsError("the checkpoint is of another model", None, "resume with the settings it was made with")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def write(path, groups, facts):
    """Write lists of arrays and facts to one `.npz` file, whole or not at all.

    Args:
        path: the file.
        groups: name -> list of arrays.
        facts: what else there is to know, as JSON values.
    """
    arrays = {f"{name}.{place:05d}": value for name, values in groups.items() for place, value in enumerate(values)}
    with files.writing(path) as beside:
        np.savez(beside, facts=np.array(json.dumps(facts)), **arrays)


def read(path):
    """Read what `write` wrote: the groups and the facts.

    Raises:
        KwsclsError: the file is damaged.
    """
    groups = {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
            for key in sorted(set(stored.files) - {"facts"}):
                groups.setdefault(key.split(".")[0], []).append(stored[key])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise KwsclsError("is no readable checkpoint", path, "remove its folder and train again") from error
    return groups, facts
