"""The scale and the leaving-out on branches of residuals."""

import keras
import numpy as np

from kwscls.layers.residual import LayerScale, StochasticDepth


def test_scale_multiplies_each_channel():
    layer = LayerScale(0.5)
    given = np.ones((2, 3, 4, 2), np.float32)
    np.testing.assert_array_equal(layer(given), 0.5 * given)
    layer.scale.assign([2, 3])
    np.testing.assert_array_equal(layer(given)[0, 0, 0], [2, 3])


def test_depth_leaves_whole_clips_out_in_training_only_and_keeps_the_mean():
    layer = StochasticDepth(0.3, seed=1)
    given = np.ones((4000, 2, 2, 3), np.float32)
    np.testing.assert_array_equal(layer(given), given)
    dropped = layer(given, training=True).numpy().reshape(4000, -1)
    assert np.array_equal(dropped.min(axis=1), dropped.max(axis=1))
    np.testing.assert_allclose(np.unique(dropped), [0, 1 / 0.7], rtol=1e-6)
    assert abs(dropped.mean() - 1) < 0.03


def test_they_come_back_from_their_settings():
    for layer in (LayerScale(0.25, name="scale"), StochasticDepth(0.1, seed=3, name="depth")):
        again = keras.layers.deserialize(keras.layers.serialize(layer))
        assert again.get_config() == layer.get_config()
