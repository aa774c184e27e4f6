"""Sinc filters for keywords: learned bands, their energies in time, and a residual network over the frames."""

import keras

from kwscls.layers.sinc import BandEnergies, SincConv
from kwscls.layers.waveform import WaveformNormalization
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def sinc_keywords(labels, samples, *, sample_rate=16000, activation="softmax", filters=64, kernel_size=129, stride=16,
                  window=25, hop=10, widths=(64, 96, 128, 160), kernel=9, dropout=0.4, name="sincnet"):
    """Our variant of SincNet for clips of about a second.

    The published stack reads 200 ms at every sample. Here the filters answer every `stride` samples, a
    pool turns their squares into the energy of each band in each frame (25 ms every 10 ms), and a residual network
    with convolutions over time only (as in TC-ResNet, arXiv 1904.03814) reads the logarithms.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; shorter than one frame is padded with zeros to one frame.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        filters: sinc filters.
        kernel_size: their taps.
        stride: samples from one answer of the filters to the next.
        window: answers that make a frame.
        hop: answers from one frame to the next.
        widths: channels of the first convolution and of each residual block; each block halves the frames.
        kernel: frames that a convolution of the residual blocks sees.
        dropout: in front of the logits.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = WaveformNormalization(dtype="float32", name="waveform_norm")(waveform)
    padding = _padding(samples, kernel_size, stride, window)
    x = SincConv(filters, kernel_size, sample_rate, strides=stride, padding=padding, dtype="float32", name="sinc")(x)
    x = BandEnergies(window, hop, dtype="float32", name="energies")(x)  # [batch, frames, filters]
    x = keras.layers.BatchNormalization(momentum=0.9, name="energy_norm")(x)
    x = _convolution(x, widths[0], 3, 1, "first")
    for index, width in enumerate(widths[1:]):
        x = _block(x, width, kernel, f"block_{index}")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)


def _padding(samples, kernel_size, stride, window):
    """Zeros on each side so that filters are centred and one frame is full."""
    frame = kernel_size + (window - 1) * stride
    return max(kernel_size // 2, -((samples - frame) // 2))


def _convolution(x, width, kernel, stride, name, act=True):
    x = keras.layers.Conv1D(width, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if act else x


def _block(x, width, kernel, name):
    short = _convolution(x, width, 1, 2, f"{name}_short")
    x = _convolution(x, width, kernel, 2, f"{name}_1")
    x = _convolution(x, width, kernel, 1, f"{name}_2", act=False)
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([x, short]))
