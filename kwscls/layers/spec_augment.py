"""SpecAugment: time that is bent, stretches of it and bands of frequency that are hidden in training."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class SpecAugment(keras.layers.Layer):
    """Bends time, and hides random stretches of frames and random bands of a spectrogram in training; does nothing otherwise.

    Args:
        time_masks: stretches a clip.
        time_width: frames that a stretch has at most.
        frequency_masks: bands a clip.
        frequency_width: bins that a band has at most.
        value: what stands in the hidden places.
        seed: of what is drawn; drawn itself when None.
        time_warp: frames by which one moment of a clip is moved at most, either way; what is before and behind it is
            stretched or squeezed, and both ends stay.

    Call: float [batch, frames, bins], or [batch, frames, bins, channels], to the same.

    Source: Park and others, "SpecAugment", Interspeech 2019 (widths uniform from 0; frames are interpolated on straight lines).
    """

    def __init__(self, time_masks=2, time_width=25, frequency_masks=2, frequency_width=7, value=0.0, seed=None,
                 time_warp=0, **kwargs):
        super().__init__(**kwargs)
        self.time_masks, self.time_width = time_masks, time_width
        self.frequency_masks, self.frequency_width = frequency_masks, frequency_width
        self.value, self.seed, self.time_warp = value, seed, time_warp
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, spectrogram, training=False):
        if not training:
            return spectrogram
        if self.time_warp:
            spectrogram = self._warped(spectrogram)
        hidden = (self._masks(spectrogram, 1, self.time_masks, self.time_width)
                  | self._masks(spectrogram, 2, self.frequency_masks, self.frequency_width))
        return tf.where(hidden, tf.cast(self.value, spectrogram.dtype), spectrogram)

    def _warped(self, spectrogram):
        """A spectrogram whose frames are interpolated between those around a moved moment."""
        batch, frames = tf.shape(spectrogram)[0], spectrogram.shape[1]
        last = frames - 1.0
        most = min(float(self.time_warp), last / 4)
        if most <= 0:
            return spectrogram
        moment = keras.random.uniform([batch, 1], 2 * most, last - 2 * most, seed=self.seed_generator)  # no side is halved
        to = moment + keras.random.uniform([batch, 1], -most, most, seed=self.seed_generator)  # where it is heard
        frame = tf.range(frames, dtype=tf.float32)
        at = tf.where(frame < to, frame * moment / to, last - (last - frame) * (last - moment) / (last - to))  # [batch, frames]
        weights = tf.maximum(0.0, 1 - tf.abs(at[:, :, tf.newaxis] - frame))  # [batch, to, from]
        flat = tf.reshape(spectrogram, [batch, frames, -1])
        return tf.reshape(tf.matmul(tf.cast(weights, flat.dtype), flat), tf.shape(spectrogram))

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
                "value": self.value, "seed": self.seed, "time_warp": self.time_warp}
