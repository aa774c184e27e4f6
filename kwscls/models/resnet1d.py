"""A small residual network over time: our own, made to learn fast on two CPU cores."""

import keras

from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.spec_augment import SpecAugment
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input
from kwscls.models.time_blocks import joined, time_convolution


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
    waveform = waveform_input(samples)
    x = LogMel(
        milliseconds(frame_length, sample_rate),
        milliseconds(frame_step, sample_rate),
        bands,
        offset=1e-6,
        sample_rate=sample_rate,
        low=20.0,
        high=7600.0,
        name="features",
    )(waveform)
    x = keras.layers.Normalization(axis=-1, dtype="float32", name="normalization")(x)
    x = SpecAugment(time_width=0, frequency_width=0, name="masks")(x)
    x = time_convolution(x, stem, kernel, 2, name="stem")
    for index, (width, stride) in enumerate(zip(widths, strides)):
        x = _block(x, width, stride, kernel, f"block{index}")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def _block(x, width, stride, kernel, name):
    y = time_convolution(x, width, kernel, stride, name=f"{name}_conv0")
    y = time_convolution(y, width, kernel, relu=False, name=f"{name}_conv1")
    if stride > 1 or width != x.shape[-1]:
        x = time_convolution(x, width, 1, stride, relu=False, name=f"{name}_shortcut")
    return joined(x, y, name)
