"""A small residual network over time: our own, made to learn fast on two CPU cores."""

import keras

from kwscls.models.classifier import AudioClassifier, label_names
from kwscls.models.picture_blocks import log_mel_input
from kwscls.models.time_blocks import time_block, time_convolution


def resnet1d(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    widths=(48, 64, 96),
    strides=(2, 2, 1),
    stem=32,
    kernel=5,
    dropout=0.3,
    bands=40,
    frame_length=25,
    frame_step=10,
    name="res1d",
):
    """Mel bands as channels, full convolutions over time, two of them in each residual block.

    As in TC-ResNet a convolution sees all frequencies at once. The stem halves the frames, and what
    follows is wide and
    short: matrix products of that shape are what a CPU is fast at.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        widths: channels of each block.
        strides: of each block, in frames.
        stem: channels of the first convolution, which halves the frames.
        kernel: taps of all convolutions.
        dropout: in front of the logits.
        bands: mel bands, 20 Hz to 7600 Hz.
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels]. The layer
        "normalization" adapts to the mean and deviation of each band; "masks" hides what a recipe says, in training.
    """
    labels = label_names(labels)
    waveform, x = log_mel_input(samples, sample_rate=sample_rate, bands=bands, frame_length=frame_length,
                                frame_step=frame_step)
    x = time_convolution(x, stem, kernel, 2, name="stem")
    for index, (width, stride) in enumerate(zip(widths, strides)):
        x = time_block(x, width, stride, kernel, f"block{index}")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)
