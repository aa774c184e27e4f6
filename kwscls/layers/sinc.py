"""Band-pass filters whose edges are learned (Ravanelli and Bengio, 2018, arXiv 1808.00158)."""

import keras
import numpy as np
import tensorflow as tf

from kwscls.errors import KwsclsError


@keras.saving.register_keras_serializable("kwscls")
class EdgeLimit(keras.constraints.Constraint):
    """Keeps a weight in Hz within -limit ... limit, so that no band leaves the spectrum in training.

    Args:
        limit: the largest absolute value, in Hz.
    """

    def __init__(self, limit):
        self.limit = float(limit)

    def __call__(self, value):
        return keras.ops.clip(value, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


@keras.saving.register_keras_serializable("kwscls")
class SincConv(keras.layers.Layer):
    """A bank of windowed sinc band-pass filters: two weights a filter, its edges in Hz.

    A filter's lower edge is `min_low_hz + |low_hz|`, its upper one `min_band_hz + |band_hz|` above that and at most
    half the sample rate. Every filter is divided by twice its band, so that its middle tap is 1. Filters are made in
    float32.

    Args:
        filters: how many.
        kernel_size: taps of a filter; an even number is raised by one, since the filters are symmetric.
        sample_rate: of the waveform, in Hz.
        min_low_hz: the lowest lower edge.
        min_band_hz: the narrowest band.
        strides: samples from one output to the next.
        padding: zeros put before and after the waveform.
        dilation: samples between two taps.

    Input: waveform [batch, samples]. Output: [batch, time, filters].

    Source: the original's `SincConv_fast` (mravanelli/SincNet, dnn_models.py).
    """

    def __init__(self, filters, kernel_size, sample_rate=16000, min_low_hz=50.0, min_band_hz=50.0, strides=1,
                 padding=0, dilation=1, **kwargs):
        super().__init__(**kwargs)
        self.filters = int(filters)
        self.kernel_size = int(kernel_size) + 1 - int(kernel_size) % 2
        self.sample_rate = int(sample_rate)
        self.min_low_hz, self.min_band_hz = float(min_low_hz), float(min_band_hz)
        self.strides, self.padding, self.dilation = int(strides), int(padding), int(dilation)
        if self.highest_edge <= self.min_low_hz + self.min_band_hz:
            raise KwsclsError(f"a band of {min_band_hz} Hz from {min_low_hz} Hz has no room", "SincConv",
                              "raise the sample rate or lower min_low_hz and min_band_hz")

    @property
    def highest_edge(self):
        """Half the sample rate, in Hz."""
        return self.sample_rate / 2

    def build(self, input_shape):
        edges = self._start_edges()
        limit = self.highest_edge - self.min_low_hz - max(self.min_band_hz, 1.0)
        self.low_hz = self._edge_weight("low_hz", edges[:-1], limit)
        self.band_hz = self._edge_weight("band_hz", np.diff(edges), self.highest_edge)
        half = self.kernel_size // 2
        taps = 2 * np.pi * np.arange(-half, 0, dtype=np.float64) / self.sample_rate  # radians per Hz
        # The original's window: its points end half a tap before the middle, so it is no Hamming window of any length.
        points = np.linspace(0, self.kernel_size / 2 - 1, half)
        window = 0.54 - 0.46 * np.cos(2 * np.pi * points / self.kernel_size)
        self._taps = taps.astype(np.float32)
        self._shape = (2 * window / taps).astype(np.float32)

    def _edge_weight(self, name, start, limit):
        return self.add_weight(name=name, shape=(self.filters,), dtype="float32", autocast=False,
                               initializer=lambda shape, dtype=None: keras.ops.convert_to_tensor(start, dtype),
                               constraint=EdgeLimit(limit))

    def _start_edges(self):
        """filters + 1 edges in Hz, equally far apart in mel from 30 Hz up."""
        top = self.highest_edge - (self.min_low_hz + self.min_band_hz)
        mel = np.linspace(_mel(30.0), _mel(top), self.filters + 1)
        return (700 * (10 ** (mel / 2595) - 1)).astype(np.float32)

    def edges(self):
        """The lower and the upper edge of every filter now: two tensors [filters], in Hz."""
        low = self.min_low_hz + tf.abs(self.low_hz)
        high = tf.clip_by_value(low + self.min_band_hz + tf.abs(self.band_hz), self.min_low_hz, self.highest_edge)
        return low, high

    def kernels(self):
        """The filters now, [filters, kernel_size]."""
        low, high = self.edges()
        low, high = low[:, None], high[:, None]
        left = (tf.sin(high * self._taps) - tf.sin(low * self._taps)) * self._shape  # [filters, kernel_size // 2]
        bands = tf.concat([left, 2 * (high - low), left[:, ::-1]], axis=1)
        return bands / (2 * (high - low))

    def call(self, waveform):
        waveform = tf.pad(tf.cast(waveform, tf.float32), [[0, 0], [self.padding, self.padding]])[:, :, None]
        kernel = tf.transpose(self.kernels())[:, None, :]  # [kernel_size, 1, filters]
        # TensorFlow cannot stride and dilate at once.
        strides = self.strides if self.dilation == 1 else 1
        output = tf.nn.conv1d(waveform, kernel, strides, "VALID", dilations=self.dilation)
        if self.dilation > 1:
            output = output[:, :: self.strides]
        return tf.cast(output, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        batch, samples = input_shape[:2]
        if samples is None:
            return (batch, None, self.filters)
        span = self.dilation * (self.kernel_size - 1) + 1
        return (batch, (samples + 2 * self.padding - span) // self.strides + 1, self.filters)

    def get_config(self):
        names = ("filters", "kernel_size", "sample_rate", "min_low_hz", "min_band_hz", "strides", "padding", "dilation")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("kwscls")
class BandEnergies(keras.layers.Layer):
    """The logarithm of the mean square of each channel in each frame.

    Args:
        window: times that make a frame.
        hop: times from one frame to the next.
        floor: added to the mean square.

    Input: [batch, time, channels]. Output: [batch, frames, channels].
    """

    def __init__(self, window, hop, floor=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.window, self.hop, self.floor = window, hop, floor

    def call(self, bands):
        energies = tf.nn.avg_pool1d(tf.square(tf.cast(bands, tf.float32)), self.window, self.hop, "VALID")
        return tf.cast(tf.math.log(energies + self.floor), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "window": self.window, "hop": self.hop, "floor": self.floor}


@keras.saving.register_keras_serializable("kwscls")
class UnbiasedLayerNormalization(keras.layers.Layer):
    """Layer norm over the first axis after the batch, with the unbiased deviation and epsilon added to it.

    In [batch, time, channels] each channel of a clip is normalised over time; gain and shift belong to one time and
    channel each, so the length is fixed. Statistics are float32.

    Args:
        epsilon: added to the standard deviation.

    Source: `LayerNorm` of the original (mravanelli/SincNet, dnn_models.py), there with time last.
    """

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        shape = tuple(input_shape[1:])
        self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")

    def call(self, inputs):
        inputs = tf.cast(inputs, tf.float32)
        centred = inputs - tf.reduce_mean(inputs, axis=1, keepdims=True)
        count = max(inputs.shape[1] - 1, 1)
        variance = tf.reduce_sum(tf.square(centred), axis=1, keepdims=True) / count
        # The gradient of a root at zero is infinite: a silent channel has none to give.
        alive = variance > 0
        deviation = tf.where(alive, tf.sqrt(tf.where(alive, variance, 1.0)), 0.0)
        normed = tf.cast(centred / (deviation + self.epsilon), self.compute_dtype)
        return normed * self.gamma + self.beta

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("kwscls")
class SpareNorm(keras.layers.Layer):
    """The weights of a norm that the original owns but never applies: what comes in goes out.

    It makes the parameter count and the checkpoints of the original whole; nothing ever trains these weights.

    Args:
        shape: of its gain and its shift.
        statistics: whether it also owns a running mean and variance, as a batch norm does.
    """

    def __init__(self, shape, statistics=False, **kwargs):
        super().__init__(**kwargs)
        self.shape, self.statistics = tuple(shape), statistics

    def build(self, input_shape):
        self.gamma = self.add_weight(name="gamma", shape=self.shape, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=self.shape, initializer="zeros")
        if self.statistics:
            self.moving_mean = self.add_weight(name="moving_mean", shape=self.shape, initializer="zeros",
                                               trainable=False)
            self.moving_variance = self.add_weight(name="moving_variance", shape=self.shape, initializer="ones",
                                                   trainable=False)

    def call(self, inputs):
        return tf.convert_to_tensor(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "shape": list(self.shape), "statistics": self.statistics}


def _mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)
