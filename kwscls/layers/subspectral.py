"""Pictures whose frequency axis is folded into sub-bands, and what BC-ResNet does with them.

A folded picture is [batch, frames, rows, bands, channels]; frequency f is row f % rows of band f //
rows. Every band has its own statistics, so bands and channels together are the channels of an
ordinary batch norm, and of a depthwise convolution as wide as a CPU likes it.
"""

import keras
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.batch_norm import FusedBatchNormalization


@keras.saving.register_keras_serializable("kwscls")
class FoldBands(keras.layers.Layer):
    """Folds a picture [batch, frames, frequencies, channels].

    Args:
        bands: how many sub-bands.

    Raises:
        KwsclsError: the frequencies cannot be shared out among the bands.
    """

    def __init__(self, bands=5, **kwargs):
        super().__init__(**kwargs)
        self.bands = bands

    def build(self, input_shape):
        if input_shape[2] % self.bands:
            raise KwsclsError(
                f"{input_shape[2]} frequencies cannot be shared out among {self.bands} sub-bands",
                self.name,
                "choose another number of mel bands",
            )

    def call(self, picture):
        frames, frequencies, channels = picture.shape[1:]
        picture = tf.reshape(picture, [-1, frames, self.bands, frequencies // self.bands, channels])
        return tf.transpose(picture, [0, 1, 3, 2, 4])

    def get_config(self):
        return {**super().get_config(), "bands": self.bands}


@keras.saving.register_keras_serializable("kwscls")
class UnfoldBands(keras.layers.Layer):
    """The way back, to [batch, frames, frequencies, channels]."""

    def call(self, folded):
        frames, rows, bands, channels = folded.shape[1:]
        return tf.reshape(
            tf.transpose(folded, [0, 1, 3, 2, 4]), [-1, frames, bands * rows, channels]
        )


@keras.saving.register_keras_serializable("kwscls")
class SubSpectralNormalization(FusedBatchNormalization):
    """A batch norm that treats every channel in every band of a folded picture by itself.

    Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, each [bands * channels], the
    channels running fastest.

    Source: Chang et al., Sub-spectral normalization for neural audio data processing, arXiv
    2010.09110.
    """

    def build(self, input_shape):
        super().build((*input_shape[:-2], input_shape[-2] * input_shape[-1]))
        self.input_spec = None

    def call(self, folded, training=None, mask=None):
        frames, rows, bands, channels = folded.shape[1:]
        flat = tf.reshape(folded, [-1, frames, rows, bands * channels])
        return tf.reshape(super().call(flat, training), [-1, frames, rows, bands, channels])


@keras.saving.register_keras_serializable("kwscls")
class FrequencyDepthwise(keras.layers.Layer):
    """A depthwise convolution of three taps over the frequencies, with a zero at both ends.

    It is the 3 x 1 depthwise convolution of the unfolded picture. Weight: `kernel` [3, channels].

    Args:
        stride: from frequency to frequency, 1 or 2.
        kernel_initializer: of the taps.

    Raises:
        KwsclsError: the stride does not divide the rows.
    """

    def __init__(self, stride=1, kernel_initializer="he_normal", **kwargs):
        super().__init__(**kwargs)
        self.stride = stride
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        _, _, rows, self.bands, channels = input_shape
        if self.stride not in (1, 2) or rows % self.stride:
            raise KwsclsError(
                f"a stride of {self.stride} does not divide the {rows} rows of each sub-band",
                self.name,
                "choose another number of mel bands",
            )

        def start(shape, dtype):
            return self.kernel_initializer((3, 1, channels), dtype)[:, 0]  # a fan of three taps

        self.kernel = self.add_weight(shape=(3, channels), name="kernel", initializer=start)

    def call(self, folded):
        frames, rows, bands, channels = folded.shape[1:]
        kernel = tf.convert_to_tensor(self.kernel)
        if rows == 1:  # the bands are the frequencies: nothing is folded
            plain = tf.reshape(folded, [-1, frames, bands, channels])
            answer = tf.nn.depthwise_conv2d(
                plain, kernel[tf.newaxis, :, :, tf.newaxis], [1, 1, 1, 1], "SAME"
            )
            return tf.reshape(answer, [-1, frames, 1, bands, channels])
        kernel = tf.tile(kernel, [1, bands])  # [3, bands * channels]
        flat = tf.reshape(folded, [-1, frames, rows, bands * channels])
        return tf.reshape(
            _convolved(flat, kernel, channels, self.stride),
            [-1, frames, rows // self.stride, bands, channels],
        )

    def compute_output_shape(self, input_shape):
        batch, frames, rows, bands, channels = input_shape
        return (batch, frames, rows // self.stride, bands, channels)

    def get_config(self):
        return {
            **super().get_config(),
            "stride": self.stride,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _convolved(flat, kernel, channels, stride):
    """Three taps over [batch, frames, rows, bands * channels], without slices to differentiate."""

    @tf.custom_gradient
    def convolve(flat, kernel):
        ringed = _with_neighbours(flat, channels)
        answer = _taps(ringed, kernel)[:, :, ::stride]

        def gradient(upstream):
            if stride == 2:
                upstream = tf.stack([upstream, tf.zeros_like(upstream)], axis=3)
                upstream = tf.reshape(upstream, tf.shape(flat))
            to_flat = _taps(_with_neighbours(upstream, channels), kernel[::-1])
            to_kernel = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=ringed,
                filter_sizes=[1, *kernel.shape, 1],
                out_backprop=upstream,
                strides=[1, 1, 1, 1],
                padding="VALID",
            )
            return to_flat, to_kernel[0, :, :, 0]

        return answer, gradient

    return convolve(flat, kernel)


def _taps(ringed, kernel):
    return tf.nn.depthwise_conv2d(
        ringed, kernel[tf.newaxis, :, :, tf.newaxis], [1, 1, 1, 1], "VALID"
    )


def _with_neighbours(flat, channels):
    """A row in front, the last one of the band below, and one behind, the first one above."""
    below = tf.pad(flat[:, :, -1:, :-channels], [[0, 0], [0, 0], [0, 0], [channels, 0]])
    above = tf.pad(flat[:, :, :1, channels:], [[0, 0], [0, 0], [0, 0], [0, channels]])
    return tf.concat([below, flat, above], axis=2)
