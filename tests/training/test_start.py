"""The start of deep nets without norms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.data.order import Indexed
from kwscls.settings import TrainSettings
from kwscls.training import start
from kwscls.training.recipes import Recipe
from kwscls.training.run import start_model


class Given(Indexed):
    """Forty clips of eight samples."""

    waveforms = np.random.default_rng(0).normal(3, 2, [40, 8]).astype(np.float32)

    def __len__(self):
        return len(self.waveforms)

    def batch(self, indices):
        return tf.gather(self.waveforms, indices), tf.zeros([tf.size(indices), 2])


@pytest.fixture
def deep():
    """Two convolutions, of which a norm follows the second, a dense layer and a head."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input([8])
    x = keras.layers.Reshape([4, 2, 1])(x)
    x = keras.layers.Conv2D(6, 3, padding="same", name="stage1_conv")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(5, 3, padding="same", use_bias=False, name="stage2_conv")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dense(4, name="fc6")(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


def answers(model, name):
    """What a layer says to the clips, [values, channels]."""
    found = keras.Model(model.inputs[0], model.get_layer(name).output)(Given.waveforms).numpy()
    return found.reshape(-1, found.shape[-1])


def test_each_channel_varies_by_1_around_0(deep):
    assert np.abs(answers(deep, "stage1_conv").mean(axis=0)).max() > 0.3
    start.even_out(deep, Given())
    for name in ("stage1_conv", "fc6"):
        np.testing.assert_allclose(answers(deep, name).mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(answers(deep, name).std(axis=0), 1, rtol=1e-4)


def test_what_a_norm_follows_and_the_head_stay(deep):
    before = {name: deep.get_layer(name).get_weights() for name in ("stage2_conv", "norm", "logits")}
    start.even_out(deep, Given())
    for name, weights in before.items():
        for old, new in zip(weights, deep.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


def test_a_channel_that_says_nothing_is_not_magnified(deep):
    layer = deep.get_layer("fc6")
    layer.kernel.assign(layer.kernel * [1.0, 1.0, 1.0, 1e-9])
    start.even_out(deep, Given())
    assert answers(deep, "fc6")[:, 3].std() < 1e-6


def test_the_recipe_asks_for_it_where_no_weights_are_given(deep, monkeypatch):
    monkeypatch.setattr("kwscls.pretrained.load", lambda model, source: [])
    fresh = deep.get_weights()
    for recipe, settings, evened in ((Recipe(), TrainSettings(), False), (Recipe(even_start=True), TrainSettings(), True),
                                     (Recipe(even_start=True), TrainSettings(weights="some.npz"), False)):
        deep.set_weights(fresh)
        start_model(deep, settings, recipe, Given())
        assert (not np.array_equal(deep.get_layer("fc6").kernel, fresh[-4])) == evened
