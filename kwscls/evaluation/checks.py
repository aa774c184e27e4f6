"""What arrays must be before a score of them means anything."""

import numpy as np

from kwscls.errors import KwsclsError


def label_list(labels):
    """The names of the labels: two at least, none twice.

    Raises:
        KwsclsError: they are not.
    """
    names = [str(label) for label in labels]
    if len(names) < 2:
        raise KwsclsError(f"scores need two labels or more, not {len(names)}", names[0] if names else None)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KwsclsError(f"the same label comes twice: {', '.join(twice)}", None, "give each label once")
    return names


def shares(probabilities, labels):
    """Probabilities as float64 [clips, labels].

    Raises:
        KwsclsError: another shape, no clip, NaN, or values outside [0, 1].
    """
    array = np.asarray(probabilities, np.float64)
    if array.ndim != 2 or array.shape[1] != len(labels):
        raise KwsclsError(f"probabilities have the shape {list(array.shape)}, not [clips, {len(labels)}]", None,
                          "give one row for each clip with one value for each label")
    if not len(array):
        raise KwsclsError("there are no clips to score")
    wrong = ~np.isfinite(array).all(axis=1)
    if wrong.any():
        raise KwsclsError(f"the probabilities of {wrong.sum()} clips are not finite, first of clip {wrong.argmax()}",
                          None, "the model has diverged or its input was not finite")
    if array.min() < 0 or array.max() > 1:
        raise KwsclsError(f"probabilities reach from {array.min():.6g} to {array.max():.6g}", None,
                          "give values from 0 to 1, not logits")
    return array


def distributions(probabilities, labels):
    """Probabilities as `shares` whose rows sum up to 1 exactly.

    Raises:
        KwsclsError: as `shares`, or a row's sum is off by more than 0.001.
    """
    array = shares(probabilities, labels)
    sums = array.sum(axis=1, keepdims=True)
    off = np.abs(sums[:, 0] - 1)
    if off.max() > 1e-3:
        clip = off.argmax()
        raise KwsclsError(f"the probabilities of clip {clip} sum up to {sums[clip, 0]:.6g}, not to 1", None,
                          "scores of independent labels go to multilabel_scores")
    return array / sums


def places(truth, clips, labels):
    """The true labels as int64 [clips].

    Raises:
        KwsclsError: another length or kind, or a place without a label.
    """
    array = np.asarray(truth)
    if array.ndim != 1 or len(array) != clips:
        raise KwsclsError(f"there are {list(array.shape)} true labels for {clips} clips", None,
                          "give one for each clip")
    if array.dtype.kind not in "iu":
        raise KwsclsError(f"true labels are {array.dtype}, not whole numbers", None,
                          "give each label's place in labels")
    if array.min() < 0 or array.max() >= len(labels):
        raise KwsclsError(f"true labels reach from {array.min()} to {array.max()} where there are {len(labels)} labels")
    return array.astype(np.int64)


def marks(truth, clips, labels):
    """Which labels each clip has, as bool [clips, labels].

    Raises:
        KwsclsError: another shape, or values other than 0 and 1.
    """
    array = np.asarray(truth)
    if array.shape != (clips, len(labels)):
        raise KwsclsError(f"the true labels have the shape {list(array.shape)}, not [{clips}, {len(labels)}]", None,
                          "give 1 for each label that a clip has and 0 for the others")
    if not np.isin(array, (0, 1)).all():
        raise KwsclsError("the true labels hold other values than 0 and 1")
    return array.astype(bool)
