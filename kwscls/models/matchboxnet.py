"""MatchboxNet: separable convolutions over time (Majumdar and Ginsburg, 2020, arXiv 2004.08531)."""

import keras

from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.mfcc import MFCC
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input
from kwscls.models.time_blocks import joined, time_convolution


def matchboxnet(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    kernels=(13, 15, 17),
    repeat=1,
    filters=64,
    ends=128,
    end_kernels=(11, 29),
    dilation=2,
    dropout=0.0,
    coefficients=64,
    frames=128,
    frame_length=25,
    frame_step=10,
    name="matchboxnet",
):
    """The published network on its 64 MFCC; as it stands MatchboxNet-3x1x64, 77,214 parameters with
    30 labels.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        kernels: taps in each residual block.
        repeat: separable convolutions in a block.
        filters: channels of the blocks.
        ends: channels of what stands in front of the blocks and behind them.
        end_kernels: taps in front of the blocks and behind them.
        dilation: of the separable convolution behind the blocks.
        dropout: behind every ReLU.
        coefficients: MFCC kept of as many mel bands, 0 to half the rate.
        frames: shorter features are padded to so many, with zeros on both sides; longer ones stay
            as they are (the original cuts 128 out of them at random).
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: NVIDIA/NeMo, examples/asr/conf/matchboxnet and parts/submodules/jasper.py.
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = LogMel(
        milliseconds(frame_length, sample_rate),
        milliseconds(frame_step, sample_rate),
        coefficients,
        offset=1e-6,
        sample_rate=sample_rate,
        fft_length=_power_of_two(sample_rate),
        centre=True,
        window_at="centre",
        name="log_mel",
    )(waveform)
    x = MFCC(coefficients, norm="ortho", name="features")(x)
    missing = max(0, frames - x.shape[1])
    if missing:
        x = keras.layers.ZeroPadding1D((missing // 2, missing - missing // 2), name="padding")(x)
    logits = body(
        x,
        labels,
        kernels=kernels,
        repeat=repeat,
        filters=filters,
        ends=ends,
        end_kernels=end_kernels,
        dilation=dilation,
        dropout=dropout,
    )
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(
    features,
    labels,
    *,
    kernels=(13, 15, 17),
    repeat=1,
    filters=64,
    ends=128,
    end_kernels=(11, 29),
    dilation=2,
    dropout=0.0,
):
    """From features [batch, frames, coefficients] to the logits; see `matchboxnet`."""
    x = _separable(features, ends, end_kernels[0], name="conv1")
    x = _relu(x, dropout, "conv1")
    for index, kernel in enumerate(kernels, 1):
        x = _block(x, filters, kernel, repeat, dropout, f"block{index}")
    x = _relu(
        _separable(x, ends, end_kernels[1], dilation=dilation, name="conv2"), dropout, "conv2"
    )
    x = time_convolution(x, ends, 1, momentum=0.9, name="conv3")
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    return keras.layers.Dense(len(label_names(labels)), dtype="float32", name="logits")(x)


def _block(x, filters, kernel, repeat, dropout, name):
    y = x
    for index in range(repeat):
        y = _separable(y, filters, kernel, name=f"{name}_{index}")
        if index < repeat - 1:
            y = _relu(y, dropout, f"{name}_{index}")
    x = time_convolution(x, filters, 1, relu=False, momentum=0.9, name=f"{name}_shortcut")
    return keras.layers.Dropout(dropout, name=f"{name}_dropout")(joined(x, y, name))


def _separable(x, width, kernel, *, dilation=1, name):
    """A convolution of each channel over time, one over the channels, and a batch norm."""
    x = keras.layers.DepthwiseConv1D(
        kernel,
        padding="same",
        dilation_rate=dilation,
        use_bias=False,
        depthwise_initializer="glorot_uniform",
        name=f"{name}_depthwise",
    )(x)
    return time_convolution(x, width, 1, relu=False, momentum=0.9, name=f"{name}_pointwise")


def _relu(x, dropout, name):
    return keras.layers.Dropout(dropout, name=f"{name}_dropout")(
        keras.layers.ReLU(name=f"{name}_relu")(x)
    )


def _power_of_two(sample_rate):
    """The transform's length: 512 at 16 kHz, in proportion at other rates."""
    return 1 << (sample_rate * 32 // 1000 - 1).bit_length()
