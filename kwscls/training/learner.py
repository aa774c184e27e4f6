"""The model that is trained: on a strategy's devices and in a precision, while the one that is exported stays plain."""

import contextlib

import keras
import tensorflow as tf

from kwscls.layers.class_maps import ClassMaps
from kwscls.layers.positional import PositionalConv
from kwscls.layers.subspectral import FrequencyDepthwise
from kwscls.layers.tokens import PatchEmbedding
from kwscls.models.classifier import settle

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""What `learner` takes. With the mixed ones, layers compute in 16 bits; weights, frontends, statistics and logits stay
float32, and so do convolutions where there is no GPU."""

CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D,
                keras.layers.SeparableConv1D, keras.layers.SeparableConv2D,
                ClassMaps, FrequencyDepthwise, PatchEmbedding, PositionalConv)


def learner(model, build, strategy, precision="float32"):
    """A model to train in the place of another, which takes its weights afterwards.

    Batch norms of a batch that is shared out among devices take the statistics of the whole batch.

    Args:
        model: the `AudioClassifier`, float32 and of one device, with its first weights and frozen layers.
        build: a function that builds the same network.
        strategy: the `tf.distribute.Strategy` on whose devices it is to learn.
        precision: of `PRECISIONS`.

    Returns:
        A model with the same weights; where one device learns in float32, the very same.
    """
    if strategy is tf.distribute.get_strategy() and precision == "float32":
        return model
    with strategy.scope(), in_precision(precision):
        made = build()
    for mine, theirs in zip(made.layers, model.layers, strict=True):
        mine.trainable = theirs.trainable
    made.set_weights(model.get_weights())
    spare_convolutions(made)
    settle(made)
    if strategy.num_replicas_in_sync > 1:
        synchronise(made)
    return made


def synchronise(model):
    """Let every batch norm of a model take the statistics of the whole batch, not of its device's share."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def spare_convolutions(model):
    """Let the convolutions of a model compute in float32 where there is no GPU."""
    if not tf.config.list_logical_devices("GPU"):
        convolve_in_float32(model)


def convolve_in_float32(model):
    """Let every convolution of a model, or of a layer, compute in float32.

    On processors with AMX tiles, the 16-bit ones of TensorFlow 2.17 (oneDNN) are wrong or not a number where a kernel is
    wide and its channels are few, or where strides leave one column; elsewhere on a CPU they are slower than float32.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, CONVOLUTIONS):
            layer.dtype_policy = "float32"


@contextlib.contextmanager
def in_precision(precision):
    """Let layers that are built in the block compute in a precision, where they do not say themselves."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
