"""A residual network that sees a picture first and a sequence then: our own, for the most accuracy a minute of two CPU cores."""

import keras

from kwscls.models.classifier import AudioClassifier, label_names
from kwscls.models.picture_blocks import log_mel_input, picture_block, picture_convolution
from kwscls.models.time_blocks import time_block, time_convolution


def resfold(labels, samples, *, sample_rate=16000, activation="softmax", stem=24, stem_kernel=5, pictures=(48,),
            depth=1, folded=64, widths=(64, 96, 128), strides=(1, 2, 1), kernel=5, dropout=0.3, bands=40, frame_length=25,
            frame_step=10, name="resfold"):
    """Convolutions over time and frequency, then the frequencies folded into the channels, and convolutions over time.

    Voices differ by shifts along the frequencies, to which a network over time alone is blind; convolutions in two
    dimensions hear them, but cost most on a CPU. So few of them come first, until the picture is small, and what is
    wide and deep comes behind the fold.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        stem: channels of the first convolution, which halves frames and bands.
        stem_kernel: its height and width.
        pictures: channels of each stage in two dimensions, which halves both again.
        depth: blocks of each such stage.
        folded: channels that frequencies times channels are brought to.
        widths: channels of each block over time.
        strides: of each, in frames.
        kernel: taps of the convolutions over time.
        dropout: in front of the logits.
        bands: mel bands, 20 Hz to 7600 Hz.
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels]. The layer "normalization" adapts to the
        mean and deviation of each band; "masks" hides what a recipe says, in training.
    """
    labels = label_names(labels)
    waveform, x = log_mel_input(samples, sample_rate=sample_rate, bands=bands, frame_length=frame_length,
                                frame_step=frame_step)
    x = keras.layers.Reshape((*x.shape[1:], 1), name="picture")(x)
    x = picture_convolution(x, stem, stem_kernel, 2, name="stem")
    for index, width in enumerate(pictures):
        for block in range(depth):
            x = picture_block(x, width, 2 if block == 0 else 1, 3, f"picture{index}_block{block}")
    x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="fold")(x)
    x = time_convolution(x, folded, 1, name="folded")
    for index, (width, stride) in enumerate(zip(widths, strides)):
        x = time_block(x, width, stride, kernel, f"block{index}")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)
