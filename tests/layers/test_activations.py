"""Activations against the formulas of PyTorch and transformers, and where they stand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erf, expit
from scipy.stats import norm

from kwscls.errors import KwsclsError
from kwscls.layers.activations import ACTIVATIONS, named_activation
from kwscls.layers.blocks import TransformerBlock
from kwscls.layers.feature_encoder import FeatureEncoder
from kwscls.layers.positional import PositionalConv

X = np.linspace(-6, 6, 1001, dtype=np.float32)
TANH = X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))) / 2
EXPECTED = {
    **dict.fromkeys(("gelu", "gelu_python"), X * (1 + erf(X / np.sqrt(2))) / 2),
    **dict.fromkeys(("gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"), TANH),
    "quick_gelu": X * expit(1.702 * X), "relu": np.maximum(X, 0), "relu2": np.maximum(X, 0)**2,
    "relu6": np.clip(X, 0, 6), "leaky_relu": np.where(X > 0, X, 0.01 * X), "elu": np.where(X > 0, X, np.expm1(X)),
    "silu": X * expit(X), "swish": X * expit(X), "hardswish": X * np.clip(X + 3, 0, 6) / 6,
    "mish": X * np.tanh(np.log1p(np.exp(X))), "sigmoid": expit(X), "tanh": np.tanh(X), "linear": X,
    "laplace": norm.cdf(X, 0.707107, 0.282095),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_by_the_formula(name):
    np.testing.assert_allclose(named_activation(name)(tf.constant(X)), EXPECTED[name], rtol=1e-5, atol=1e-6)


def test_a_gelu_of_at_most_ten():
    x = 3 * X
    np.testing.assert_allclose(named_activation("gelu_10")(tf.constant(x)), np.minimum(x * (1 + erf(x / np.sqrt(2))) / 2, 10),
                               rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_in_low_precision(name):
    assert named_activation(name)(tf.constant(X, tf.bfloat16)).dtype == tf.bfloat16


@pytest.mark.parametrize("make", [lambda name: TransformerBlock(2, 8, activation=name),
                                  lambda name: FeatureEncoder((4,), (3,), (1,), activation=name),
                                  lambda name: PositionalConv(3, 2, activation=name)])
def test_layers_keep_the_name(make):
    layer = make("gelu_new")
    config = keras.saving.serialize_keras_object(layer)
    assert keras.saving.deserialize_keras_object(config).get_config()["activation"] == "gelu_new"
    with pytest.raises(KwsclsError, match="prelu: is no activation; known are gelu, .*linear"):
        make("prelu")
