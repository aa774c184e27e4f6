"""How well scores put the clips that have a label before those that have not: ROC AUC, average precision, d-prime."""

import numpy as np

from kwscls.evaluation import intervals


def roc_auc(truth, scores, units):
    """The area under each label's ROC curve, one label against the rest, and their mean.

    The intervals come from the areas' influence values, summed over units: DeLong's variance for single clips,
    Obuchowski's for groups, on the logit scale. Where nothing varies, Wilson's interval over the clips stands in.

    Args:
        truth: bool [clips, labels].
        scores: [clips, labels].
        units: int [clips], see `intervals.unit_of`.

    Returns:
        areas: float64 [labels], NaN for a label that no clip or every clip has; bounds: float64 [labels, 2];
        mean: of the areas that are known, or NaN; mean_bounds: float64 [2].

    Sources: E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 1988; N. Obuchowski, "Nonparametric analysis of
    clustered ROC curve data", Biometrics 1997.
    """
    clips, labels = truth.shape
    areas, bounds, influences = np.full(labels, np.nan), np.full((labels, 2), np.nan), []
    for label in range(labels):
        if truth[:, label].any() and not truth[:, label].all():
            areas[label], influence = _area(truth[:, label], scores[:, label])
            bounds[label] = _area_interval(areas[label], influence, units)
            influences.append(influence)
    if not influences:
        return areas, bounds, np.nan, np.full(2, np.nan)
    mean = np.nanmean(areas)
    return areas, bounds, mean, _area_interval(mean, np.mean(influences, axis=0), units)


def _area(truth, scores):
    """The area and what each clip adds to its deviation."""
    from scipy.stats import rankdata
    from sklearn.metrics import roc_auc_score

    area = roc_auc_score(truth, scores)
    have, lack = truth.sum(), (~truth).sum()
    ranks = rankdata(scores)
    influence = np.empty(len(truth))
    influence[truth] = ((ranks[truth] - rankdata(scores[truth])) / lack - area) / have
    influence[~truth] = (1 - (ranks[~truth] - rankdata(scores[~truth])) / have - area) / lack
    return area, influence


def _area_interval(area, influence, units):
    from scipy.special import expit, logit
    from scipy.stats import norm

    count = units.max() + 1
    variance = np.square(np.bincount(units, influence)).sum() * count / max(count - 1, 1)
    if not 0 < area < 1 or variance < 1e-15:
        return intervals.wilson(area * len(units), len(units))
    half = norm.ppf(0.5 + intervals.CONFIDENCE / 2) * np.sqrt(variance) / (area * (1 - area))
    return expit(logit(area) - half), expit(logit(area) + half)


def average_precision(truth, scores, weights):
    """The area under a label's precision-recall curve, stepwise as in scikit-learn, for many weightings.

    Args:
        truth: bool [clips].
        scores: [clips].
        weights: of the clips, [clips, draws].

    Returns:
        float64 [draws]; NaN where no clip that has the label has weight.
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    have = np.flatnonzero(truth[order])
    last = np.searchsorted(-ordered, -ordered[have], side="right") - 1  # equal scores are taken in together
    taken = np.cumsum(weights[order], axis=0)[last]  # [those that have it, draws]
    mine = weights[order[have]]
    right = np.cumsum(mine, axis=0)[np.searchsorted(have, last, side="right") - 1]
    precision = right / np.maximum(taken, 1e-9)
    total = mine.sum(axis=0, dtype=np.float64)
    return np.where(total > 0, (mine * precision).sum(axis=0, dtype=np.float64) / np.maximum(total, 1e-9), np.nan)


def d_prime(area, have, lack):
    """Sensitivity index d' = sqrt(2) times the normal quantile of the ROC area.

    An area is first kept half a pair of clips away from 0 and 1, where the index would be infinite.

    Args:
        area: ROC area(s).
        have, lack: how many clips have the label, and have it not.

    Returns:
        float64 of the shape of `area`.

    Source: S. Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017.
    """
    from scipy.stats import norm

    edge = 0.5 / np.maximum(np.asarray(have, np.float64) * lack, 1)
    return np.sqrt(2) * norm.ppf(np.clip(area, edge, 1 - edge))
