import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score

from kwscls.training import measures

DRAW = np.random.default_rng(0)
LOGITS = DRAW.normal(0, 3, (200, 4)).astype(np.float32)


def result(metric, targets, logits):
    for start in range(0, len(targets), 64):  # batches, the last one smaller
        metric.update_state(targets[start:start + 64].astype(np.float32), logits[start:start + 64])
    return float(metric.result())


def test_balanced_accuracy_is_that_of_scikit_learn():
    truth = np.minimum(DRAW.geometric(0.6, 200) - 1, 3)
    metric = measures.BalancedAccuracy(4)
    expected = balanced_accuracy_score(truth, LOGITS.argmax(axis=1))
    assert result(metric, np.eye(4)[truth], LOGITS) == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    assert result(metric, np.eye(4)[[1, 1]], LOGITS[:2]) == pytest.approx((LOGITS[:2].argmax(axis=1) == 1).mean())


def test_mean_average_precision_is_that_of_scikit_learn_but_for_its_steps():
    marks = (DRAW.random((200, 4)) < [0.1, 0.3, 0.5, 0.0])
    logits = LOGITS + 2 * marks
    expected = average_precision_score(marks[:, :3], logits[:, :3], average="macro")
    assert result(measures.MeanAveragePrecision(4), marks, logits) == pytest.approx(expected, abs=0.02)


def test_a_hit_is_any_of_a_clips_labels():
    logits = np.array([[3.0, 1, 0], [0, 2, 1], [0, 1, 2]], np.float32)
    marks = np.array([[1, 1, 0], [1, 0, 1], [0, 0, 1]])
    assert result(measures.HitRate(), marks, logits) == pytest.approx(2 / 3)


def test_which_metrics_go_with_which_task():
    assert [one.name for one in measures.metrics("softmax", False, 3)] == ["accuracy"]
    assert [type(one).__name__ for one in measures.metrics("softmax", True, 3)][1] == "BalancedAccuracy"
    assert [type(one).__name__ for one in measures.metrics("sigmoid", False, 3)] == ["HitRate", "MeanAveragePrecision"]
