"""KWT, the Keyword Transformer (Berg et al., 2021, arXiv 2104.00769)."""

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.attention import token_initializer
from kwscls.layers.blocks import TransformerBlock
from kwscls.layers.tokens import TokenPositions
from kwscls.models.classifier import AudioClassifier, label_names
from kwscls.models.mfcc_input import mfcc_input

AXES = {"time": ("time",), "freq": ("freq",), "both": ("time", "freq"), "patch": ("patch",)}
"""The original's kinds of attention, and the transformers each of them is made of."""


def kwt(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    d_model=64,
    mlp_dim=256,
    heads=1,
    num_layers=12,
    attention_type="time",
    patch_size=(1, 40),
    prenorm=False,
    approximate_gelu=False,
    distill_token=False,
    dropout=0.0,
    coefficients=40,
    bands=80,
    frame_length=30,
    frame_step=10,
    name="kwt",
):
    """The published network on its 40 MFCC; as it stands KWT-1, 607,308 parameters with 12 labels.

    Its positions are learned for one clip length.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; a clip too short for one frame is followed by silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        d_model: features of a token.
        mlp_dim: hidden features of a block's token network.
        heads: attention heads.
        num_layers: blocks.
        attention_type: what is a token: a frame ("time"), a coefficient ("freq"), each in a
            transformer of its own ("both"), or a patch of the two ("patch").
        patch_size: frames and coefficients of a patch.
        prenorm: whether norms stand in front of attention and token network instead of behind their
            residuals.
        approximate_gelu: whether the activation is the tanh form of GELU.
        distill_token: whether there is a second learned token; the answer is then the mean of two
            heads.
        dropout: behind attention and token network.
        coefficients: MFCC kept.
        bands: mel bands, 20 to 7600 Hz, that they are made of.
        frame_length: in ms.
        frame_step: in ms.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Raises:
        KwsclsError: there is no such kind of attention, or the clip is shorter than a patch.

    Source: ARM-software/keyword-transformer.
    """
    labels = label_names(labels)
    waveform, x = mfcc_input(
        samples, sample_rate=sample_rate, coefficients=coefficients, bands=bands, high=7600.0,
        frame_length=frame_length, frame_step=frame_step,
    )
    logits = body(
        x,
        labels,
        d_model=d_model,
        mlp_dim=mlp_dim,
        heads=heads,
        num_layers=num_layers,
        attention_type=attention_type,
        patch_size=patch_size,
        prenorm=prenorm,
        approximate_gelu=approximate_gelu,
        distill_token=distill_token,
        dropout=dropout,
    )
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(
    features,
    labels,
    *,
    d_model=64,
    mlp_dim=256,
    heads=1,
    num_layers=12,
    attention_type="time",
    patch_size=(1, 40),
    prenorm=False,
    approximate_gelu=False,
    distill_token=False,
    dropout=0.0,
):
    """From features [batch, frames, coefficients] to the logits; see `kwt`."""
    if attention_type not in AXES:
        raise KwsclsError("is no kind of attention", attention_type, f"known are {', '.join(AXES)}")
    extra = 2 if distill_token else 1
    found = []
    for axis in AXES[attention_type]:
        x = _tokens(features, axis, patch_size)
        x = keras.layers.Dense(
            d_model, kernel_initializer=token_initializer(), name=f"{axis}_projection"
        )(x)
        x = TokenPositions(extra, name=f"{axis}_positions")(x)
        for index in range(num_layers):
            x = TransformerBlock(
                heads,
                mlp_dim,
                norm_first=prenorm,
                qkv_bias=False,
                dropout=dropout,
                activation="gelu_pytorch_tanh" if approximate_gelu else "gelu",
                name=f"{axis}_block_{index}",
            )(x)
        found += [x[:, token] for token in range(extra)]
    embedding = found[0] if len(found) == 1 else keras.layers.Concatenate(name="embedding")(found)
    return keras.layers.Dense(
        len(label_names(labels)),
        kernel_initializer=token_initializer(),
        dtype="float32",
        name="logits",
    )(embedding)


def _tokens(features, axis, patch_size):
    """[batch, frames, coefficients] as a sequence of tokens."""
    if axis == "time":
        return features
    if axis == "freq":
        return keras.layers.Permute((2, 1), name="frequencies_first")(features)
    (frames, coefficients), (tall, wide) = features.shape[1:], patch_size
    rows, columns = frames // tall, coefficients // wide
    if not rows or not columns:
        raise KwsclsError(
            f"features of {frames} x {coefficients} have no room for a patch of {tall} x {wide}",
            None,
            "take longer clips or smaller patches",
        )
    x = features[:, : rows * tall, : columns * wide]
    x = keras.layers.Reshape((rows, tall, columns, wide), name="patch_grid")(x)
    x = keras.layers.Permute((1, 3, 2, 4), name="patch_order")(x)
    return keras.layers.Reshape((rows * columns, tall * wide), name="patches")(x)
