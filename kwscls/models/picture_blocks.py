"""Pieces of our own small networks on the log-mel picture: Keras tensor to Keras tensor."""

import keras

from kwscls.layers.band_shake import BandShake
from kwscls.layers.batch_norm import FusedBatchNormalization
from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.spec_augment import SpecAugment
from kwscls.models.classifier import waveform_input
from kwscls.models.time_blocks import joined


def log_mel_input(samples, *, sample_rate, bands, frame_length, frame_step):
    """A waveform and its normalised log-mel spectrogram: layers "features", "shaken", "normalization", "masks".

    Args:
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        bands: mel bands, 20 Hz to 7600 Hz.
        frame_length: in ms.
        frame_step: in ms.

    Returns:
        The input, float32 [batch, samples], and float32 [batch, frames, bands].
    """
    waveform = waveform_input(samples)
    x = LogMel(milliseconds(frame_length, sample_rate), milliseconds(frame_step, sample_rate), bands, offset=1e-6,
               sample_rate=sample_rate, low=20.0, high=7600.0, name="features")(waveform)
    x = BandShake(dtype="float32", name="shaken")(x)
    x = keras.layers.Normalization(axis=-1, dtype="float32", name="normalization")(x)
    return waveform, SpecAugment(time_width=0, frequency_width=0, name="masks")(x)


def picture_convolution(x, width, kernel, stride=1, *, relu=True, name):
    """A convolution of [batch, frames, bands, channels] without bias, its batch norm and ReLU."""
    x = keras.layers.Conv2D(width, kernel, stride, "same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
    x = FusedBatchNormalization(name=f"{name}_norm", momentum=0.95)(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if relu else x


def picture_block(x, width, stride, kernel, name):
    """Two convolutions beside a shortcut; `stride` steps over frames and bands."""
    y = picture_convolution(x, width, kernel, stride, name=f"{name}_conv0")
    y = picture_convolution(y, width, kernel, relu=False, name=f"{name}_conv1")
    if stride > 1 or width != x.shape[-1]:
        x = picture_convolution(x, width, 1, stride, relu=False, name=f"{name}_shortcut")
    return joined(x, y, name)
