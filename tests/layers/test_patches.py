"""Patches, and the logits of a mean score."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.layers.patches import FoldPatches, PadSamples, PatchLogits, UnfoldPatches


def test_patches_are_cut_in_order_and_come_back():
    x = np.arange(2 * 10 * 3, dtype=np.float32).reshape(2, 10, 3)
    fold = FoldPatches(4, 3)
    patches = fold(x)
    assert patches.shape == (6, 4, 3, 1) and fold.count(10) == 3
    np.testing.assert_array_equal(patches[4, ..., 0], x[1, 3:7])
    together = UnfoldPatches(3)(tf.reshape(patches, [6, -1]))
    np.testing.assert_array_equal(together[1, 1], x[1, 3:7].ravel())


def test_silence_follows_clips_of_unknown_length():
    waveform = keras.Input((None,))
    made = keras.Model(waveform, PadSamples(5)(waveform))
    assert made.output_shape == (None, None) and PadSamples(5).compute_output_shape((None, 3)) == (None, 5)
    np.testing.assert_array_equal(made(np.ones((1, 3))), [[1, 1, 1, 0, 0]])
    assert made(np.ones((1, 7))).shape == (1, 7)


def test_silence_follows():
    assert PadSamples(5)(np.ones((1, 3), np.float32)).numpy().tolist() == [[1, 1, 1, 0, 0]]
    assert PadSamples(2)(np.ones((1, 3), np.float32)).shape == (1, 3)


@pytest.mark.parametrize("scores, function", [("sigmoid", tf.sigmoid), ("softmax", tf.nn.softmax)])
def test_scores_of_the_logits_are_the_mean_of_the_patches_scores(scores, function):
    x = np.random.default_rng(0).normal(size=(4, 3, 6)).astype(np.float32) * 3
    layer = PatchLogits(5, scores)
    answer = function(layer(x)).numpy()
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(answer, function(x @ kernel + bias).numpy().mean(axis=1), rtol=1e-5)
    again = PatchLogits.from_config(layer.get_config())
    assert again.scores == scores and again.units == 5
