"""Labels that are rarer than others: how uneven they are, and what evens them out."""

import numpy as np

UNEVEN = 2
"""How many times as often as the rarest label the most frequent one comes in data that count as uneven."""


def label_weights(counts):
    """A weight of each label, the larger the rarer it is; over all labels of all clips their mean is 1.

    Args:
        counts: [labels], how many clips have each label.

    Returns:
        float64 [labels]; 0 for a label that no clip has.
    """
    counts = np.asarray(counts, np.float64)
    return np.where(counts > 0, counts.sum() / np.maximum(counts, 1) / max((counts > 0).sum(), 1), 0.0)


def clip_chances(marks):
    """How likely each clip is to be drawn so that every label comes alike often: float64 [clips], summing up to 1.

    A clip with several labels has the mean of their weights, so labels that often come together stay somewhat uneven.
    """
    marks = np.asarray(marks, np.float64)
    weights = marks @ label_weights(marks.sum(axis=0)) / np.maximum(marks.sum(axis=1), 1)
    return weights / weights.sum()


def is_uneven(counts):
    """Whether the most frequent label comes more than `UNEVEN` times as often as the rarest one that comes at all."""
    counts = np.asarray(counts)
    return counts.max() > UNEVEN * counts[counts > 0].min()
