"""Positions by a convolution over the frames, as wav2vec 2.0 gives them."""

import keras
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.activations import named_activation


@keras.saving.register_keras_serializable("kwscls")
class PositionalConv(keras.layers.Layer):
    """A wide grouped convolution over time whose answer tells each frame where it stands; it is to be added.

    The kernel is weight-normed: `direction` scaled so that the norm of each tap, over both channel axes, is `gain`.
    Zeros are put around the clip so that there are as many answers as frames; an even kernel sees one more frame
    behind than ahead.
    Weights: `direction` [kernel_size, width // groups, width], `gain` [kernel_size], `bias` [width].

    Args:
        kernel_size: frames that the convolution sees.
        groups: of channels that are convolved apart.
        activation: a name in `activations.ACTIVATIONS`; "gelu" is the exact one.

    Input and output: [batch, frames, width].

    Source: `Wav2Vec2PositionalConvEmbedding` (transformers 4.57).
    """

    def __init__(self, kernel_size, groups, activation="gelu", **kwargs):
        super().__init__(**kwargs)
        self.kernel_size, self.groups, self.activation = kernel_size, groups, activation
        self.activate = named_activation(activation)

    def build(self, input_shape):
        width = input_shape[-1]
        if width % self.groups:
            raise KwsclsError(f"{width} features cannot be shared out among {self.groups} groups", self.name)
        deviation = 2 / (self.kernel_size * width) ** 0.5
        self.direction = self.add_weight(name="direction", shape=(self.kernel_size, width // self.groups, width),
                                         initializer=keras.initializers.RandomNormal(stddev=deviation))
        self.gain = self.add_weight(name="gain", shape=(self.kernel_size,), initializer=self._start_gain)
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")

    def _start_gain(self, shape, dtype=None):
        return tf.sqrt(tf.reduce_sum(tf.square(self.direction), axis=[1, 2]))

    def kernel(self):
        """The kernel now, [kernel_size, width // groups, width], float32."""
        direction = tf.cast(self.direction, tf.float32)
        norm = tf.sqrt(tf.reduce_sum(tf.square(direction), axis=[1, 2]))
        return direction * (tf.cast(self.gain, tf.float32) / norm)[:, None, None]

    def call(self, frames):
        behind = self.kernel_size // 2
        padded = tf.pad(frames, [[0, 0], [behind, self.kernel_size - 1 - behind], [0, 0]])
        kernel = tf.cast(self.kernel(), self.compute_dtype)
        # TensorFlow has no gradient for grouped convolutions on a CPU: each group is one of its own.
        answers = [tf.nn.conv1d(part, weights, 1, "VALID") for part, weights in
                   zip(tf.split(padded, self.groups, axis=2), tf.split(kernel, self.groups, axis=2))]
        return self.activate(tf.concat(answers, axis=2) + self.bias)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size, "groups": self.groups,
                "activation": self.activation}
