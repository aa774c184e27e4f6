"""AST: its sizes, its layers, and its features; its values are checked in tests/pretrained/test_ast.py."""

import keras
import numpy as np
import pytest

from kwscls import models
from kwscls.models.ast import features_model, look_inside
from tests.models.small import SMALL


def count(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize("name, labels, frames, parameters", [
    ("ast", 527, 1024, 5_723_663), ("ast_small", 527, 1024, 22_063_631), ("ast_base", 35, 128, 85_395_491)])
def test_as_many_parameters_as_the_original(weightless, name, labels, frames, parameters):
    assert count(models.build(name, labels, 16000, input_tdim=frames)) == parameters


@pytest.fixture(scope="module")
def small():
    return models.build("ast", ["no", "yes"], 8000, **SMALL["ast"])


def test_frames_and_patches_follow_the_clip(small):
    assert small.get_layer("fbank").output.shape == (None, 48, 128)
    assert small.get_layer("tokens").output.shape == (None, 2 + 12 * 4, 24)
    assert small.embedding.shape == (None, 24)


@pytest.mark.parametrize("samples, frames", [(1600, 16), (16000, 98), (64000, 398)])
def test_any_clip_length(samples, frames):
    model = models.build("ast", 2, samples, **SMALL["ast_base"])
    assert model.get_layer("fbank").output.shape[1] == frames
    assert np.isfinite(model(np.zeros((1, samples), np.float32))).all()


def test_padding_is_zero_before_it_is_standardised():
    model = models.build("ast", 2, 4000, input_tdim=40, **SMALL["ast"])
    standardised = keras.Model(model.inputs[0], model.get_layer("standardize").output)
    features = standardised(np.random.default_rng(0).normal(size=(1, 4000)).astype(np.float32)).numpy()
    np.testing.assert_allclose(features[0, 23:], 0.46703, atol=1e-5)
    assert features[0, :23].std() > 0.01


def test_every_size_is_taken():
    model = models.build("ast", 3, 16000, hidden_size=20, heads=4, layers=1, intermediate_size=30, patch_size=8,
                         fstride=6, tstride=7, input_fdim=40, input_tdim=50, mean=1.0, std=2.0, layer_norm_eps=1e-12,
                         head_norm_eps=1e-3, qkv_bias=False, dropout=0.1, attention_dropout=0.2, hidden_act="relu",
                         activation="sigmoid")
    block = model.get_layer("block_0")
    assert model.activation == "sigmoid"
    assert model.get_layer("tokens").output.shape == (None, 2 + 6 * 7, 20)
    assert block.attention.query_key_value.bias is None and block.mlp_1.units == 30
    assert block.epsilon == model.get_layer("norm").epsilon == 1e-12 and model.get_layer("head_norm").epsilon == 1e-3
    assert block.dropout == 0.1 and block.attention_dropout == 0.2 and block.activation == "relu"


def test_features_enter_behind_the_frontend(small):
    waveform = np.random.default_rng(0).normal(size=(2, 8000)).astype(np.float32)
    features = keras.Model(small.inputs[0], small.get_layer("standardize").output)(waveform)
    np.testing.assert_allclose(features_model(small)(features), small(waveform), atol=1e-6)


def test_hidden_states_and_attention_of_every_block(small):
    waveforms = np.random.default_rng(0).normal(size=(3, 8000)).astype(np.float32)
    states, maps = look_inside(small, waveforms)
    assert [state.shape for state in states] == [(3, 50, 24)] * 4
    assert [weights.shape for weights in maps] == [(3, 2, 50, 50)] * 2
    for weights in maps:
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    pooled = keras.Model(small.inputs[0], small.get_layer("pooled").output)(waveforms)
    np.testing.assert_allclose(states[-1][:, :2].mean(1), pooled, atol=1e-5)


def test_mixed_precision_answers_nearly_the_same(small):
    waveform = np.random.default_rng(0).normal(size=(2, 8000), scale=0.1).astype(np.float32)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = models.build("ast", ["no", "yes"], 8000, **SMALL["ast"])
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(small.get_weights())
    assert mixed.get_layer("block_1").output.dtype == "bfloat16" and mixed.outputs[0].dtype == "float32"
    assert mixed.get_layer("standardize").output.dtype == "float32"
    np.testing.assert_allclose(mixed(waveform), small(waveform), atol=0.02)
