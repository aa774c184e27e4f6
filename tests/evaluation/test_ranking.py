import numpy as np
import pytest
from scipy.stats import norm
from sklearn import metrics

from kwscls.evaluation import ranking
from tests.evaluation.made import answers


def cases():
    truth, probabilities = answers(150, 4, skill=1.0)
    return np.eye(4, dtype=bool)[truth], probabilities


def test_areas_are_those_of_scikit_learn_and_their_interval_is_the_bootstraps():
    truth, probabilities = cases()
    areas, bounds, mean, mean_bounds = ranking.roc_auc(truth, probabilities, np.arange(150))
    assert areas == pytest.approx(metrics.roc_auc_score(truth, probabilities, average=None))
    random, drawn = np.random.default_rng(0), []
    while len(drawn) < 400:
        clips = random.integers(0, 150, 150)
        drawn.append(metrics.roc_auc_score(truth[clips], probabilities[clips], average=None))
    drawn = np.array(drawn)
    assert bounds.T == pytest.approx(np.quantile(drawn, [0.025, 0.975], axis=0), abs=0.03)
    assert mean_bounds == pytest.approx(np.quantile(drawn.mean(axis=1), [0.025, 0.975]), abs=0.015)


def test_the_variance_is_delongs():
    truth, probabilities = cases()
    have, scores = truth[:, 0], probabilities[:, 0]
    above = (scores[have][:, None] > scores[~have]) + 0.5 * (scores[have][:, None] == scores[~have])
    variance = above.mean(axis=1).var(ddof=1) / have.sum() + above.mean(axis=0).var(ddof=1) / (~have).sum()
    area = above.mean()
    half = norm.ppf(0.975) * np.sqrt(variance) / area / (1 - area)
    low, high = 1 / (1 + np.exp(-(np.log(area / (1 - area)) + np.array([-half, half]))))
    assert ranking.roc_auc(truth, probabilities, np.arange(150))[1][0] == pytest.approx([low, high], abs=2e-3)


def test_clips_that_come_twice_in_a_group_count_once():
    truth, probabilities = cases()
    once = ranking.roc_auc(truth, probabilities, np.arange(150))
    twice = ranking.roc_auc(*(np.repeat(array, 2, axis=0) for array in (truth, probabilities, np.arange(150))))
    assert twice[1] == pytest.approx(once[1], abs=1e-9) and twice[3] == pytest.approx(once[3], abs=1e-9)


def test_a_label_of_no_or_every_clip_has_no_area():
    truth = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1]], bool)
    areas, bounds, mean, _ = ranking.roc_auc(truth, np.random.default_rng(0).random((3, 3)), np.arange(3))
    assert np.isnan(areas).tolist() == [False, True, True] and mean == areas[0] and np.isnan(bounds[1:]).all()


@pytest.mark.parametrize("digits", [8, 1], ids=["distinct", "ties"])
def test_average_precision_is_that_of_scikit_learn_with_and_without_weights(digits):
    truth, probabilities = cases()
    scores = probabilities[:, 1].round(digits)
    weights = np.random.default_rng(3).integers(0, 4, (150, 6)).astype(float)
    weights[:, 0] = 1
    expected = [metrics.average_precision_score(truth[:, 1], scores, sample_weight=weight) for weight in weights.T]
    assert ranking.average_precision(truth[:, 1], scores, weights) == pytest.approx(expected)


def test_d_prime_is_that_of_the_published_formula():
    # AudioSet's baseline: an area of 0.959 is a d-prime of 2.452 (Hershey et al. 2017, table 3)
    assert ranking.d_prime(0.959, 1000, 1000) == pytest.approx(2.452, abs=0.01)
    assert ranking.d_prime(0.5, 10, 10) == pytest.approx(0)
    assert np.isfinite(ranking.d_prime(np.array([0.0, 1.0]), 10, 10)).all()
