"""From the bytes of a WAV file to a clip of one rate and length."""

import functools

import tensorflow as tf

from kwscls.dsp import wav
from kwscls.dsp.resample import resample


@functools.lru_cache(maxsize=32)  # tracing takes a while, and every export of a process needs it
def reader(sample_rate, samples):
    """A graph that decodes a WAV file, brings it to a rate, and cuts it or fills it up with zeros at its end.

    Args:
        sample_rate: of the clip, in Hz.
        samples: of the clip.

    Returns:
        A function of the file's bytes, a scalar string, and the clip's place in its batch, a scalar int32 for the text of
        an error: float32 [samples]. It raises what `wav.decode` and `resample` do.
    """
    @tf.function(input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int32)], autograph=False)
    def read(contents, index):
        waveform, rate = wav.decode(contents, index)
        waveform = resample(waveform, rate, sample_rate, samples, index)
        return fit_length(waveform[tf.newaxis], samples)[0]

    return read


def fit_length(waveforms, samples):
    """Cut waveforms [batch, any] at their end, or fill them up there with zeros, to [batch, samples]."""
    waveforms = waveforms[:, :samples]
    waveforms = tf.pad(waveforms, [[0, 0], [0, samples - tf.shape(waveforms)[1]]])
    return tf.ensure_shape(waveforms, [None, samples])
