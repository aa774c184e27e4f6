"""The cepstral coefficients of TensorFlow's audio operations, on which a family of keyword nets was published."""

from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.mfcc import MFCC
from kwscls.models.classifier import waveform_input


def mfcc_input(samples, *, sample_rate, coefficients, bands, low=20.0, high, frame_length, frame_step):
    """A waveform and its MFCC: layers "log_mel" and "features".

    Args:
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        coefficients: MFCC kept.
        bands: mel bands that they are made of, with magnitudes and slopes that are straight in mel.
        low: where the lowest band begins, in Hz.
        high: where the highest ends, in Hz.
        frame_length: in ms.
        frame_step: in ms.

    Returns:
        The input, float32 [batch, samples], and float32 [batch, frames, coefficients].

    Source: tensorflow/core/kernels/mfcc.cc and mfcc_mel_filterbank.cc.
    """
    waveform = waveform_input(samples)
    x = LogMel(milliseconds(frame_length, sample_rate), milliseconds(frame_step, sample_rate), bands, floor=1e-12,
               offset=0.0, sample_rate=sample_rate, power=1.0, low=low, high=high, slopes="mel", keep_dc=False,
               name="log_mel")(waveform)
    return waveform, MFCC(coefficients, name="features")(x)
