"""The model that is trained: on a strategy's devices and in a precision, while the one that is exported stays plain."""

import contextlib

import keras
import tensorflow as tf

from kwscls.models.classifier import settle

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""What `learner` takes. With the mixed ones, layers compute in 16 bits; weights, frontends, statistics and logits stay
float32."""


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
    settle(made)
    if strategy.num_replicas_in_sync > 1:
        synchronise(made)
    return made


def synchronise(model):
    """Let every batch norm of a model take the statistics of the whole batch, not of its device's share."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


@contextlib.contextmanager
def in_precision(precision):
    """Let layers that are built in the block compute in a precision, where they do not say themselves."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
