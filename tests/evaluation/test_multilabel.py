import json

import numpy as np
import pytest
from sklearn import metrics

from kwscls.errors import KwsclsError
from kwscls.evaluation.multilabel import choose_thresholds, multilabel_scores

LABELS = ["dog", "rain", "siren"]


def made(clips=200, seed=0):
    random = np.random.default_rng(seed)
    truth = random.random((clips, 3)) < [0.5, 0.2, 0.3]
    return truth, 1 / (1 + np.exp(-(random.normal(size=(clips, 3)) + 2 * truth - 1)))


def test_scores_are_those_of_scikit_learn():
    truth, probabilities = made()
    found = multilabel_scores(truth, probabilities, LABELS, thresholds=[0.4, 0.5, 0.6])
    guess = probabilities >= [0.4, 0.5, 0.6]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, guess)
    assert found["mean_average_precision"] == pytest.approx(
        metrics.average_precision_score(truth, probabilities), abs=1e-6)
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth, probabilities))
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(truth, guess, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1.mean())
    for i, row in enumerate(found["per_label"].values()):
        assert row["average_precision"] == pytest.approx(
            metrics.average_precision_score(truth[:, i], probabilities[:, i]), abs=1e-6)
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx([precision[i], recall[i], f1[i]])
        assert row["support"] == support[i] and row["threshold"] == [0.4, 0.5, 0.6][i]
    json.dumps(found, allow_nan=False)


def test_every_number_has_an_interval_around_it():
    truth, probabilities = made()
    found = multilabel_scores(truth, probabilities, LABELS, groups=np.arange(200) // 4)
    numbers = [name for name, value in found.items() if isinstance(value, float)]
    assert len(numbers) == 5 and found["interval"]["units"] == 50
    for name in numbers:
        low, high = found[f"{name}_interval"]
        assert low < found[name] < high, name


def test_thresholds_have_the_best_f1_of_all():
    truth, probabilities = made()
    chosen = choose_thresholds(truth, probabilities, LABELS)
    for i in range(3):
        best = max(metrics.f1_score(truth[:, i], probabilities[:, i] >= edge) for edge in probabilities[:, i])
        assert metrics.f1_score(truth[:, i], probabilities[:, i] >= chosen[i]) == pytest.approx(best)


def test_a_label_without_clips_leaves_the_means():
    truth, probabilities = made()
    truth[:, 2] = False
    found = multilabel_scores(truth, probabilities, LABELS)
    assert found["mean_average_precision"] == pytest.approx(
        metrics.average_precision_score(truth[:, :2], probabilities[:, :2]), abs=1e-6)
    assert found["per_label"]["siren"]["average_precision"] is None
    assert choose_thresholds(truth, probabilities, LABELS)[2] == 0.5
    json.dumps(found, allow_nan=False)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("truth", [[[1, 0, 1]], [[1, 0, 0]] * 5, np.ones((4, 3))], ids=["one clip", "all alike", "all labels"])
def test_where_no_label_can_be_ranked_the_rankings_are_none(truth):
    found = multilabel_scores(truth, np.full(np.shape(truth), 0.7), LABELS)
    for name in ("mean_average_precision", "roc_auc", "d_prime"):
        assert found[name] is None and found[f"{name}_interval"] is None
        assert all(row[name.removeprefix("mean_")] is None for row in found["per_label"].values())
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(truth, np.ones_like(truth), average="micro", zero_division=0))
    json.dumps(found, allow_nan=False)


@pytest.mark.filterwarnings("error")
def test_draws_that_miss_every_label_leave_the_interval():
    found = multilabel_scores([[1, 0], [0, 0], [0, 0]], [[0.9, 0.1], [0.2, 0.1], [0.3, 0.1]], ["dog", "rain"])
    assert found["mean_average_precision"] == 1 and found["mean_average_precision_interval"] == [1, 1]


@pytest.mark.parametrize("change, message", [
    ({"truth": np.ones((4, 2))}, r"shape \[4, 2\], not \[4, 3\]"),
    ({"truth": np.full((4, 3), 2)}, "other values than 0 and 1"),
    ({"probabilities": np.full((4, 3), np.nan)}, "not finite"),
    ({"probabilities": np.full((4, 3), 1.5)}, "not logits"),
    ({"labels": ["dog"]}, "two labels or more"),
])
def test_bad_input_is_told(change, message):
    given = {"truth": np.eye(4)[:, :3], "probabilities": np.full((4, 3), 0.5), "labels": LABELS}
    with pytest.raises(KwsclsError, match=message):
        multilabel_scores(**{**given, **change})
