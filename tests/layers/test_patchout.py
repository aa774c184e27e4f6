"""Which tokens stay in training, and that all do otherwise."""

import keras
import numpy as np
import pytest

from kwscls.layers.patchout import Patchout

TOKENS = np.arange(6 * 14 * 3, dtype=np.float32).reshape(6, 14, 3)


def test_all_stay_out_of_training_and_at_rate_0():
    np.testing.assert_array_equal(Patchout(0.5)(TOKENS, training=False), TOKENS)
    np.testing.assert_array_equal(Patchout(0.0)(TOKENS, training=True), TOKENS)


@pytest.mark.parametrize("rate, stay", [(0.5, 6), (0.25, 9), (0.99, 1)])
def test_in_training_each_clip_keeps_its_front_and_a_part_of_the_rest(rate, stay):
    kept = keras.ops.convert_to_numpy(Patchout(rate, extra=2, seed=1)(TOKENS, training=True))
    assert kept.shape == (6, 2 + stay, 3)
    np.testing.assert_array_equal(kept[:, :2], TOKENS[:, :2])
    choices = set()
    for clip, whole in zip(kept[:, 2:], TOKENS):
        places = [int(np.flatnonzero((whole == token).all(axis=1))[0]) for token in clip]
        assert min(places) >= 2 and len(set(places)) == stay
        choices.add(tuple(sorted(places)))
    assert len(choices) > 1


def test_every_token_is_kept_as_often_as_another():
    layer, tokens = Patchout(0.4, extra=1, seed=3), np.tile(np.arange(11, dtype=np.float32)[None, :, None], (2000, 1, 1))
    counts = np.bincount(keras.ops.convert_to_numpy(layer(tokens, training=True)).astype(int).ravel(), minlength=11)
    assert counts[0] == 2000 and counts.sum() == 2000 * 7
    assert abs(counts[1:] - 1200).max() < 4 * np.sqrt(2000 * 0.6 * 0.4)  # four deviations


def test_gradients_reach_the_tokens_that_stayed_only():
    import tensorflow as tf

    tokens, layer = tf.Variable(TOKENS), Patchout(0.5, extra=2, seed=4)
    with tf.GradientTape() as tape:
        kept = layer(tokens, training=True)
        total = tf.reduce_sum(kept)
    gradient = tf.convert_to_tensor(tape.gradient(total, tokens)).numpy()
    assert set(np.unique(gradient)) == {0.0, 1.0} and gradient.sum() == np.prod(kept.shape)
