"""Losses and metrics of models that answer for each frame: with targets for frames, and with one label a clip."""

import keras
import tensorflow as tf

from kwscls.training.measures import hit


@keras.saving.register_keras_serializable("kwscls")
class FrameCrossentropy(keras.losses.Loss):
    """The mean cross-entropy over the frames of a batch that have a target.

    Targets: int [batch, frames], places among the labels; below zero: padding or unlabelled, which does not count.
    Logits: [batch, frames, labels].

    Args:
        activation: "softmax", or "sigmoid" for a yes or no to each label.
        label_smoothing: share of each target spread evenly over the labels.
    """

    def __init__(self, activation="softmax", label_smoothing=0.0, name="frame_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.activation, self.label_smoothing = activation, label_smoothing

    def call(self, targets, logits):
        counts = tf.cast(targets >= 0, tf.float32)  # [batch, frames]
        meant = tf.one_hot(tf.cast(targets, tf.int32), logits.shape[-1])
        losses = crossentropy(meant, logits, self.activation, self.label_smoothing)
        return losses * counts * tf.cast(tf.size(counts), tf.float32) / tf.maximum(self.counted(targets), 1.0)

    @staticmethod
    def counted(targets):
        """How many frames have a target, as a float."""
        return tf.reduce_sum(tf.cast(targets >= 0, tf.float32))

    def get_config(self):
        return {"name": self.name, "activation": self.activation, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("kwscls")
class FrameAccuracy(keras.metrics.MeanMetricWrapper):
    """The share of frames with a target whose highest score is there; arguments as of `FrameCrossentropy`."""

    def __init__(self, activation="softmax", name="accuracy", **kwargs):
        self.activation = activation
        super().__init__(_right, name=name, **kwargs)

    def update_state(self, targets, logits, sample_weight=None):
        return super().update_state(targets, logits, tf.cast(targets >= 0, tf.float32))

    def get_config(self):
        return {"name": self.name, "activation": self.activation}


@keras.saving.register_keras_serializable("kwscls")
class PooledCrossentropy(keras.losses.Loss):
    """The cross-entropy of a clip's label with the mean of its frames' scores, as evaluation averages them.

    Targets: [batch, labels], shares of each label. Logits: [batch, frames, labels].

    Args:
        activation: "softmax" or "sigmoid".
        label_smoothing: share of each target spread evenly over the labels.
    """

    def __init__(self, activation="softmax", label_smoothing=0.0, name="pooled_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.activation, self.label_smoothing = activation, label_smoothing

    def call(self, targets, logits):
        return crossentropy(targets, pooled(logits, self.activation), self.activation, self.label_smoothing)

    def get_config(self):
        return {"name": self.name, "activation": self.activation, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("kwscls")
class PooledAccuracy(keras.metrics.MeanMetricWrapper):
    """The share of clips whose mean score over frames is highest at one of their labels; arguments as of `PooledCrossentropy`."""

    def __init__(self, activation="softmax", name="accuracy", **kwargs):
        self.activation = activation
        super().__init__(self._right, name=name, **kwargs)

    def _right(self, targets, logits):
        return hit(targets, pooled(logits, self.activation))

    def get_config(self):
        return {"name": self.name, "activation": self.activation}


def crossentropy(targets, logits, activation, label_smoothing):
    """The cross-entropy along the last axis, which it takes away; sigmoids' are averaged over the labels."""
    if activation == "sigmoid":
        targets = targets * (1 - label_smoothing) + 0.5 * label_smoothing
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits), axis=-1)
    targets = targets * (1 - label_smoothing) + label_smoothing / logits.shape[-1]
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def pooled(logits, activation):
    """Logits [batch, labels] whose scores are the means of the frames' scores, from logits [batch, frames, labels]."""
    frames = tf.math.log(tf.cast(tf.shape(logits)[1], logits.dtype))
    if activation == "sigmoid":
        yes, no = (tf.reduce_logsumexp(tf.math.log_sigmoid(side * logits), axis=1) - frames for side in (1, -1))
        return yes - no
    return tf.reduce_logsumexp(tf.nn.log_softmax(logits), axis=1) - frames


def _right(targets, logits):
    return tf.cast(tf.equal(tf.cast(targets, tf.int64), tf.argmax(logits, axis=-1)), tf.float32)
