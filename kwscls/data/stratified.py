"""Parts of a corpus that tear no group apart and have each label's share, drawn alike by every version of scikit-learn."""

import numpy as np


def group_folds(labels, groups, count, seed):
    """Folds of whole groups, each with about its share of every label.

    Args:
        labels: [clips].
        groups: [clips], names; clips of one name stay together.
        count: how many folds.
        seed: of the order of groups that are alike.

    Returns:
        An iterator of pairs of int arrays, one a fold: the places of the clips outside of it and of those in it.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    # Its own shuffle counts the labels of the wrong groups before scikit-learn 1.8, which wants Python 3.11.
    _, numbers = np.unique(groups, return_inverse=True)
    order = np.argsort(np.random.RandomState(seed).permutation(numbers.max() + 1))
    return StratifiedGroupKFold(count).split(np.zeros(len(numbers)), labels, order[numbers])
