"""Pools as the image classifiers of PyTorch have them: padded on both sides, rounded up, adaptive."""

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class PaddedMaxPooling2D(keras.layers.Layer):
    """A max-pool that pads both sides alike with minus infinity and may round its size up.

    Keras' "same" puts all padding of an even size at the end, and Keras cannot round up.

    Args:
        pool_size: height and width of a window.
        strides: from window to window, down and across.
        padding: rows and columns of minus infinity on every side.
        ceil: whether a last window that is only partly filled counts, as long as it does not start in the padding.

    Input: [batch, height, width, channels]. Output: the same with smaller height and width.
    """

    def __init__(self, pool_size, strides, padding=0, ceil=False, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.padding, self.ceil = int(pool_size), int(strides), int(padding), bool(ceil)

    def call(self, image):
        ends = [self._end(size) for size in image.shape[1:3]]
        pads = [[0, 0], [self.padding, ends[0]], [self.padding, ends[1]], [0, 0]]
        if np.any(np.array(pads) > 0):
            image = tf.pad(image, pads, constant_values=image.dtype.min)
        return tf.nn.max_pool2d(image, self.pool_size, self.strides, "VALID")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, self._windows(height), self._windows(width), channels)

    def _windows(self, size):
        """How many windows an axis of a given size has."""
        room = size + 2 * self.padding - self.pool_size
        windows = (-(-room // self.strides) if self.ceil else room // self.strides) + 1
        starts_behind = (windows - 1) * self.strides >= size + self.padding
        return windows - 1 if self.ceil and starts_behind else windows

    def _end(self, size):
        """What the last window needs behind the axis."""
        return max(0, (self._windows(size) - 1) * self.strides + self.pool_size - size - self.padding)

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "strides": self.strides,
                "padding": self.padding, "ceil": self.ceil}


@keras.saving.register_keras_serializable("kwscls")
class AdaptiveAveragePooling2D(keras.layers.Layer):
    """Averages a map of any size to one of a fixed size; a smaller map is spread out to it.

    Cell i of m averages the rows floor(i * n / m) up to ceil((i + 1) * n / m) of n, and likewise across, in float32.

    Args:
        size: height and width of the output.

    Input: [batch, height, width, channels]. Output: [batch, *size, channels].
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self._down, self._across = (_averages(n, m) for n, m in zip(input_shape[1:3], self.size))

    def call(self, image):
        image = tf.cast(image, tf.float32)
        rows = tf.einsum("bhwc,hi->biwc", image, self._down)
        return tf.cast(tf.einsum("biwc,wj->bijc", rows, self._across), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[3])

    def get_config(self):
        return {**super().get_config(), "size": list(self.size)}


def _averages(n, m):
    """The matrix [n, m], float32, that takes n values to m averages."""
    matrix = np.zeros((n, m), np.float32)
    for i in range(m):
        first, end = i * n // m, -(-(i + 1) * n // m)
        matrix[first:end, i] = 1 / (end - first)
    return matrix
