"""BC-ResNet: broadcasted residual learning for keywords (Kim et al., 2021, arXiv 2106.04140)."""

import keras

from kwscls.layers.batch_norm import FusedBatchNormalization
from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.subspectral import (
    FoldBands,
    FrequencyDepthwise,
    SubSpectralNormalization,
    UnfoldBands,
)
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input

STAGES = ((1.0, 2, 1), (1.5, 2, 2), (2.0, 4, 2), (2.5, 4, 1))
"""Width over the base width, blocks, and frequency stride of the first block, of each stage."""


def bcresnet(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    tau=1,
    base=8,
    sub_bands=5,
    bands=40,
    frame_length=30,
    frame_step=10,
    dropout=0.1,
    name="bcresnet",
):
    """The published network on its log-mel; as it stands 9,232 parameters with 12 labels.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        tau: the paper's width: 1, 1.5, 2, 3, 6 or 8.
        base: channels of the first stage where tau is 1.
        sub_bands: parts of the frequency axis with statistics of their own.
        bands: of the log-mel, a multiple of 8 * sub_bands.
        frame_length: in ms.
        frame_step: in ms.
        dropout: share of the channels dropped at the end of each block's branch over time.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Raises:
        KwsclsError: the bands cannot be shared out among the sub-bands.

    Source: Qualcomm-AI-research/bcresnet.
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = LogMel(
        milliseconds(frame_length, sample_rate),
        milliseconds(frame_step, sample_rate),
        bands,
        offset=1e-6,
        sample_rate=sample_rate,
        centre=True,
        window_at="centre",
        high=8000.0,
        name="features",
    )(waveform)
    logits = body(x, labels, tau=tau, base=base, sub_bands=sub_bands, dropout=dropout)
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(features, labels, *, tau=1, base=8, sub_bands=5, dropout=0.1):
    """From features [batch, frames, bands] to the logits; see `bcresnet`."""
    width = int(base * tau)
    x = keras.layers.Reshape((*features.shape[1:], 1), name="picture")(features)
    x = keras.layers.ZeroPadding2D(2, name="stem_pad")(x)
    x = keras.layers.Conv2D(
        2 * width, 5, (1, 2), use_bias=False, kernel_initializer="he_normal", name="stem_conv"
    )(x)
    x = _norm_relu(x, "stem")
    x = FoldBands(sub_bands, name="fold")(x)
    for stage, (factor, blocks, stride) in enumerate(STAGES, 1):
        for block in range(blocks):
            x = _block(
                x,
                int(factor * width),
                stride if block == 0 else 1,
                2 ** (stage - 1),
                block == 0,
                dropout,
                f"stage{stage}_block{block}",
            )
    x = UnfoldBands(name="unfold")(x)
    x = keras.layers.ZeroPadding2D((2, 0), name="head_pad")(x)
    x = keras.layers.DepthwiseConv2D(
        5, use_bias=False, depthwise_initializer="he_normal", name="head_depthwise"
    )(x)
    x = _norm_relu(_dense(x, 4 * width, "head_conv"), "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.layers.Dense(len(label_names(labels)), dtype="float32", name="logits")(x)


def _block(x, width, stride, dilation, transition, dropout, name):
    """A branch over frequency, and over its mean one in time that is broadcast back."""
    y = x
    if transition:
        y = _norm_relu(_dense(y, width, f"{name}_conv"), f"{name}_conv")
    y = FrequencyDepthwise(stride, name=f"{name}_frequency")(y)
    y = SubSpectralNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_frequency_norm")(y)
    z = keras.ops.mean(y, axis=(2, 3))  # [batch, frames, width]
    z = keras.layers.DepthwiseConv1D(
        3,
        padding="same",
        dilation_rate=dilation,
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_time",
    )(z)
    z = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_time_norm")(z)
    z = keras.layers.Activation("silu", name=f"{name}_time_swish")(z)
    z = _dense(z, width, f"{name}_time_conv")
    z = keras.layers.SpatialDropout1D(dropout, name=f"{name}_dropout")(z)
    z = keras.layers.Reshape((z.shape[1], 1, 1, width), name=f"{name}_broadcast")(z)
    added = keras.layers.Add(name=f"{name}_add")([y, z] if transition else [x, y, z])
    return keras.layers.ReLU(name=f"{name}_relu")(added)


def _dense(x, width, name):
    """A 1 x 1 convolution without bias."""
    return keras.layers.Dense(width, use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _norm_relu(x, name):
    x = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
