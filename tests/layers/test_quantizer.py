"""The product quantizer: what it chooses, and how its choice learns."""

import keras
import numpy as np
import tensorflow as tf

from kwscls.layers.quantizer import ProductQuantizer

FEATURES = np.random.default_rng(0).normal(size=(2, 6, 5)).astype(np.float32)


def test_out_of_training_the_most_likely_entries_stand_side_by_side():
    layer = ProductQuantizer(2, 4, 6)
    codes, choices = layer(FEATURES)
    logits = (FEATURES @ layer.logits.kernel.numpy()).reshape(2, 6, 2, 4)
    np.testing.assert_array_equal(np.argmax(choices, -1), logits.argmax(-1))
    books = layer.codebook.numpy().reshape(2, 4, 3)
    wanted = np.concatenate([books[0][logits[..., 0, :].argmax(-1)], books[1][logits[..., 1, :].argmax(-1)]], -1)
    np.testing.assert_allclose(codes, wanted, rtol=1e-6)


def test_in_training_codes_are_entries_too_and_choices_the_softmax():
    keras.utils.set_random_seed(0)
    layer = ProductQuantizer(2, 4, 6)
    codes, choices = layer(FEATURES, training=True)
    books = layer.codebook.numpy().reshape(2, 4, 3)
    for group in range(2):
        distance = np.abs(codes.numpy()[..., None, 3 * group:3 * group + 3] - books[group]).max(-1)
        assert (distance.min(-1) < 1e-5).all()
    logits = (FEATURES @ layer.logits.kernel.numpy()).reshape(2, 6, 2, 4)
    np.testing.assert_allclose(choices, tf.nn.softmax(logits), rtol=1e-4)


def test_noise_is_gumbels():
    keras.utils.set_random_seed(0)
    layer = ProductQuantizer(1, 3, 3)
    layer.build((None, None, 5))
    layer.codebook.assign(np.eye(3))
    layer.logits.set_weights([np.zeros((5, 3)), np.log([0.5, 0.3, 0.2])])
    codes, _ = layer(np.zeros((20, 500, 5), np.float32), training=True)
    np.testing.assert_allclose(np.mean(codes, (0, 1)), [0.5, 0.3, 0.2], atol=0.02)


def test_gradients_pass_the_choice():
    layer = ProductQuantizer(2, 4, 6)
    with tf.GradientTape() as tape:
        codes, _ = layer(FEATURES, training=True)
        loss = tf.reduce_sum(tf.square(codes))
    weights = layer.trainable_variables
    for weight, gradient in zip(weights, tape.gradient(loss, [weight.value for weight in weights])):
        assert gradient is not None and np.abs(gradient).max() > 0, weight.path
    assert "temperature" not in [weight.name for weight in layer.trainable_variables]
