"""Statistics that a model learns from its training clips."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.data.order import Indexed
from kwscls.training import statistics


class Given(Indexed):
    """Clips that are given as they are."""

    def __init__(self, waveforms):
        self.waveforms = waveforms

    def __len__(self):
        return len(self.waveforms)

    def batch(self, indices):
        return tf.gather(self.waveforms, indices), tf.zeros([tf.size(indices), 2])


def network(width):
    """A model that only normalises each of its inputs."""
    inputs = keras.Input([width])
    return keras.Model(inputs, keras.layers.Normalization(axis=-1, name="normalization")(inputs))


@pytest.fixture
def spreads():
    """The deviations of three bands, of which the last hardly varies."""
    return np.array([3.0, 4.0, 0.01], np.float32)


def test_bands_get_their_own_mean_and_deviation(spreads):
    values = np.random.default_rng(0).normal(0, spreads, [500, 3]).astype(np.float32) + [1, 2, 3]
    model = network(3)
    statistics.adapt(model, Given(values.astype(np.float32)))
    layer = model.get_layer("normalization")
    np.testing.assert_allclose(layer.mean, [values.mean(axis=0)], rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(layer.variance)[0, :2], values.std(axis=0)[:2], rtol=1e-4)


def test_a_band_that_hardly_varies_is_not_magnified(spreads):
    values = np.random.default_rng(0).normal(0, spreads, [500, 3]).astype(np.float32)
    model = network(3)
    statistics.adapt(model, Given(values))
    everything = np.sqrt((values.std(axis=0) ** 2).mean())
    heard = model(np.array([[0, 0, 4.0]], np.float32))  # noise where there was none
    np.testing.assert_allclose(heard[0, 2], 4.0 / (0.25 * everything), rtol=1e-2)
