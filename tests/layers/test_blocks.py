"""Transformer blocks against their formula in numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erf

from kwscls.layers.blocks import TransformerBlock
from tests.layers.test_attention import TOKENS, drawn, formula


def norm(x, gamma, beta, epsilon):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * gamma + beta


def expected(layer, tokens, allowed=None):
    weights = {weight.path.split("/", 1)[1]: weight.numpy().astype(np.float64) for weight in layer.weights}

    def attention(x):
        return formula(layer.attention, x, allowed)[0]

    def mlp(x):
        hidden = x @ weights["mlp_1/kernel"] + weights["mlp_1/bias"]
        hidden = np.maximum(hidden, 0) if layer.activation == "relu" else (
            hidden * (1 + erf(hidden / np.sqrt(2))) / 2)
        return hidden @ weights["mlp_2/kernel"] + weights["mlp_2/bias"]

    def normed(x, name):
        return norm(x, weights[f"{name}/gamma"], weights[f"{name}/beta"], layer.epsilon)

    tokens = tokens.astype(np.float64)
    if layer.norm_first:
        tokens = tokens + attention(normed(tokens, "norm1"))
        return tokens + mlp(normed(tokens, "norm2"))
    tokens = normed(tokens + attention(tokens), "norm1")
    return normed(tokens + mlp(tokens), "norm2")


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("options", [dict(), dict(qkv_bias=False, head_size=5, epsilon=0.1), dict(activation="relu")])
@pytest.mark.parametrize("allowed", [None, [[1, 1, 1, 0, 0], [0, 1, 0, 1, 1]]])
def test_answers_by_the_formula(norm_first, options, allowed):
    layer = drawn(TransformerBlock(3, 20, norm_first=norm_first, **options))
    answer = layer(TOKENS, attention_mask=allowed and tf.constant(allowed))
    np.testing.assert_allclose(answer, expected(layer, TOKENS, allowed), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_attention_comes_on_request(norm_first):
    layer = drawn(TransformerBlock(3, 20, norm_first=norm_first))
    answer, weights = layer(TOKENS, return_attention=True)
    np.testing.assert_array_equal(answer, layer(TOKENS))
    assert weights.shape == (2, 3, 5, 5)
    np.testing.assert_allclose(tf.reduce_sum(weights, -1), 1, atol=1e-6)


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_first_tokens_alone(norm_first, tmp_path):
    layer, tokens = drawn(TransformerBlock(3, 20, norm_first=norm_first)), keras.Input((5, 12))
    model = keras.Model(tokens, layer(tokens, answered=2))
    assert model.output_shape == (None, 2, 12)
    np.testing.assert_allclose(model(TOKENS), layer(TOKENS)[:, :2], rtol=1e-5, atol=1e-5)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")(TOKENS), model(TOKENS))


@pytest.mark.parametrize("rate", ["dropout", "attention_dropout", "mlp_dropout"])
def test_each_dropout_acts_in_training_only(rate):
    layer = drawn(TransformerBlock(3, 20, **{rate: 0.5}))
    np.testing.assert_allclose(layer(TOKENS), expected(layer, TOKENS), rtol=2e-5, atol=2e-5)
    assert np.abs(layer(TOKENS, training=True) - layer(TOKENS)).max() > 1e-2


def test_mixed_precision_is_near():
    layer = drawn(TransformerBlock(3, 20, dtype="mixed_bfloat16"))
    answer = layer(TOKENS)
    assert answer.dtype == tf.bfloat16 and all(weight.dtype == "float32" for weight in layer.weights)
    true = expected(layer, TOKENS)
    np.testing.assert_allclose(tf.cast(answer, tf.float32), true, atol=0.05 * np.abs(true).max())


@pytest.mark.parametrize("norm_first", [True, False])
def test_gradients_reach_every_weight(norm_first):
    layer = drawn(TransformerBlock(3, 20, norm_first=norm_first))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(TOKENS) * tf.random.stateless_normal(TOKENS.shape, [0, 1]))
    gradients = tape.gradient(loss, [weight.value for weight in layer.trainable_weights])
    for weight, gradient in zip(layer.trainable_weights, gradients):
        assert gradient is not None and np.abs(gradient).max() > 0, weight.path


def test_file_round_trip(tmp_path):
    inputs, mask = keras.Input((None, 12)), keras.Input((None,))
    first = TransformerBlock(3, 20, dropout=0.1, name="first")(inputs, attention_mask=mask)
    second = TransformerBlock(2, 8, norm_first=False, head_size=5, qkv_bias=False, activation="quick_gelu", epsilon=1e-3,
                              attention_dropout=0.1, mlp_dropout=0.2, name="second")(first, attention_mask=mask)
    model = keras.Model([inputs, mask], second)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    allowed = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], np.float32)
    np.testing.assert_array_equal(again([TOKENS, allowed]), model([TOKENS, allowed]))
    assert again.get_layer("second").get_config() == model.get_layer("second").get_config()
