"""The contrastive task against loops in numpy; the golden files hold the original's values."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from kwscls.training.contrastive import (contrastive_logits, contrastive_loss, diversity_loss, perplexity,
                                         sample_negatives)

DRAW = np.random.default_rng(0)


def test_the_loss_is_that_of_a_loop():
    guesses, codes = DRAW.normal(size=(2, 2, 5, 4)).astype(np.float32)
    codes[0, 1] = codes[0, 2]  # a wrong answer that is right
    mask = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 1]])
    negatives = np.array([[[2, 1]] * 5, [[7, 5]] * 5], np.int32)
    negatives[1, 2] = (9, 9)
    flat, wanted = codes.reshape(10, 4), 0
    for row, frame in zip(*np.nonzero(mask)):
        right = codes[row, frame]
        answers = [right] + [flat[place] for place in negatives[row, frame] if not (flat[place] == right).all()]
        guess = guesses[row, frame] / np.linalg.norm(guesses[row, frame])
        similar = [guess @ one / np.linalg.norm(one) for one in answers]
        wanted -= log_softmax(np.array(similar) / 0.1)[0]
    rounded = codes.copy()
    rounded[0, 1] *= 1 + 1e-6  # as a product may
    np.testing.assert_allclose(contrastive_loss(contrastive_logits(guesses, rounded, codes, mask, negatives)), wanted, rtol=1e-5)


def test_nothing_hidden_costs_nothing():
    values = tf.zeros((1, 4, 3))
    logits = contrastive_logits(values, values, values, np.zeros((1, 4)), np.zeros((1, 4, 2), np.int32))
    assert logits.shape == (0, 3) and contrastive_loss(logits) == 0


def test_perplexity_counts_entries_in_use():
    even, one = np.full((1, 6, 2, 4), 0.25, np.float32), np.zeros((1, 6, 2, 4), np.float32)
    one[..., 0] = 1
    mask = np.array([[1, 1, 1, 0, 0, 0]])
    np.testing.assert_allclose(perplexity(even, mask), 8, rtol=1e-4)
    np.testing.assert_allclose(perplexity(one, mask), 2, rtol=1e-4)
    np.testing.assert_allclose(diversity_loss(one, mask), (8 - 2) / 8 * 3, rtol=1e-4)
    one[0, 3:] = even[0, 3:]  # frames that are not hidden
    np.testing.assert_allclose(perplexity(one, mask), 2, rtol=1e-4)


@pytest.mark.parametrize("hidden", [2, 3, 30])
def test_wrong_answers_are_other_hidden_frames_of_the_clip_each_alike(hidden):
    keras.utils.set_random_seed(0)
    mask = np.zeros((3, 40), bool)
    for row in mask:
        row[DRAW.choice(40, hidden, replace=False)] = True
    drawn = sample_negatives(mask, 400).numpy()
    for row in range(3):
        places = np.flatnonzero(mask[row])
        for place in places:
            got = drawn[row, place] - 40 * row
            assert set(got) <= set(places) - {place}
            counts = np.array([(got == other).sum() for other in places if other != place])
            assert (counts > 0).mean() > 0.99 and counts.max() < 4 * 400 / (hidden - 1)


def test_a_lonely_hidden_frame_breaks_nothing():
    drawn = sample_negatives(np.array([[False, True, False], [False, False, False]]), 5).numpy()
    assert ((drawn >= 0) & (drawn < 6)).all()
