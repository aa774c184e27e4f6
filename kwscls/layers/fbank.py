"""Kaldi's log-mel filterbank as layers: the features, and their statistics."""

import keras
import numpy as np

from kwscls.dsp import fbank as kaldi


@keras.saving.register_keras_serializable("kwscls")
class KaldiFilterbank(keras.layers.Layer):
    """Log-mel energies of 25 ms every 10 ms as Kaldi computes them, brought to a number of frames; always float32.

    Args:
        frames: of the output: the end of a longer clip is cut, that of a shorter one filled with zeros.
        bands: mel filters from 20 Hz to half the sample rate.
        sample_rate: of the waveform, in Hz.

    Call: float [batch, samples] to float32 [batch, frames, bands]. See `kwscls.dsp.fbank.fbank`.
    """

    def __init__(self, frames, bands=128, sample_rate=16000, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.frames, self.bands, self.sample_rate = frames, bands, sample_rate

    def call(self, waveform):
        length, step = frame_sizes(self.sample_rate)
        features = kaldi.fbank(waveform, bands=self.bands, sample_rate=self.sample_rate, frame_length=length,
                               frame_step=step, fft_length=1 << (length - 1).bit_length())
        return kaldi.cut_or_pad(features, self.frames)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.frames, self.bands)

    def get_config(self):
        return {**super().get_config(), "frames": self.frames, "bands": self.bands, "sample_rate": self.sample_rate}


def frame_sizes(sample_rate):
    """Samples of a frame (25 ms) and from one to the next (10 ms)."""
    return sample_rate * 25 // 1000, sample_rate // 100


def frame_count(samples, sample_rate):
    """How many whole frames a clip has; one at least."""
    length, step = frame_sizes(sample_rate)
    return 1 + max(0, samples - length) // step


@keras.saving.register_keras_serializable("kwscls")
class FeatureStandardization(keras.layers.Layer):
    """(x - mean) / (2 * deviation) with one mean and one deviation for all bands; always float32.

    Weights, not trained: `mean` and `deviation`, scalars.

    Args:
        mean: of all features of the data set, until `adapt` finds another.
        deviation: their standard deviation, likewise.

    Source: AST, src/dataloader.py.
    """

    def __init__(self, mean=0.0, deviation=0.5, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.start = float(mean), float(deviation)

    def build(self, input_shape):
        self.mean, self.deviation = (
            self.add_weight(shape=(), initializer=keras.initializers.Constant(value), trainable=False, name=name)
            for value, name in zip(self.start, ("mean", "deviation")))

    def adapt(self, features):
        """Take mean and deviation from a data set.

        Args:
            features: an array [clips, frames, bands], or an iterable of such batches.
        """
        batches = [features] if hasattr(features, "shape") else features
        if not self.built:
            self.build(None)
        sums = np.zeros(3)  # of ones, values and squares
        for batch in batches:
            values = np.asarray(batch, np.float64)
            sums += values.size, values.sum(), np.square(values).sum()
        mean, square = sums[1:] / sums[0]
        self.mean.assign(mean)
        self.deviation.assign(max(np.sqrt(max(square - mean**2, 0.0)), 1e-5))  # silence alone must not divide by zero

    def call(self, features):
        return (features - self.mean) / (2.0 * self.deviation)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        mean, deviation = self.start
        return {**super().get_config(), "mean": mean, "deviation": deviation}
