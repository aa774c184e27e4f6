"""What is done to a waveform before anything listens to it."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class WaveformNormalization(keras.layers.Layer):
    """Zero mean and unit variance for each clip, over its real samples; those past them become zero.

    Args:
        epsilon: added to the variance under the root; silence stays zero.

    Source: `Wav2Vec2FeatureExtractor` (transformers 4.57).
    """

    def __init__(self, epsilon=1e-7, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, waveform, sample_mask=None):
        """Normalise.

        Args:
            waveform: [batch, samples].
            sample_mask: [batch, samples], 1 for the real ones; all when None.
        """
        waveform = tf.cast(waveform, tf.float32)
        if sample_mask is None:
            mean, variance = tf.nn.moments(waveform, axes=[1], keepdims=True)
            normed = (waveform - mean) * tf.math.rsqrt(variance + self.epsilon)
        else:
            real = tf.cast(sample_mask, tf.float32)
            count = tf.maximum(tf.reduce_sum(real, axis=1, keepdims=True), 1.0)
            mean = tf.reduce_sum(waveform * real, axis=1, keepdims=True) / count
            variance = tf.reduce_sum(tf.square(waveform - mean) * real, axis=1, keepdims=True) / count
            normed = (waveform - mean) * tf.math.rsqrt(variance + self.epsilon) * real
        return tf.cast(normed, self.compute_dtype)

    def compute_output_shape(self, waveform_shape, sample_mask_shape=None):
        return waveform_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
