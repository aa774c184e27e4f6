"""How good answers of any number of labels a clip are: mAP, ROC AUC, d-prime, and thresholds chosen on validation."""

import numpy as np

from kwscls.evaluation import checks, intervals, ranking
from kwscls.evaluation.scores import bounds, known


def multilabel_scores(truth, probabilities, labels, thresholds=0.5, groups=None, draws=intervals.DRAWS, seed=0):
    """Score answers where each clip has any number of labels.

    Means over labels take in those that some but not all clips have; for the others a ranking is not defined. Where
    there is no such label, what tells of a ranking is None.
    Intervals are 95 %, see `scores.scores`; those of mAP and F1 come from the bootstrap.

    Args:
        truth: 0 or 1, [clips, labels].
        probabilities: [clips, labels], each in [0, 1].
        labels: the names, in the order of the columns.
        thresholds: a label is answered when its probability is this or more; one, or [labels], see `choose_thresholds`.
        groups: a name for each clip, "" where it has none; or None.
        draws: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        A dict that JSON can hold: `clips`, `labels`, `mean_average_precision`, `roc_auc`, `d_prime` (of the mean area),
        `micro_f1`, `macro_f1`, each also with `_interval`; `per_label`: name -> `support`, `average_precision`,
        `average_precision_interval`, `roc_auc`, `roc_auc_interval`, `d_prime`, `threshold`, `precision`,
        `recall`, `f1`.

    Raises:
        KwsclsError: shapes differ, or a value is not finite or outside [0, 1].
    """
    labels = checks.label_list(labels)
    probabilities = checks.shares(probabilities, labels)
    truth = checks.marks(truth, len(probabilities), labels)
    support = truth.sum(axis=0)
    mixed = (support > 0) & (support < len(truth))
    thresholds = np.broadcast_to(np.asarray(thresholds, np.float64), len(labels))
    units, unit = intervals.unit_of(groups, len(truth))
    precisions = _precisions(truth, probabilities, mixed, units, draws, seed)
    areas, area_bounds, area, mean_bounds = ranking.roc_auc(truth, probabilities, units)
    lack = len(truth) - support
    sensitivity = ranking.d_prime(areas, support, lack)
    whole = ranking.d_prime(np.array([area, *mean_bounds]), _mean(support[mixed]), _mean(lack[mixed]))
    at_thresholds = _answers(truth, probabilities >= thresholds)
    return {
        "clips": len(truth), "labels": labels,
        "mean_average_precision": known(_mean(precisions["value"][mixed])),
        "mean_average_precision_interval": bounds(intervals.percentile(precisions["mean"])),
        "roc_auc": known(area), "roc_auc_interval": bounds(mean_bounds),
        "d_prime": known(whole[0]), "d_prime_interval": bounds(whole[1:]),
        **_f1(truth, probabilities >= thresholds, units, draws, seed),
        "interval": {"confidence": intervals.CONFIDENCE, "over": unit, "units": int(units.max()) + 1, "draws": draws,
                     "seed": seed},
        "per_label": {name: {
            "support": int(support[i]),
            "average_precision": known(precisions["value"][i]),
            "average_precision_interval": bounds(precisions["bounds"][i]),
            "roc_auc": known(areas[i]), "roc_auc_interval": bounds(area_bounds[i]), "d_prime": known(sensitivity[i]),
            "threshold": float(thresholds[i]), **at_thresholds[i]} for i, name in enumerate(labels)},
    }


def choose_thresholds(truth, probabilities, labels):
    """The threshold of each label with the highest F1, to be chosen on other clips than those that are scored.

    It lies in the middle between the lowest score that it takes in and the highest one that it leaves out.

    Args:
        truth: 0 or 1, [clips, labels].
        probabilities: [clips, labels].
        labels: the names.

    Returns:
        float64 [labels]; 0.5 for a label that no clip has.

    Raises:
        KwsclsError: as `multilabel_scores`.
    """
    from sklearn.metrics import precision_recall_curve

    labels = checks.label_list(labels)
    probabilities = checks.shares(probabilities, labels)
    truth = checks.marks(truth, len(probabilities), labels)
    chosen = np.full(len(labels), 0.5)
    for i in np.flatnonzero(truth.any(axis=0)):
        precision, recall, thresholds = precision_recall_curve(truth[:, i], probabilities[:, i])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        best = f1[:-1].argmax()
        chosen[i] = (thresholds[best] + (thresholds[best - 1] if best else 0)) / 2
    return chosen


def _precisions(truth, probabilities, mixed, units, draws, seed):
    """Average precision of each label: `value` [labels], `bounds` [labels, 2], and the bootstrapped `mean` [draws]."""
    count = int(units.max()) + 1
    value, limits = np.full(truth.shape[1], np.nan), np.full((truth.shape[1], 2), np.nan)
    random = np.random.default_rng(seed)
    weights = random.multinomial(count, np.full(count, 1 / count), size=draws).T[units]
    weights = np.column_stack([np.ones(len(units)), weights]).astype(np.float32)  # the first: every clip once
    drawn = np.full((truth.shape[1], draws), np.nan)
    for i in np.flatnonzero(mixed):
        value[i], *drawn[i] = ranking.average_precision(truth[:, i], probabilities[:, i], weights)
        limits[i] = intervals.percentile(drawn[i])
    return {"value": value, "bounds": limits, "mean": _mean(drawn)}


def _mean(values):
    """The mean over the first axis of what is known there; NaN where nothing is."""
    there = ~np.isnan(values)
    total, count = np.where(there, values, 0.0).sum(axis=0), there.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _answers(truth, answers):
    """Precision, recall and F1 of each label; None where there is nothing to count."""
    right, have, got = (truth & answers).sum(axis=0), truth.sum(axis=0), answers.sum(axis=0)

    def share(part, whole):
        return float(part / whole) if whole else None

    return [{"precision": share(right[i], got[i]), "recall": share(right[i], have[i]),
             "f1": share(2 * right[i], have[i] + got[i])} for i in range(truth.shape[1])]


def _f1(truth, answers, units, draws, seed):
    """F1 over all answers together, and as a mean over the labels that a clip has."""
    labels = truth.shape[1]
    columns = np.concatenate([truth & answers, truth, answers], axis=1)

    def both(totals):
        right, have, got = (totals[..., start:start + labels] for start in (0, labels, 2 * labels))
        micro = 2 * right.sum(axis=-1) / np.maximum((have + got).sum(axis=-1), 1)
        macro = np.where(have > 0, 2 * right / np.maximum(have + got, 1), 0).sum(axis=-1)
        return micro, macro / np.maximum((have > 0).sum(axis=-1), 1)

    values, drawn = both(columns.sum(axis=0)), both(intervals.resampled_totals(columns, units, draws, seed))
    return {key: value for name, point, samples in zip(("micro_f1", "macro_f1"), values, drawn)
            for key, value in ((name, float(point)), (f"{name}_interval", bounds(intervals.percentile(samples))))}
