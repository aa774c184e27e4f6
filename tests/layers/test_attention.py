"""Attention against its formula in numpy and against Keras' own layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from kwscls.errors import KwsclsError
from kwscls.layers.attention import MultiHeadAttention, NearIdentity

TOKENS = np.random.default_rng(0).normal(size=(2, 5, 12)).astype(np.float32)


def drawn(layer, shape=TOKENS.shape):
    """The layer with weights that are nowhere 0."""
    layer.build(shape)
    draw = np.random.default_rng(1).normal
    layer.set_weights([draw(size=weight.shape, scale=0.5) for weight in layer.weights])
    return layer


def formula(layer, tokens, allowed=None):
    """Answer and weights in float64, head by head."""
    weights = {"/".join(weight.path.split("/")[-2:]): weight.numpy().astype(np.float64) for weight in layer.weights}
    joint = tokens @ weights["query_key_value/kernel"] + weights.get("query_key_value/bias", 0)
    size = joint.shape[-1] // 3 // layer.heads
    heads, maps = [], []
    for head in range(layer.heads):
        query, key, value = (joint[..., part * layer.heads * size + head * size:][..., :size] for part in range(3))
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(size)
        if allowed is not None:
            scores = np.where(np.asarray(allowed, bool)[:, None, :], scores, -np.inf)
        maps.append(softmax(scores, axis=-1))
        heads.append(maps[-1] @ value)
    return np.concatenate(heads, -1) @ weights["output/kernel"] + weights.get("output/bias", 0), np.stack(maps, 1)


@pytest.mark.parametrize("options", [dict(heads=3), dict(heads=1), dict(heads=3, qkv_bias=False),
                                     dict(heads=2, head_size=5), dict(heads=4, output_bias=False)])
@pytest.mark.parametrize("allowed", [None, [[1, 1, 1, 0, 0], [0, 1, 0, 1, 1]]])
def test_answers_by_the_formula(options, allowed):
    layer = drawn(MultiHeadAttention(**options))
    answer, weights = layer(TOKENS, attention_mask=allowed and tf.constant(allowed), return_attention=True)
    expected, maps = formula(layer, TOKENS, allowed)
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(weights, maps, atol=1e-6)
    np.testing.assert_array_equal(layer(TOKENS, attention_mask=allowed and tf.constant(allowed)), answer)


def test_the_first_tokens_alone():
    layer = drawn(MultiHeadAttention(3))
    whole, maps = layer(TOKENS, return_attention=True)
    some, their_maps = layer(TOKENS, return_attention=True, answered=2)
    np.testing.assert_allclose(some, whole[:, :2], atol=1e-5)
    np.testing.assert_allclose(their_maps, maps[:, :, :2], atol=1e-6)


def test_answers_as_keras():
    ours = drawn(MultiHeadAttention(3, name="ours"))
    theirs = keras.layers.MultiHeadAttention(3, 4)
    theirs.build(TOKENS.shape, TOKENS.shape)
    kernel, bias, out, out_bias = ours.get_weights()
    parts = [(part.reshape(12, 3, 4), shift.reshape(3, 4))
             for part, shift in zip(np.split(kernel, 3, 1), np.split(bias, 3))]
    theirs.set_weights([*parts[0], *parts[1], *parts[2], out.reshape(3, 4, 12), out_bias])
    np.testing.assert_allclose(ours(TOKENS), theirs(TOKENS, TOKENS), rtol=1e-5, atol=1e-5)


def test_masked_keys_change_nothing():
    layer, allowed = drawn(MultiHeadAttention(3)), tf.constant([[True] * 3 + [False] * 2] * 2)
    changed = TOKENS.copy()
    changed[:, 3:] += 7
    np.testing.assert_allclose(layer(TOKENS, attention_mask=allowed)[:, :3],
                               layer(changed, attention_mask=allowed)[:, :3], atol=1e-6)


def test_a_row_without_keys_stays_finite():
    answer, weights = drawn(MultiHeadAttention(3))(TOKENS, attention_mask=tf.zeros([2, 5]), return_attention=True)
    assert np.isfinite(answer).all()
    np.testing.assert_allclose(weights, 0.2)


def test_softmax_is_float32_under_mixed_precision():
    layer = drawn(MultiHeadAttention(3, dtype="mixed_bfloat16"))
    answer, weights = layer(TOKENS, return_attention=True)
    assert answer.dtype == tf.bfloat16 and weights.dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(weights, -1), 1, atol=1e-6)
    np.testing.assert_allclose(tf.cast(answer, tf.float32), formula(layer, TOKENS)[0], atol=0.1)


def test_dropout_only_in_training():
    layer = drawn(MultiHeadAttention(3, dropout=0.5))
    np.testing.assert_array_equal(layer(TOKENS), layer(TOKENS, training=False))
    assert np.abs(layer(TOKENS, training=True) - layer(TOKENS)).max() > 1e-3


def test_any_number_of_tokens():
    model = keras.Sequential([keras.Input((None, 12)), drawn(MultiHeadAttention(3))])
    assert model.output_shape == (None, None, 12)
    assert model(TOKENS[:, :2]).shape == (2, 2, 12)


def test_config_round_trip():
    layer = MultiHeadAttention(3, head_size=7, qkv_bias=False, output_bias=False, dropout=0.1,
                               kernel_initializer="he_normal", opposed=0.6)
    again = MultiHeadAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_width_must_be_shared_out():
    with pytest.raises(KwsclsError, match="12 features"):
        MultiHeadAttention(5).build((2, 5, 12))


def test_two_layers_start_differently():
    first, second = MultiHeadAttention(3), MultiHeadAttention(3)
    first.build(TOKENS.shape), second.build(TOKENS.shape)
    assert np.abs(first.get_weights()[0] - second.get_weights()[0]).max() > 1e-3
    assert 0.015 < first.get_weights()[0].std() < 0.025 and np.abs(first.get_weights()[0]).max() <= 0.0401


@pytest.mark.parametrize("head_size", [None, 8, 3])
def test_opposed_values_start_as_minus_a_share_of_what_they_read(head_size):
    keras.utils.set_random_seed(0)
    layer = MultiHeadAttention(4, head_size=head_size, opposed=0.6)
    layer.build((None, None, 24))
    joint, output = layer.query_key_value.kernel.numpy(), layer.output_projection.kernel.numpy()
    third = joint.shape[1] // 3
    carried = np.pad(np.ones(min(24, third)), (0, max(0, 24 - third)))  # heads that are too narrow carry a part
    together = joint[:, 2 * third:] @ output
    assert np.abs(np.diag(together) + 0.6 * carried).max() < 0.3
    assert np.abs(together - np.diag(np.diag(together))).max() < 0.3
    assert 0.015 < joint[:, :2 * third].std() < 0.025  # queries and keys start as ever


def test_near_identity():
    start = NearIdentity(-0.5, noise=0.2, seed=1)((400, 300)).numpy()
    noise = start + 0.5 * np.eye(400, 300)
    assert noise.std() == pytest.approx(0.2 / 20, rel=0.05) and abs(noise.mean()) < 1e-3
    np.testing.assert_array_equal(keras.initializers.deserialize(
        keras.initializers.serialize(NearIdentity(-0.5, 0.2, seed=1)))((400, 300)), start)


def test_a_layer_with_opposed_values_survives_a_file(tmp_path):
    inputs = keras.Input((5, 12))
    model = keras.Model(inputs, MultiHeadAttention(3, opposed=0.6)(inputs))
    model.save(tmp_path / "layer.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "layer.keras")(TOKENS), model(TOKENS))
