"""How good answers of one label a clip are: arrays in, a dict out, an interval beside each number."""

import numpy as np

from kwscls.evaluation import checks, intervals, ranking


def scores(truth, probabilities, labels, groups=None, draws=intervals.DRAWS, seed=0):
    """Score answers where each clip has one label.

    Means over labels ("macro", balanced accuracy) take in the labels that have a clip. A number that the clips do
    not tell, such as the recall of a label without clips, is None.

    Intervals are 95 %. Those of the whole come from a bootstrap over the groups of alike clips (speakers), or over
    the clips where fewer than two groups are named; where it finds nothing that varies, as when all answers are
    right, from Wilson's over the clips. Those of single labels are Wilson's, the F1's by way of the share of the
    right ones among all clips that have the label or got it. ROC areas: see `ranking.roc_auc`.

    Args:
        truth: int [clips], each clip's place in `labels`.
        probabilities: [clips, labels], rows that sum up to 1.
        labels: the names, in the order of the columns.
        groups: a name for each clip, "" where it has none; or None.
        draws: bootstrap samples.
        seed: of the bootstrap.

    Returns:
        A dict that JSON can hold: `clips`, `labels`, `accuracy`, `balanced_accuracy`, `macro_f1`,
        `macro_precision`, `macro_recall`, `roc_auc`, `log_loss`, each of these also with `_interval`: [low, high];
        `interval`: how they were made; `per_label`: name -> `support`, `precision`, `recall`, `f1`, `roc_auc` and
        their intervals; `confusion`: rows are true labels, columns answers.

    Raises:
        KwsclsError: lengths differ, a value is not finite, rows do not sum up to 1, there is one label only, or
            no clip.
    """
    labels = checks.label_list(labels)
    probabilities = checks.distributions(probabilities, labels)
    truth = checks.places(truth, len(probabilities), labels)
    units, unit = intervals.unit_of(groups, len(truth))
    confusion = confusion_matrix(truth, probabilities.argmax(axis=1), len(labels))
    areas = ranking.roc_auc(truth[:, None] == np.arange(len(labels)), probabilities, units)
    return {
        "clips": len(truth), "labels": labels,
        **_whole(truth, probabilities.argmax(axis=1), len(labels), units, draws, seed),
        "roc_auc": known(areas[2]), "roc_auc_interval": bounds(areas[3]),
        **_log_loss(truth, probabilities, units, draws, seed),
        "interval": {"confidence": intervals.CONFIDENCE, "over": unit, "units": int(units.max()) + 1, "draws": draws,
                     "seed": seed},
        "per_label": {name: {**row, "roc_auc": known(areas[0][i]), "roc_auc_interval": bounds(areas[1][i])}
                      for i, (name, row) in enumerate(zip(labels, per_label(confusion)))},
        "confusion": confusion.tolist(),
    }


def confusion_matrix(truth, answers, labels):
    """How often each label (row) was answered by each (column): int64 [labels, labels].

    Args:
        truth, answers: int [clips].
        labels: how many there are.
    """
    from sklearn.metrics import confusion_matrix as count

    return count(truth, answers, labels=np.arange(labels)).astype(np.int64)


def summary(confusion):
    """Accuracy and the means over labels of one or many confusion matrices.

    Args:
        confusion: [..., labels, labels].

    Returns:
        A dict of float64 [...]: `accuracy`, `balanced_accuracy`, `macro_f1`, `macro_precision`, `macro_recall`.
        Labels without a clip are left out of the means; the precision of a label never answered is 0.
    """
    confusion = np.asarray(confusion, np.float64)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, answered = confusion.sum(axis=-1), confusion.sum(axis=-2)
    present = support > 0
    count = present.sum(axis=-1)

    def mean(top, bottom):
        return np.where(present, top / np.maximum(bottom, 1), 0).sum(axis=-1) / count

    recall = mean(right, support)
    return {"accuracy": right.sum(axis=-1) / support.sum(axis=-1), "balanced_accuracy": recall,
            "macro_f1": mean(2 * right, support + answered), "macro_precision": mean(right, answered),
            "macro_recall": recall}


def per_label(confusion):
    """Precision, recall and F1 of each label, with Wilson's intervals.

    Args:
        confusion: int [labels, labels].

    Returns:
        A list of a dict a label; None stands where there is nothing to count.
    """
    right, support, answered = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    either = support + answered - right
    rows = []
    for i in range(len(confusion)):
        row = {"support": int(support[i])}
        row |= _share("precision", right[i], answered[i], 0.0 if support[i] else None)
        row |= _share("recall", right[i], support[i], None)
        overlap = _share("f1", right[i], either[i] if support[i] else 0, None)
        # F1 = 2 J / (1 + J), where J is the share of the right ones among those that have the label or got it
        row["f1"] = None if overlap["f1"] is None else 2 * overlap["f1"] / (1 + overlap["f1"])
        row["f1_interval"] = overlap["f1_interval"] and [2 * share / (1 + share) for share in overlap["f1_interval"]]
        rows.append(row)
    return rows


def known(value):
    """A float, or None for NaN."""
    return None if np.isnan(value) else float(value)


def bounds(pair):
    """[low, high] as floats, or None where they are NaN."""
    return None if np.isnan(pair).any() else [float(pair[0]), float(pair[1])]


def _share(name, part, whole, nothing):
    if not whole:
        return {name: nothing, f"{name}_interval": None}
    return {name: float(part / whole), f"{name}_interval": bounds(intervals.wilson(part, whole))}


def _whole(truth, answers, labels, units, draws, seed):
    """Accuracy and the means over labels, with bootstrap intervals."""
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    present = np.unique(truth)
    precision, recall, f1, _ = precision_recall_fscore_support(truth, answers, labels=present, average="macro",
                                                               zero_division=0)
    values = {"accuracy": accuracy_score(truth, answers), "balanced_accuracy": recall, "macro_f1": f1,
              "macro_precision": precision, "macro_recall": recall}
    blocks = [summary(counts.reshape(-1, labels, labels)) for counts in
              intervals.resampled_counts(truth * labels + answers, labels * labels, units, draws, seed)]
    found = {}
    for name, value in values.items():
        low, high = intervals.percentile(np.concatenate([block[name] for block in blocks]))
        if low == high:
            low, high = intervals.wilson(value * len(truth), len(truth))
        found[name], found[f"{name}_interval"] = float(value), [float(low), float(high)]
    return found


def _log_loss(truth, probabilities, units, draws, seed):
    """The mean of -ln(probability of the true label), which is kept off 0 by float32's precision."""
    losses = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth], np.finfo(np.float32).eps))
    totals = intervals.resampled_totals(np.stack([losses, np.ones_like(losses)], axis=1), units, draws, seed)
    return {"log_loss": float(losses.mean()),
            "log_loss_interval": bounds(intervals.percentile(totals[:, 0] / totals[:, 1]))}
