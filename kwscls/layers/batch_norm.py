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

    Args, weights: those of Keras' layer; `axis` is the last one. Masks are not heeded. Where it is
        `synchronized` and a batch is shared out among several devices, the statistics are those of
        the whole batch.
    """

    def call(self, inputs, training=None, mask=None):
        return self._normalised(inputs, training and self.trainable)

    def _normalised(self, inputs, learning):
        whole = tf.shape(inputs)
        x = tf.cast(inputs, tf.float32)
        if inputs.shape.rank != 4:
            x = tf.reshape(x, [-1, 1, 1, self.moving_mean.shape[0]])
        gain = tf.cast(self.gamma, tf.float32) if self.scale else tf.ones([x.shape[-1]])
        shift = tf.cast(self.beta, tf.float32) if self.center else tf.zeros([x.shape[-1]])
        replica = tf.distribute.get_replica_context()
        if learning and self.synchronized and replica and replica.num_replicas_in_sync > 1:
            y = self._normalised_together(x, gain, shift, replica)
        else:
            y = self._normalised_here(x, gain, shift, learning)
        y = tf.cast(y, self.compute_dtype)
        if inputs.shape.rank != 4:
            y = tf.ensure_shape(tf.reshape(y, whole), inputs.shape)
        return y

    def _normalised_here(self, x, gain, shift, learning):
        statistics = (self.moving_mean, self.moving_variance)
        mean, variance = ([], []) if learning else (tf.cast(one, tf.float32) for one in statistics)
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
            self._move(normed.batch_mean, normed.batch_variance)
        return normed.y

    def _normalised_together(self, x, gain, shift, replica):
        """With the statistics of what all replicas have of the batch."""

        def everywhere(value):
            return replica.all_reduce(tf.distribute.ReduceOp.SUM, value)

        axes = [0, 1, 2]
        count = everywhere(tf.cast(tf.size(x), tf.float32)) / x.shape[-1]
        mean = everywhere(tf.reduce_sum(x, axes)) / count
        variance = everywhere(tf.reduce_sum(tf.square(x - mean), axes)) / count
        self._move(mean, variance * count / tf.maximum(count - 1, 1))
        return tf.nn.batch_normalization(x, mean, variance, shift, gain, self.epsilon)

    def _move(self, mean, variance):
        """Move the statistics towards those of a batch."""
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * tf.cast(new, moving.dtype))
