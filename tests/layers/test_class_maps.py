"""One map a label, and its mean."""

import keras
import numpy as np

from kwscls.layers.class_maps import ClassMaps

FEATURES = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)


def test_logits_are_the_means_of_rectified_maps():
    layer = ClassMaps(6)
    answer = layer(FEATURES).numpy()
    maps = FEATURES @ layer.kernel.numpy()[0, 0] + layer.bias.numpy()
    np.testing.assert_allclose(answer, np.maximum(maps, 0).mean(axis=(1, 2)), atol=1e-6)


def test_without_the_relu_they_may_be_negative():
    layer = ClassMaps(6, rectified=False)
    np.testing.assert_allclose(layer(FEATURES), (FEATURES @ layer.kernel.numpy()[0, 0]).mean(axis=(1, 2)), atol=1e-6)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert not again.rectified and again.labels == 6
