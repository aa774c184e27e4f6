import json

import numpy as np
import pytest
from sklearn import metrics

from kwscls.errors import KwsclsError
from kwscls.evaluation.scores import scores, summary
from tests.evaluation.made import answers

LABELS = ["down", "go", "left", "no", "right"]


def test_scores_are_those_of_scikit_learn():
    truth, probabilities = answers(400, 5)
    guess = probabilities.argmax(axis=1)
    found = scores(truth, probabilities, LABELS)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, guess)
    expected = {
        "clips": 400, "accuracy": metrics.accuracy_score(truth, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
        "macro_f1": metrics.f1_score(truth, guess, average="macro"),
        "macro_precision": precision.mean(), "macro_recall": recall.mean(),
        "roc_auc": metrics.roc_auc_score(truth, probabilities, multi_class="ovr"),
        "log_loss": metrics.log_loss(truth, probabilities)}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    assert found["confusion"] == metrics.confusion_matrix(truth, guess).tolist()
    assert list(found["per_label"]) == found["labels"] == LABELS
    for i, row in enumerate(found["per_label"].values()):
        assert row["support"] == support[i]
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx([precision[i], recall[i], f1[i]])
        assert row["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth == i, probabilities[:, i]))


def test_a_hand_worked_case():
    probabilities = [[0.8, 0.2], [0.6, 0.4], [0.7, 0.3], [0.1, 0.9]]
    found = scores([0, 0, 1, 1], probabilities, ["yes", "no"])
    assert found["confusion"] == [[2, 0], [1, 1]]
    assert found["accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["macro_precision"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["roc_auc"] == pytest.approx(0.75)
    assert found["log_loss"] == pytest.approx(-np.log([0.8, 0.6, 0.3, 0.9]).mean())


def test_every_number_has_an_interval_around_it():
    found = scores(*answers(300, 5), LABELS, groups=np.arange(300) % 20)
    for where in (found, *found["per_label"].values()):
        for name in [name for name in where if name.endswith("_interval")]:
            low, high = where[name]
            assert 0 <= low <= where[name.removesuffix("_interval")] <= high, name
    assert {name for name, value in found.items() if isinstance(value, float)} == {
        name.removesuffix("_interval") for name in found if name.endswith("_interval")}
    assert found["interval"] == {"confidence": 0.95, "over": "groups", "units": 20, "draws": 1000, "seed": 0}


def test_accuracy_interval_is_that_of_the_plain_bootstrap():
    truth, probabilities = answers(300, 5)
    right = probabilities.argmax(axis=1) == truth
    drawn = right[np.random.default_rng(1).integers(0, 300, (20000, 300))].mean(axis=1)
    found = scores(truth, probabilities, LABELS, draws=20000)["accuracy_interval"]
    assert found == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.004)


def test_macro_f1_interval_is_that_of_the_plain_bootstrap_over_groups():
    truth, probabilities = answers(200, 3)
    guess, groups = probabilities.argmax(axis=1), np.arange(200) // 10
    random, drawn = np.random.default_rng(1), []
    for _ in range(600):
        clips = np.concatenate([np.flatnonzero(groups == group) for group in random.integers(0, 20, 20)])
        drawn.append(metrics.f1_score(truth[clips], guess[clips], average="macro"))
    found = scores(truth, probabilities, LABELS[:3], groups, draws=5000)["macro_f1_interval"]
    assert found == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.016)


def test_groups_of_clips_that_err_together_widen_the_interval():
    groups = np.repeat(np.arange(20), 30)
    truth = np.tile([0, 1], 300)
    right = groups % 4 > 0  # a quarter of the speakers is never understood
    probabilities = np.eye(2)[np.where(right, truth, 1 - truth)]
    over_clips = np.diff(scores(truth, probabilities, ["yes", "no"])["accuracy_interval"])
    over_groups = np.diff(scores(truth, probabilities, ["yes", "no"], groups)["accuracy_interval"])
    assert over_groups > 4 * over_clips


def test_the_same_seed_gives_the_same_intervals():
    truth, probabilities = answers(50, 5)
    assert scores(truth, probabilities, LABELS, seed=3) == scores(truth, probabilities, LABELS, seed=3)
    assert scores(truth, probabilities, LABELS, seed=3) != scores(truth, probabilities, LABELS, seed=4)


def test_a_label_without_clips_leaves_the_means_and_says_none():
    truth, probabilities = answers(200, 5, truth=np.arange(200) % 4)  # none is "right"
    found = scores(truth, probabilities, LABELS)
    guess = probabilities.argmax(axis=1)
    assert found["balanced_accuracy"] == pytest.approx(
        metrics.recall_score(truth, guess, labels=range(4), average="macro"))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, guess, labels=range(4), average="macro"))
    row = found["per_label"]["right"]
    assert row["support"] == 0 and row["precision"] == 0.0
    assert row["recall"] is row["f1"] is row["roc_auc"] is row["roc_auc_interval"] is None
    json.dumps(found, allow_nan=False)


def test_clips_of_one_label_only_still_have_an_accuracy():
    found = scores([1, 1, 1], [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], ["yes", "no"])
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["roc_auc"] is found["roc_auc_interval"] is None
    json.dumps(found, allow_nan=False)


def test_all_right_is_not_certain():
    found = scores(np.arange(40) % 4, np.eye(4)[np.arange(40) % 4], LABELS[:4])
    assert found["accuracy"] == found["roc_auc"] == 1.0
    for name in ("accuracy", "macro_f1", "roc_auc"):
        assert found[f"{name}_interval"] == pytest.approx([0.9124, 1.0], abs=1e-4)  # Wilson for 40 of 40
    assert found["log_loss"] == 0


def test_a_probability_of_nought_for_the_truth_is_finite():
    assert np.isfinite(scores([0, 1], [[0, 1], [0, 1]], ["yes", "no"])["log_loss"])


def test_many_confusions_are_summed_up_at_once():
    counts = np.random.default_rng(0).integers(0, 9, (6, 4, 4))
    counts[1, 2] = 0  # a label that a draw misses
    together = summary(counts)
    for i, confusion in enumerate(counts):
        for name, value in summary(confusion).items():
            assert together[name][i] == pytest.approx(value)


@pytest.mark.parametrize("change, message", [
    ({"truth": [0, 1]}, "for 3 clips"),
    ({"truth": [0, 1, 2]}, "true labels reach from 0 to 2"),
    ({"truth": [0, -1, 1]}, "true labels reach from -1"),
    ({"truth": [0.0, 1.0, 1.0]}, "float64"),
    ({"truth": ["yes", "no", "no"]}, "not whole numbers"),
    ({"probabilities": [[np.nan, 1], [0, 1], [0, 1]]}, "first of clip 0"),
    ({"probabilities": [[0.5, 0.5], [np.inf, 0], [0, 1]]}, "first of clip 1"),
    ({"probabilities": [[3.0, -2.0], [0, 1], [0, 1]]}, "not logits"),
    ({"probabilities": [[0.5, 0.5], [0.5, 0.4], [0, 1]]}, "clip 1 sum up to 0.9"),
    ({"probabilities": np.ones((3, 3)) / 3}, r"not \[clips, 2\]"),
    ({"probabilities": np.ones((0, 2))}, "no clips"),
    ({"labels": ["yes"], "probabilities": np.ones((3, 1))}, "two labels or more"),
    ({"labels": ["yes", "yes"]}, "twice: yes"),
    ({"groups": ["a", "b"]}, "2 groups were given for 3 clips"),
])
def test_bad_input_is_told(change, message):
    given = {"truth": [0, 1, 1], "probabilities": [[0.5, 0.5], [0, 1], [0, 1]], "labels": ["yes", "no"]}
    with pytest.raises(KwsclsError, match=message):
        scores(**{**given, **change})
