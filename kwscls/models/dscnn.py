"""DS-CNN: depthwise separable convolutions on MFCC (Zhang et al., 2017, arXiv 1711.07128)."""

import keras

from kwscls.layers.batch_norm import FusedBatchNormalization
from kwscls.models.classifier import AudioClassifier, label_names
from kwscls.models.mfcc_input import mfcc_input


def dscnn(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    layers=((64, 10, 4, 2, 2),) + 4 * ((64, 3, 3, 1, 1),),
    width=1.0,
    coefficients=10,
    bands=40,
    frame_length=40,
    frame_step=20,
    name="dscnn",
):
    """The published network on its 10 MFCC; as it stands DS-CNN S, 23,180 parameters with 12
    labels.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        layers: channels, kernel in time and in frequency, stride in time and in frequency: of the
            first convolution, which is a full one, and of each separable one.
        width: factor on all channels.
        coefficients: MFCC kept.
        bands: mel bands, 20 to 4000 Hz, that they are made of.
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: ARM-software/ML-KWS-for-MCU, models.py.
    """
    labels = label_names(labels)
    waveform, x = mfcc_input(
        samples, sample_rate=sample_rate, coefficients=coefficients, bands=bands, high=4000.0,
        frame_length=frame_length, frame_step=frame_step,
    )
    logits = body(x, labels, layers=layers, width=width)
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(features, labels, *, layers, width=1.0):
    """From features [batch, frames, coefficients] to the logits; see `dscnn`."""
    first, *others = layers
    channels, height, breadth, *strides = first
    x = keras.layers.Reshape((*features.shape[1:], 1), name="picture")(features)
    x = keras.layers.Conv2D(
        int(channels * width), (height, breadth), strides, "same", name="conv_1"
    )(x)
    x = _norm_relu(x, "conv_1")
    for index, (channels, height, breadth, *strides) in enumerate(others, 1):
        x = _depthwise(x, (height, breadth), strides, f"conv_ds_{index}_depthwise")
        x = keras.layers.Conv2D(int(channels * width), 1, name=f"conv_ds_{index}_pointwise")(x)
        x = _norm_relu(x, f"conv_ds_{index}_pointwise")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.layers.Dense(len(label_names(labels)), dtype="float32", name="logits")(x)


def _depthwise(x, size, strides, name):
    """A depthwise convolution; TensorFlow strides both axes alike: unlike strides skip answers."""
    if strides[0] == strides[1]:
        x = keras.layers.DepthwiseConv2D(size, strides, "same", name=name)(x)
    else:
        pads = [
            _same(extent, side, stride) for extent, side, stride in zip(x.shape[1:3], size, strides)
        ]
        x = keras.layers.ZeroPadding2D(pads, name=f"{name}_pad")(x)
        x = keras.layers.DepthwiseConv2D(size, name=name)(x)[:, :: strides[0], :: strides[1]]
    return _norm_relu(x, name)


def _same(extent, side, stride):
    """Zeros in front and behind, as TensorFlow's "same" has them."""
    missing = max(0, (-(-extent // stride) - 1) * stride + side - extent)
    return missing // 2, missing - missing // 2


def _norm_relu(x, name):
    # MFCC lie far from zero, so a mean that is still catching up is far off: the original's 0.96 wants a long training.
    x = FusedBatchNormalization(scale=False, momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
