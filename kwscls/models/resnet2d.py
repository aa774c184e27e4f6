"""A small residual network on the log-mel picture: our own, slower than the one over time."""

import keras

from kwscls.models.classifier import AudioClassifier, label_names
from kwscls.models.picture_blocks import log_mel_input, picture_block, picture_convolution


def resnet2d(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    widths=(32, 64, 96),
    depths=(1, 1, 1),
    stem=24,
    stem_kernel=5,
    kernel=3,
    dropout=0.3,
    bands=40,
    frame_length=25,
    frame_step=10,
    name="res2d",
):
    """A stem and stages that each halve frames and bands; about 220,000 parameters.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        widths: channels of each stage.
        depths: blocks of each stage.
        stem: channels of the first convolution, which halves frames and bands too.
        stem_kernel: its height and width.
        kernel: height and width of all others.
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
    x = keras.layers.Reshape((*x.shape[1:], 1), name="picture")(x)
    x = picture_convolution(x, stem, stem_kernel, 2, name="stem")
    for stage, (width, depth) in enumerate(zip(widths, depths), 1):
        for index in range(depth):
            x = picture_block(x, width, 2 if index == 0 else 1, kernel, f"stage{stage}_block{index}")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)
