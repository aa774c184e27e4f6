"""YAMNet: MobileNet v1 on patches of a log-mel (Plakal, Ellis; tensorflow/models, yamnet)."""

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.batch_norm import FusedBatchNormalization
from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.patches import FoldPatches, PadSamples, PatchLogits, UnfoldPatches
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input

LAYERS = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *5 * ((1, 512),),
    (2, 1024),
    (1, 1024),
)
"""Stride and channels of each separable convolution."""


def yamnet(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    layers=LAYERS,
    stem=32,
    width=1.0,
    patch_frames=96,
    patch_step=48,
    bands=64,
    pool="scores",
    name="yamnet",
):
    """The published network on its log-mel of 64 bands, in patches of 0.96 s every 0.48 s.

    With 521 labels and `activation="sigmoid"` it is the published tagger of 3,729,481 parameters.
    The layer "pool" has the embeddings of the patches, 1024 wide.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows until the last patch is whole.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        layers: stride and channels of each separable convolution.
        stem: channels of the first convolution.
        width: factor on all channels.
        patch_frames: frames of a patch.
        patch_step: frames from patch to patch.
        bands: of the log-mel, 125 to 7500 Hz.
        pool: what is averaged over the patches of a clip: "scores", as published (the logits are
            then those of the mean score), or "embedding", so that the head reads one embedding a
            clip.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Raises:
        KwsclsError: there is no such pool.
    """
    if pool not in ("scores", "embedding"):
        raise KwsclsError("is no pool", pool, "known are scores and embedding")
    labels = label_names(labels)
    waveform = waveform_input(samples)
    length, step = milliseconds(25, sample_rate), milliseconds(10, sample_rate)
    x = PadSamples(
        _whole_patches(samples, (patch_frames - 1) * step + length, patch_step * step),
        name="silence",
    )(waveform)
    x = LogMel(
        length,
        step,
        bands,
        sample_rate=sample_rate,
        power=1.0,
        low=125.0,
        high=7500.0,
        slopes="mel",
        keep_dc=False,
        offset=1e-3,
        name="log_mel",
    )(x)
    fold = FoldPatches(patch_frames, patch_step, name="features")
    patches = fold.count(x.shape[1])
    x = embed(fold(x), layers=layers, stem=stem, width=width)
    x = UnfoldPatches(patches, name="embeddings")(x)
    if pool == "scores":
        logits = PatchLogits(len(labels), activation, dtype="float32", name="logits")(x)
    else:
        x = keras.layers.GlobalAveragePooling1D(name="embedding")(x)
        logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def embed(patches, *, layers=LAYERS, stem=32, width=1.0, padding="same", **norm):
    """From patches [batch, frames, bands, 1] to their embeddings [batch, channels]; see `yamnet`.

    `padding` of all convolutions and `norm`, arguments of all batch norms, are published settings
    that nobody changed; the norms' momentum is ours, for trainings of some hundreds of steps.
    """
    norm = {"scale": False, "epsilon": 1e-4, "momentum": 0.9, **norm}
    x = keras.layers.Conv2D(int(stem * width), 3, 2, padding, use_bias=False, name="layer1")(
        patches
    )
    x = _norm_relu(x, norm, "layer1")
    for index, (stride, channels) in enumerate(layers, 2):
        x = keras.layers.DepthwiseConv2D(
            3, stride, padding, use_bias=False, name=f"layer{index}_depthwise"
        )(x)
        x = _norm_relu(x, norm, f"layer{index}_depthwise")
        x = keras.layers.Conv2D(
            int(channels * width), 1, use_bias=False, name=f"layer{index}_pointwise"
        )(x)
        x = _norm_relu(x, norm, f"layer{index}_pointwise")
    return keras.layers.GlobalAveragePooling2D(name="pool")(x)


def _norm_relu(x, norm, name):
    x = FusedBatchNormalization(**norm, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _whole_patches(samples, first, step):
    """What a clip is padded to: the samples of one patch, then whole steps."""
    return first + max(0, -(-(samples - first) // step)) * step
