"""What is done with the answers of a transformer's layers: leaving layers out, mixing them, averaging over time."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class LayerDrop(keras.layers.Layer):
    """Leaves a layer out for the whole batch, at random and in training only (Fan et al., arXiv 1909.11556).

    Args:
        rate: how often.
        seed: of the draws.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, before, after, training=None):
        """The layer's answer `after`, or what it was given, `before`; both [batch, frames, width]."""
        if not training or self.rate == 0:
            return after
        stays = keras.random.uniform((), dtype="float32", seed=self.seed_generator) >= self.rate
        return tf.where(stays, after, before)

    def compute_output_shape(self, before_shape, after_shape):
        return after_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("kwscls")
class WeightedSum(keras.layers.Layer):
    """A learned mixture of all hidden states: their sum weighted by a softmax. Weight: `weights` [states].

    Input: a list of [batch, frames, width]. Output: [batch, frames, width].
    """

    def build(self, input_shape):
        count = len(input_shape)
        self.mixture = self.add_weight(name="weights", shape=(count,),
                                       initializer=keras.initializers.Constant(1 / count))

    def call(self, states):
        shares = tf.unstack(tf.nn.softmax(self.mixture), num=len(states))
        return tf.add_n([share * state for share, state in zip(shares, states)])

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@keras.saving.register_keras_serializable("kwscls")
class MaskedMean(keras.layers.Layer):
    """The mean over the real frames: [batch, frames, width] to [batch, width]."""

    def call(self, frames, frame_mask=None):
        """Average.

        Args:
            frames: [batch, frames, width].
            frame_mask: [batch, frames], which are real; all when None.
        """
        if frame_mask is None:
            return tf.reduce_mean(frames, axis=1)
        real = tf.cast(frame_mask, frames.dtype)[:, :, None]
        return tf.reduce_sum(frames * real, axis=1) / tf.maximum(tf.reduce_sum(real, axis=1), 1)

    def compute_output_shape(self, frames_shape, frame_mask_shape=None):
        return (frames_shape[0], frames_shape[-1])
