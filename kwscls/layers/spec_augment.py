"""SpecAugment: stretches of time and bands of frequency hidden in training."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class SpecAugment(keras.layers.Layer):
    """Hides random stretches of frames and random bands of a spectrogram in training; does nothing otherwise.

    Args:
        time_masks: stretches a clip.
        time_width: frames that a stretch has at most.
        frequency_masks: bands a clip.
        frequency_width: bins that a band has at most.
        value: what stands in the hidden places.
        seed: of the masks; drawn when None.

    Call: float [batch, frames, bins], or [batch, frames, bins, channels], to the same.

    Source: Park and others, "SpecAugment", Interspeech 2019 (masks only; widths uniform from 0).
    """

    def __init__(self, time_masks=2, time_width=25, frequency_masks=2, frequency_width=7, value=0.0, seed=None,
                 **kwargs):
        super().__init__(**kwargs)
        self.time_masks, self.time_width = time_masks, time_width
        self.frequency_masks, self.frequency_width = frequency_masks, frequency_width
        self.value, self.seed = value, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, spectrogram, training=False):
        if not training:
            return spectrogram
        hidden = (self._masks(spectrogram, 1, self.time_masks, self.time_width)
                  | self._masks(spectrogram, 2, self.frequency_masks, self.frequency_width))
        return tf.where(hidden, tf.cast(self.value, spectrogram.dtype), spectrogram)

    def _masks(self, spectrogram, axis, count, width):
        """Which places of an axis are hidden: bool, of the spectrogram's rank, 1 along the other axes."""
        batch, size = tf.shape(spectrogram)[0], tf.shape(spectrogram)[axis]
        widths = keras.random.uniform([batch, count, 1], 0, width + 1, seed=self.seed_generator)
        widths = tf.floor(tf.minimum(widths, width))
        room = tf.cast(size, tf.float32) - widths
        starts = tf.floor(keras.random.uniform([batch, count, 1], seed=self.seed_generator) * (room + 1))
        places = tf.range(tf.cast(size, tf.float32))
        hidden = tf.reduce_any((places >= starts) & (places < starts + widths), axis=1)  # [batch, size]
        shape = [batch if at == 0 else size if at == axis else 1 for at in range(spectrogram.shape.rank)]
        return tf.reshape(hidden, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "time_masks": self.time_masks, "time_width": self.time_width,
                "frequency_masks": self.frequency_masks, "frequency_width": self.frequency_width,
                "value": self.value, "seed": self.seed}
