"""Convolutions from the waveform to frames, as wav2vec 2.0 has them (Baevski et al., 2020, arXiv 2006.11477)."""

import math

import keras
import tensorflow as tf

from kwscls.layers.activations import named_activation


def frame_count(samples, kernels, strides):
    """How many frames unpadded convolutions make of a clip.

    Args:
        samples: the clip's length: a whole number, or an integer tensor of any shape.
        kernels: of each convolution.
        strides: of each convolution.
    """
    for kernel, stride in zip(kernels, strides):
        samples = (samples - kernel) // stride + 1
    return samples


def frame_span(kernels, strides):
    """(samples from frame to frame, samples that a frame sees) of unpadded convolutions."""
    length = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides)):
        length = (length - 1) * stride + kernel
    return math.prod(strides), length


@keras.saving.register_keras_serializable("kwscls")
class TimeNormalization(keras.layers.Layer):
    """Each channel of a clip to zero mean and unit variance over time: a group norm with a group for each channel.

    Args:
        epsilon: added to the variance under the root.

    Input and output: [batch, time, channels]. Statistics are float32.
    """

    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        mean, variance = tf.nn.moments(tf.cast(inputs, tf.float32), axes=[1], keepdims=True)  # [batch, 1, channels]
        scale = tf.math.rsqrt(variance + self.epsilon)
        shift = tf.cast(-mean * scale, self.compute_dtype)
        return (inputs * tf.cast(scale, self.compute_dtype) + shift) * self.gamma + self.beta

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("kwscls")
class FeatureEncoder(keras.layers.Layer):
    """A stack of unpadded convolutions over the waveform, each followed by its norm and an activation.

    Weights: `conv_N/kernel`, `conv_N/bias`, `norm_N/gamma`, `norm_N/beta`.

    Args:
        widths: channels of each convolution.
        kernels: of each convolution.
        strides: of each convolution.
        norm: "group" (only after the first: each channel over time) or "layer" (after each: over the channels).
            Both have epsilon 1e-5, whatever the transformer's is.
        use_bias: whether the convolutions have biases.
        activation: a name in `activations.ACTIVATIONS`; "gelu" is the exact one.

    Input: waveform [batch, samples]. Output: [batch, frames, widths[-1]].

    Source: `Wav2Vec2FeatureEncoder` (transformers 4.57).
    """

    def __init__(self, widths, kernels, strides, norm="group", use_bias=False, activation="gelu", **kwargs):
        super().__init__(**kwargs)
        self.widths, self.kernels, self.strides = tuple(widths), tuple(kernels), tuple(strides)
        self.norm, self.use_bias, self.activation = norm, use_bias, activation
        self.convolutions = [
            keras.layers.Conv1D(width, kernel, stride, use_bias=use_bias, kernel_initializer="he_normal",
                                dtype=self.dtype_policy, name=f"conv_{index}")
            for index, (width, kernel, stride) in enumerate(zip(self.widths, self.kernels, self.strides))]
        self.norms = [self._norm(index) for index in range(len(self.widths))]
        self.activate = named_activation(activation)

    def _norm(self, index):
        common = {"epsilon": 1e-5, "dtype": self.dtype_policy, "name": f"norm_{index}"}
        if self.norm == "layer":
            return keras.layers.LayerNormalization(**common)
        return TimeNormalization(**common) if index == 0 else None

    def build(self, input_shape):
        channels = 1
        for convolution, norm, width in zip(self.convolutions, self.norms, self.widths):
            convolution.build((None, None, channels))
            if norm is not None:
                norm.build((None, None, width))
            channels = width

    def call(self, waveform):
        x = tf.cast(waveform, self.compute_dtype)[:, :, None]
        for convolution, norm in zip(self.convolutions, self.norms):
            x = convolution(x)
            x = self.activate(x if norm is None else norm(x))
        return x

    def compute_output_shape(self, input_shape):
        batch, samples = input_shape
        frames = None if samples is None else frame_count(samples, self.kernels, self.strides)
        return (batch, frames, self.widths[-1])

    def get_config(self):
        return {**super().get_config(), "widths": list(self.widths), "kernels": list(self.kernels),
                "strides": list(self.strides), "norm": self.norm, "use_bias": self.use_bias,
                "activation": self.activation}


@keras.saving.register_keras_serializable("kwscls")
class FeatureProjection(keras.layers.Layer):
    """A layer norm over the channels of each frame, then a linear layer to the transformer's width.

    Weights: `norm/gamma`, `norm/beta`, `dense/kernel`, `dense/bias`.

    Args:
        width: of the transformer.
        epsilon: of the layer norm.
        dropout: rate on the projected frames.

    Input: [batch, frames, channels]. Output: a pair, projected [batch, frames, width] and normed [batch, frames,
    channels].
    """

    def __init__(self, width, epsilon=1e-5, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.width, self.epsilon, self.dropout = width, epsilon, dropout
        self.norm = keras.layers.LayerNormalization(epsilon=epsilon, dtype=self.dtype_policy, name="norm")
        self.dense = keras.layers.Dense(
            width, kernel_initializer=keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
            dtype=self.dtype_policy, name="dense")
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="dropout")

    def build(self, input_shape):
        self.norm.build(input_shape)
        self.dense.build(input_shape)

    def call(self, features, training=None):
        normed = self.norm(features)
        return self.drop(self.dense(normed), training=training), normed

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.width), tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "width": self.width, "epsilon": self.epsilon, "dropout": self.dropout}


@keras.saving.register_keras_serializable("kwscls")
class FrameMask(keras.layers.Layer):
    """Which frames are real: [batch, samples], 1 for real samples, to bool [batch, frames].

    Real samples stand at the front of a clip.

    Args:
        kernels: of the feature encoder.
        strides: of the feature encoder.
    """

    def __init__(self, kernels, strides, **kwargs):
        super().__init__(**kwargs)
        self.kernels, self.strides = tuple(kernels), tuple(strides)

    def call(self, sample_mask):
        real = tf.reduce_sum(tf.cast(sample_mask, tf.int32), axis=1)
        frames = frame_count(tf.shape(sample_mask)[1], self.kernels, self.strides)
        mask = tf.sequence_mask(frame_count(real, self.kernels, self.strides), frames)
        mask.set_shape(self.compute_output_shape(sample_mask.shape))
        return mask

    def compute_output_shape(self, input_shape):
        batch, samples = input_shape
        return (batch, None if samples is None else frame_count(samples, self.kernels, self.strides))

    def compute_output_spec(self, sample_mask):
        return keras.KerasTensor(self.compute_output_shape(sample_mask.shape), dtype="bool")

    def get_config(self):
        return {**super().get_config(), "kernels": list(self.kernels), "strides": list(self.strides)}
