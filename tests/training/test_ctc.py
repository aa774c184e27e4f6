"""The CTC loss against the sum over all paths."""

import itertools

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from kwscls.training.ctc import ctc_loss

LOGITS = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)


def by_all_paths(logits, labels, blank=0):
    scores, paths = log_softmax(logits.astype(np.float64), axis=-1), []
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        if [one for one, _ in itertools.groupby(path) if one != blank] == list(labels):
            paths.append(sum(scores[time, one] for time, one in enumerate(path)))
    return -logsumexp(paths)


def test_it_sums_over_all_paths():
    labels, frames = np.array([[1, 2, -100], [-100, 2, 2]]), np.array([3, 4])
    wanted = [by_all_paths(LOGITS[0, :3], [1, 2]), by_all_paths(LOGITS[1], [2, 2])]
    np.testing.assert_allclose(ctc_loss(LOGITS, labels, frames), sum(wanted), rtol=1e-5)
    mean = ctc_loss(LOGITS, labels, frames, reduction="mean")
    np.testing.assert_allclose(mean, np.mean(np.array(wanted) / 2), rtol=1e-5)


def test_another_blank():
    np.testing.assert_allclose(ctc_loss(LOGITS[:1], np.array([[0, 1]]), np.array([4]), blank=2),
                               by_all_paths(LOGITS[0], [0, 1], 2), rtol=1e-5)


@pytest.mark.parametrize("zero_infinity", [False, True])
def test_labels_that_do_not_fit(zero_infinity):
    def loss(frames):
        labels = np.array([[1, 1]])
        return ctc_loss(LOGITS[:1, :frames], labels, np.array([frames]), zero_infinity=zero_infinity).numpy()

    assert loss(2) == (0 if zero_infinity else np.inf)
    np.testing.assert_allclose(loss(3), by_all_paths(LOGITS[0, :3], [1, 1]), rtol=1e-5)
