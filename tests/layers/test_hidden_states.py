"""Leaving layers out, mixing them, and means over real frames."""

import keras
import numpy as np

from kwscls.layers.hidden_states import LayerDrop, MaskedMean, WeightedSum

DRAW = np.random.default_rng(0)


def test_layers_are_left_out_in_training_only():
    keras.utils.set_random_seed(0)
    before, after = np.zeros((2, 3, 4), np.float32), np.ones((2, 3, 4), np.float32)
    layer = LayerDrop(0.25)
    assert all(layer(before, after, training=False).numpy().all() for _ in range(5))
    kept = [layer(before, after, training=True).numpy() for _ in range(400)]
    assert all(one.all() or not one.any() for one in kept)
    assert abs(np.mean(kept) - 0.75) < 0.08


def test_the_mixture_is_a_softmax():
    states = [DRAW.normal(size=(2, 3, 4)).astype(np.float32) for _ in range(3)]
    layer = WeightedSum()
    np.testing.assert_allclose(layer(states), np.mean(states, 0), rtol=1e-5, atol=1e-6)
    layer.set_weights([np.log([0.2, 0.3, 0.5])])
    np.testing.assert_allclose(layer(states), sum(s * w for s, w in zip(states, (0.2, 0.3, 0.5))), rtol=1e-5, atol=1e-6)


def test_means_leave_padding_out():
    frames = DRAW.normal(size=(3, 5, 2)).astype(np.float32)
    mask = np.arange(5) < np.array([[5], [2], [0]])
    ours = MaskedMean()(frames, frame_mask=mask).numpy()
    np.testing.assert_allclose(ours, [frames[0].mean(0), frames[1, :2].mean(0), [0, 0]], rtol=1e-5, atol=1e-6)
