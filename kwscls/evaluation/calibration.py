"""Whether a probability of 0.8 is right in 80 of 100 clips: reliability bins, expected error, temperature."""

import numpy as np

from kwscls.errors import KwsclsError
from kwscls.evaluation import checks, intervals

BINS = 15
COLDEST, HOTTEST = 0.01, 100.0


def reliability(truth, probabilities, labels, bins=BINS, groups=None, draws=intervals.DRAWS, seed=0):
    """Compare the probability of the answers with how many of them are right.

    Args:
        truth: int [clips].
        probabilities: [clips, labels], rows that sum up to 1.
        labels: the names of the labels.
        bins: of equal width from 0 to 1; a confidence on an edge falls into the lower one.
        groups, draws, seed: of the interval, as in `scores.scores`.

    Returns:
        A dict that JSON can hold: `ece`, the expected calibration error, with `ece_interval` (a bootstrap; the
        error is biased upwards, in each draw too); `highest`, the largest gap of a bin; `confidence`, its mean;
        `bins`: of those with clips, a list of `low`, `high`, `clips`, `confidence`, `accuracy` and
        `accuracy_interval` (Wilson).

    Raises:
        KwsclsError: as `scores.scores`.

    Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    labels = checks.label_list(labels)
    probabilities = checks.distributions(probabilities, labels)
    truth = checks.places(truth, len(probabilities), labels)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    clips, sure, good = (np.bincount(place, weights, minlength=bins) for weights in (None, confidence, right))
    units, _ = intervals.unit_of(groups, len(truth))
    gaps = np.zeros((len(truth), bins))
    gaps[np.arange(len(truth)), place] = confidence - right
    totals = intervals.resampled_totals(np.column_stack([gaps, np.ones(len(truth))]), units, draws, seed)
    low, high = intervals.percentile(np.abs(totals[:, :-1]).sum(axis=1) / totals[:, -1])
    filled = np.flatnonzero(clips)
    return {
        "ece": float(np.abs(sure - good).sum() / len(truth)), "ece_interval": [float(low), float(high)],
        "highest": float((np.abs(sure - good)[filled] / clips[filled]).max()), "confidence": float(confidence.mean()),
        "bins": [{"low": i / bins, "high": (i + 1) / bins, "clips": int(clips[i]), "confidence": sure[i] / clips[i],
                  "accuracy": good[i] / clips[i],
                  "accuracy_interval": [float(edge) for edge in intervals.wilson(good[i], clips[i])]} for i in filled],
    }


def fit_temperature(truth, probabilities, labels):
    """The temperature that makes the true labels of validation clips likeliest, had one clip more been wrong.

    Without that clip a model that answers all of them rightly could not be sure enough, and the temperature would go to 0.

    Args:
        truth: int [clips].
        probabilities: [clips, labels]: a softmax' output, whose logarithm is the logits but for a constant.
        labels: the names of the labels.

    Returns:
        A number from 0.01 to 100; more than 1 when the model is too sure.

    Raises:
        KwsclsError: as `scores.scores`, or all clips have one label.

    Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017; the targets: J. Platt, "Probabilistic outputs
    for support vector machines", 1999, section 2.2.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    labels = checks.label_list(labels)
    logits = _logits(checks.distributions(probabilities, labels))
    truth = checks.places(truth, len(logits), labels)
    if len(np.unique(truth)) < 2:
        raise KwsclsError(f"all clips have the label {labels[truth[0]]}, which tells nothing about a temperature", None,
                          "give validation clips of two labels or more")

    doubt = 1 / (len(truth) + 2)
    targets = np.full(logits.shape, doubt / (len(labels) - 1))
    targets[np.arange(len(truth)), truth] = 1 - doubt

    def loss(log_temperature):
        return -(targets * log_softmax(logits / np.exp(log_temperature), axis=1)).sum(axis=1).mean()

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def apply_temperature(probabilities, temperature):
    """Probabilities at another temperature: softmax(log p / temperature), [clips, labels]."""
    from scipy.special import softmax

    return softmax(_logits(np.asarray(probabilities, np.float64)) / temperature, axis=1)


def _logits(probabilities):
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
