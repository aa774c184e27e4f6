"""Activations by transformers' names, as its configs and our transformers have them."""

import keras
import tensorflow as tf

from kwscls.errors import KwsclsError


@keras.saving.register_keras_serializable("kwscls")
def gelu(x):
    """The exact Gaussian error linear unit, x * Phi(x), by the error function (no tanh). Any shape, any float type."""
    return 0.5 * x * (1.0 + tf.math.erf(x * 0.7071067811865476))


def gelu_tanh(x):
    """The tanh form of the Gaussian error linear unit. Any shape, any float type."""
    return tf.nn.gelu(x, approximate=True)


def gelu_10(x):
    """The exact Gaussian error linear unit, at most 10."""
    return tf.clip_by_value(gelu(x), -10.0, 10.0)


def laplace(x):
    """The distribution function of a normal variable around sqrt(1/2) with the deviation sqrt(1/(4 pi)), as MEGA has it."""
    return 0.5 * (1.0 + tf.math.erf((x - 0.707107) / (0.282095 * 2 ** 0.5)))


def quick_gelu(x):
    """The logistic form of the Gaussian error linear unit."""
    return x * tf.sigmoid(1.702 * x)


def relu_squared(x):
    """The square of what is above zero."""
    return tf.square(tf.nn.relu(x))


def leaky_relu(x):
    """PyTorch's slope below zero, 0.01; Keras' is 0.2."""
    return tf.nn.leaky_relu(x, 0.01)


ACTIVATIONS = {
    "gelu": gelu,
    "gelu_python": gelu,
    "gelu_new": gelu_tanh,
    "gelu_fast": gelu_tanh,
    "gelu_accurate": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "gelu_python_tanh": gelu_tanh,
    "kwscls>gelu_tanh": gelu_tanh,  # so spelled in older files of ours
    "gelu_10": gelu_10,
    "laplace": laplace,
    "quick_gelu": quick_gelu,
    "relu": tf.nn.relu,
    "relu2": relu_squared,
    "relu6": tf.nn.relu6,
    "leaky_relu": leaky_relu,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "silu": tf.nn.silu,
    "swish": tf.nn.silu,
    "hardswish": keras.activations.hard_silu,
    "mish": keras.activations.mish,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "softplus": tf.math.softplus,
    "linear": tf.identity,
}


def named_activation(name):
    """The function of a name in `ACTIVATIONS`.

    Raises:
        KwsclsError: there is no such name.

    Source: `ACT2FN` (transformers 4.57).
    """
    if name not in ACTIVATIONS:
        known = ", ".join(known for known in ACTIVATIONS if ">" not in known)
        raise KwsclsError("is no activation", name, f"known are {known}")
    return ACTIVATIONS[name]
