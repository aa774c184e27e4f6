"""A golden file against our model: the family's adapter runs, and each output's largest error is told."""

import dataclasses
import importlib
import importlib.util

import numpy as np

from kwscls.errors import KwsclsError
from tests.reference import recipe

TOLERANCE = 1e-4


@dataclasses.dataclass(frozen=True)
class Answer:
    """One output of a case.

    Args:
        name: the output's name.
        error: max |ours - theirs| / max |theirs|; 0 or infinity for whole numbers; None when it could not be compared.
        says: why it could not be compared.
    """

    name: str
    error: float | None
    says: str = ""

    @property
    def good(self):
        """Whether the output is that of the original."""
        return self.error is not None and self.error <= TOLERANCE


def compare(path):
    """Run the case of a golden file through our model.

    Returns:
        One `Answer` for each output of the file.

    Raises:
        KwsclsError: the file cannot be read, or no adapter knows its family.
    """
    case = recipe.read(path)
    ours = _adapter(case.meta["family"], path).run(case.meta, case.weights, case.inputs)
    return [_answer(name, theirs, ours, case) for name, theirs in case.outputs.items()]


def _adapter(family, path):
    module = f"tests.reference.{family.replace('-', '_')}"
    if not module.rpartition(".")[2].isidentifier() or importlib.util.find_spec(module) is None:
        raise KwsclsError(f"no adapter knows the family {family}", path, f"it would be {module}")
    return importlib.import_module(module)


def _answer(name, theirs, ours, case):
    if name not in ours:
        return Answer(name, None, "missing")
    whole = np.asarray(ours[name])
    if whole.ndim != theirs.ndim:
        return Answer(name, None, f"{whole.ndim} axes, not {theirs.ndim}")
    value = case.sliced(name, whole)
    if value.shape != theirs.shape:
        return Answer(name, None, f"shape {list(value.shape)}, not {list(theirs.shape)}")
    if not np.isfinite(value).all():
        return Answer(name, None, "not finite")
    if np.issubdtype(theirs.dtype, np.integer):
        return Answer(name, 0.0 if np.array_equal(value, theirs) else np.inf)
    largest = np.abs(theirs).max(initial=0.0) or 1.0
    return Answer(name, float(np.abs(value.astype(np.float64) - theirs).max(initial=0.0) / largest))
