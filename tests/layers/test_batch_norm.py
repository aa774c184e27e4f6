"""The fused batch norm against Keras' own layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.layers.batch_norm import FusedBatchNormalization


def draw(*shape):
    return np.random.default_rng(len(shape)).normal(1, 2, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(6, 5), (4, 7, 5), (3, 4, 6, 5), (2, 3, 4, 2, 5)])
@pytest.mark.parametrize("gains", [dict(), dict(scale=False), dict(center=False)])
def test_answers_gradients_and_means_are_those_of_keras(shape, gains):
    ours, theirs = (
        kind(epsilon=1e-3, momentum=0.8, **gains)
        for kind in (FusedBatchNormalization, keras.layers.BatchNormalization)
    )
    x, towards = tf.constant(draw(*shape)), draw(*shape)
    found = []
    for layer in (ours, theirs):
        layer.build(shape)
        layer.set_weights([0.5 + np.abs(draw(5)) for _ in layer.weights])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(y * towards)
        gradients = tape.gradient(
            loss, [x, *(weight.value for weight in layer.trainable_variables)]
        )
        found.append([y, *gradients, layer.moving_mean, layer(x, training=False) * 0])
    for one, other in zip(*found):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)
    count = np.prod(shape[:-1])
    start = 0.5 + np.abs(draw(5))
    unbiased = np.asarray(x).reshape(-1, 5).var(axis=0) * count / (count - 1)
    np.testing.assert_allclose(ours.moving_variance, 0.8 * start + 0.2 * unbiased, rtol=1e-4)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        ours(x, training=False), theirs(x, training=False), rtol=1e-4, atol=1e-5
    )


def test_frozen_it_keeps_its_statistics():
    layer = FusedBatchNormalization()
    x = draw(8, 5)
    layer.build(x.shape)
    layer.trainable = False
    np.testing.assert_allclose(layer(x, training=True), layer(x, training=False))
    assert np.all(layer.moving_mean.numpy() == 0)


def test_half_precision_keeps_float32_statistics_and_the_config_survives():
    layer = FusedBatchNormalization(dtype="mixed_bfloat16", epsilon=1e-5)
    y = layer(draw(8, 4, 5), training=True)
    assert y.dtype == tf.bfloat16 and layer.moving_mean.dtype == "float32"
    assert FusedBatchNormalization.from_config(layer.get_config()).epsilon == 1e-5


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("scale", [True, False])
def test_whole_policies_of_another_precision(dtype, scale):
    """Not mixed: the statistics are of that precision too."""
    x = np.random.default_rng(0).normal(2, 3, (4, 5, 6))
    ours = FusedBatchNormalization(dtype=dtype, scale=scale, center=scale)
    theirs = keras.layers.BatchNormalization(dtype=dtype, scale=scale, center=scale)
    for training in (True, False):
        one, other = (np.asarray(tf.cast(layer(x, training=training), tf.float64)) for layer in (ours, theirs))
        np.testing.assert_allclose(one, other, rtol=0.05 if "16" in dtype else 0.005, atol=0.02)  # ours moves by the unbiased variance
