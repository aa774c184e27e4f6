"""A spectrogram as an image that a backbone of computer vision reads."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class SpectrogramImage(keras.layers.Layer):
    """Turns a spectrogram upright: low bands in the first row, time across. Always in float32.

    Args:
        size: height and width to which the image is resized (bilinear, smoothed where it shrinks); None leaves it at
            bands x frames.
        channels: how often the image is repeated along its last axis.

    Call: float [batch, frames, bands] to float32 [batch, height, width, channels].
    """

    def __init__(self, size=None, channels=1, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.size = None if size is None else tuple(int(side) for side in size)
        self.channels = int(channels)

    def call(self, spectrogram):
        image = tf.transpose(spectrogram, [0, 2, 1])[..., tf.newaxis]
        if self.size:
            image = tf.image.resize(image, self.size, antialias=True)
        return tf.repeat(image, self.channels, axis=-1) if self.channels > 1 else image

    def compute_output_shape(self, input_shape):
        batch, frames, bands = input_shape
        return (batch, *(self.size or (bands, frames)), self.channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "channels": self.channels}
