"""Batch norm by TensorFlow's fused operation: the numbers of Keras' layer in fewer passes."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch norm over the last axis, computed and differentiated by one operation each.

    Keras composes the norm of a dozen operations, which on a CPU costs a small network more than
    its convolutions. Weights, config and answers are those of Keras' layer; statistics are float32.
    One thing differs: the moving variance takes the unbiased variance of a batch, as PyTorch's
        does.

    Args, weights: those of Keras' layer; `axis` is the last one. Masks are not heeded.
    """

    def call(self, inputs, training=None, mask=None):
        return self._normalised(inputs, training and self.trainable)

    def _normalised(self, inputs, learning):
        whole = tf.shape(inputs)
        x = tf.cast(inputs, tf.float32)
        if inputs.shape.rank != 4:
            x = tf.reshape(x, [-1, 1, 1, self.moving_mean.shape[0]])
        gain = tf.cast(self.gamma, tf.float32) if self.scale else tf.ones_like(self.moving_mean)
        shift = tf.cast(self.beta, tf.float32) if self.center else tf.zeros_like(self.moving_mean)
        mean, variance = ([], []) if learning else (self.moving_mean, self.moving_variance)
        normed = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=gain,
            offset=shift,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=bool(learning),
        )
        if learning:
            self.moving_mean.assign(
                self.momentum * self.moving_mean + (1 - self.momentum) * normed.batch_mean
            )
            self.moving_variance.assign(
                self.momentum * self.moving_variance + (1 - self.momentum) * normed.batch_variance
            )
        y = tf.cast(normed.y, self.compute_dtype)
        if inputs.shape.rank != 4:
            y = tf.ensure_shape(tf.reshape(y, whole), inputs.shape)
        return y
