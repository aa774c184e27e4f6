"""Putting tensors into a model: every tensor used once and every weight set once, or nothing happens."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable

import numpy as np

from kwscls.errors import KwsclsError
from kwscls.models.classifier import settle
from kwscls.pretrained.layouts import as_is

_SHOWN = 10  # names in one line of error


@dataclasses.dataclass(frozen=True)
class Pair:
    """One weight of ours and where it comes from.

    Args:
        weight: the path of our weight, such as "block_0/mlp_1/kernel".
        names: the original's tensor, or several in the order in which `convert` takes them.
        convert: from their arrays to ours; see `layouts`.
        head: whether it belongs to the head, which stays new where the labels are others.
    """

    weight: str
    names: str | tuple[str, ...]
    convert: Callable = as_is
    head: bool = False

    def value(self, tensors):
        """Our weight from the original's tensors by name."""
        return self.convert(*(tensors[name] for name in _several(self.names)))


@dataclasses.dataclass
class Plan:
    """What an origin knows of a file.

    Args:
        pairs: one for each weight of the model that the file holds.
        ignored: regular expressions of the tensors that need not be used, matched whole.
        new: regular expressions of the weights that the file does not have and that stay as they are, matched whole.
        said: sentences for the user about what was changed on the way.
    """

    pairs: list[Pair]
    ignored: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    said: list[str] = dataclasses.field(default_factory=list)


def assign(model, plan, tensors, labels=None, where=None):
    """Set the weights of a model by a plan; nothing is set unless everything fits.

    Statistics of layers that `adapt` are left as they are where the plan does not name them. The head stays new when
    the file's labels are others than the model's; labels in another order are brought into the model's.

    Args:
        model: a Keras model; its head is the layer "logits", and a side head's last layer ends so.
        plan: the origin's pairs.
        tensors: arrays by the original's names.
        labels: the names of the file's labels in order, where it tells them.
        where: the file, for errors.

    Returns:
        Sentences that tell what was left out or changed.

    Raises:
        KwsclsError: a tensor is left over, missing or of another shape, or a weight is left unset.
    """
    weights = {weight.path: weight for weight in model.weights}
    pairs, said = plan.pairs, list(plan.said)
    wrong = _counted(plan, tensors, weights, _statistics(model))
    if wrong:
        raise KwsclsError("; ".join(wrong), where, "the file is of another model, or of other sizes")
    values = {pair.weight: np.asarray(pair.value(tensors), np.float32) for pair in pairs}
    head = [path for path in values if is_head(path)]
    ours = getattr(model, "labels", None)
    if head and (reason := _other_labels(labels, ours, values[head[0]].shape[-1], weights[head[0]].shape[-1])):
        said.append(f"the head is new: {reason}")
        values = {pair.weight: values[pair.weight] for pair in pairs if not pair.head}
    elif labels and ours and set(labels) == set(ours):
        order = [labels.index(label) for label in ours]
        values |= {path: values[path][..., order] for path in head}
    elif head and labels and ours:
        said.append("the head is the file's: the model's labels are mere numbers, which tell not whether they are others")
    shapes = [f"{path} is {list(weights[path].shape)}, in the file {list(value.shape)}"
              for path, value in values.items() if tuple(weights[path].shape) != value.shape]
    if shapes:
        raise KwsclsError(f"sizes differ: {_listed(shapes)}", where, "build the model with the file's sizes")
    for path, value in values.items():
        weights[path].assign(value)
    settle(model)
    return said


def is_head(path):
    """Whether a weight has one output a label: those of the layer "logits", and of the side heads' last layers."""
    return path.partition("/")[0].endswith("logits")


def _counted(plan, tensors, weights, statistics):
    """What is used or set more or less than once, in words."""
    used = Counter(name for pair in plan.pairs for name in _several(pair.names))
    set_ = Counter(pair.weight for pair in plan.pairs)
    ignored = _matcher(*plan.ignored, r".*\.num_batches_tracked")
    new = _matcher(*plan.new)
    problems = {
        "not in the file": [name for name in used if name not in tensors],
        "left over in the file": [name for name in tensors if name not in used and not ignored(name)],
        "used twice": [name for name, times in used.items() if times > 1],
        "not set in the model": [path for path in weights
                                 if path not in set_ and path not in statistics and not new(path)],
        "not in the model": [path for path in set_ if path not in weights],
        "set twice": [path for path, times in set_.items() if times > 1],
    }
    return [f"{what}: {_listed(names)}" for what, names in problems.items() if names]


def _matcher(*expressions):
    """A function that tells whether one of the expressions matches a name whole."""
    return lambda name: any(re.fullmatch(expression, name) for expression in expressions)


def _statistics(model):
    return {weight.path for layer in model.layers if hasattr(layer, "adapt") for weight in layer.non_trainable_weights}


def _other_labels(theirs, ours, their_count, our_count):
    """Why the head of the file is not for this model; None when it is. Labels that are mere numbers tell nothing."""
    if their_count != our_count:
        return f"the file has {their_count} labels, the model {our_count}"
    if theirs and ours and set(theirs) != set(ours) and not all(label.isdigit() for label in ours):
        return "the file's labels are others than the model's"
    return None


def _several(names):
    return (names,) if isinstance(names, str) else tuple(names)


def _listed(names):
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
