"""TC-ResNet: convolutions over time, MFCC as channels (Choi et al., 2019, arXiv 1904.03814)."""

import keras

from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.mfcc import MFCC
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input
from kwscls.models.time_blocks import joined, time_convolution


def tcresnet(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    widths=(16, 24, 32, 48),
    width=1.0,
    kernel=9,
    dropout=0.5,
    coefficients=40,
    bands=64,
    frame_length=30,
    frame_step=10,
    name="tcresnet",
):
    """The published network on its 40 MFCC; as it stands TC-ResNet8, 65,168 parameters, 12 labels.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        widths: channels of the first convolution and of each block; a block whose width changes
            halves the frames.
        width: factor on all widths.
        kernel: taps of the blocks' convolutions.
        dropout: in front of the logits.
        coefficients: MFCC kept.
        bands: mel bands, 80 to 7600 Hz, that they are made of.
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: hyperconnect/TC-ResNet.
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = LogMel(
        milliseconds(frame_length, sample_rate),
        milliseconds(frame_step, sample_rate),
        bands,
        offset=1e-6,
        sample_rate=sample_rate,
        low=80.0,
        high=7600.0,
        slopes="mel",
        keep_dc=False,
        name="log_mel",
    )(waveform)
    x = MFCC(coefficients, name="features")(x)
    logits = body(x, labels, widths=widths, width=width, kernel=kernel, dropout=dropout)
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(features, labels, *, widths=(16, 24, 32, 48), width=1.0, kernel=9, dropout=0.5):
    """From features [batch, frames, coefficients] to the logits; see `tcresnet`."""
    first, *others = (int(channels * width) for channels in widths)
    x = time_convolution(features, first, 3, name="conv0")
    for index, channels in enumerate(others):
        x = _block(x, channels, kernel, f"block{index}")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.layers.Dense(
        len(label_names(labels)), use_bias=False, dtype="float32", name="logits"
    )(x)


def _block(x, channels, kernel, name):
    changes = channels != x.shape[-1]
    stride = 2 if changes else 1
    shortcut = time_convolution(x, channels, 1, stride, name=f"{name}_down") if changes else x
    y = time_convolution(x, channels, kernel, stride, name=f"{name}_conv0")
    y = time_convolution(y, channels, kernel, relu=False, name=f"{name}_conv1")
    return joined(shortcut, y, name)
