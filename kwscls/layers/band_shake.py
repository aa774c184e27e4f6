"""Another voice and another microphone: mel bands that are stretched and weighed at random in training."""

import keras
import numpy as np
import tensorflow as tf

NEPERS = np.log(10) / 10
"""Natural logarithm of a power, for each decibel."""


@keras.saving.register_keras_serializable("kwscls")
class BandShake(keras.layers.Layer):
    """Stretches the bands of a log-mel spectrogram and raises or lowers them in training; does nothing otherwise.

    A voice with a longer throat has its formants lower: all bands move by a share of their place. A microphone or a
    room colours the sound: a line through a few random gains is added to all frames of a clip.

    Args:
        warp: the most that bands are stretched either way, as a share of their place, below 1.
        gain: the most that a band is raised or lowered, in decibels.
        knots: random gains from the lowest band to the highest, joined by straight lines.
        seed: of what is drawn.

    Call: float [batch, frames, bands], natural logarithms of powers, to the same.

    Source: Jaitly and Hinton, "Vocal Tract Length Perturbation", 2013; Nam and others, "FilterAugment", ICASSP 2022.
    """

    def __init__(self, warp=0.0, gain=0.0, knots=4, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.warp, self.gain, self.knots, self.seed = warp, gain, knots, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, spectrogram, training=False):
        if training and self.warp:
            spectrogram = self._warped(spectrogram)
        if training and self.gain:
            spectrogram += tf.cast(self._gains(spectrogram), spectrogram.dtype)
        return spectrogram

    def _warped(self, spectrogram):
        batch, bands = tf.shape(spectrogram)[0], spectrogram.shape[2]
        stretch = 1 + keras.random.uniform([batch, 1], -self.warp, self.warp, seed=self.seed_generator)
        at = tf.minimum(tf.range(bands, dtype=tf.float32) * stretch, bands - 1.0)  # [batch, bands]
        weights = tf.maximum(0.0, 1 - tf.abs(at[:, tf.newaxis] - tf.range(bands, dtype=tf.float32)[:, tf.newaxis]))
        return tf.matmul(spectrogram, tf.cast(weights, spectrogram.dtype))  # [batch, from, to]: linear interpolation

    def _gains(self, spectrogram):
        batch, bands = tf.shape(spectrogram)[0], spectrogram.shape[2]
        gains = keras.random.uniform([batch, self.knots], -self.gain, self.gain, seed=self.seed_generator) * NEPERS
        places = np.linspace(0, self.knots - 1, bands)
        lines = np.maximum(0, 1 - np.abs(places - np.arange(self.knots)[:, np.newaxis]))  # [knots, bands]
        return tf.matmul(gains, tf.constant(lines, tf.float32))[:, tf.newaxis]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "warp": self.warp, "gain": self.gain, "knots": self.knots, "seed": self.seed}
