"""AST, the Audio Spectrogram Transformer (Gong et al., 2021, arXiv 2104.01778)."""

import keras
import numpy as np

from kwscls.layers.blocks import TransformerBlock
from kwscls.layers.fbank import FeatureStandardization, KaldiFilterbank, frame_count
from kwscls.layers.patchout import Patchout
from kwscls.layers.spec_augment import SpecAugment
from kwscls.layers.tokens import GridPositions, PatchEmbedding, TokenPositions, patch_grid
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def ast(labels, samples, *, sample_rate=16000, activation="softmax", hidden_size=192, heads=3, layers=12, mlp_ratio=4,
        intermediate_size=None, patch_size=16, fstride=10, tstride=10, input_fdim=128, input_tdim=None,
        mean=-4.2677393, std=4.5689974, layer_norm_eps=1e-6, head_norm_eps=1e-5, qkv_bias=True, dropout=0.0,
        attention_dropout=0.0, hidden_act="gelu", name="ast"):
    """AST: overlapping patches of a log-mel picture, two tokens of its own, pre-norm transformer blocks.

    With 527 labels and 1024 frames 5,723,663 trainable parameters at these sizes (tiny), 22,063,631 at 384 / 6 heads
    (small), 86,594,063 at 768 / 12 heads (base).

    The layers, by name: "fbank" (log-mel, the end zero-padded or cut), "masks" (hides one stretch of frames and one band
    in training, as wide as the recipe says; with zeros before standardising, as the original does), "standardize",
    "patches", "tokens" (the input of the first block; its positions start as `GridPositions`), "patchout" (leaves patches
    out in training, as many as the recipe says), "block_0"..., "norm", "pooled", "head_norm", "logits". See
    `features_model` and `look_inside`.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length. A clip too short for one patch is filled up with silence.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        hidden_size: features of a token.
        heads: of every attention.
        layers: how many blocks.
        mlp_ratio: hidden features of a block's token network, as a multiple of `hidden_size`.
        intermediate_size: the same as a number; it wins.
        patch_size: height and width of a patch.
        fstride, tstride: from patch to patch, in bands and in frames.
        input_fdim: mel bands.
        input_tdim: frames; those of the clip when None (1 s at 16 kHz has 98; the original takes 128 for Speech
            Commands, 512 for ESC-50, 1024 for AudioSet and fills up with zeros before standardising).
        mean, std: of the features, AudioSet's until the layer "standardize" adapts.
        layer_norm_eps: of every norm in the trunk: 1e-6 in the paper's code, 1e-12 in transformers.
        head_norm_eps: of the head's norm: 1e-5 in the paper's code, 1e-12 in transformers.
        qkv_bias: whether queries, keys and values have biases.
        dropout: rate behind the embeddings and both halves of every block; 0 in the original.
        attention_dropout: rate on the attention weights; 0 in the original.
        hidden_act: the token networks' activation under transformers' name; "gelu" is the exact one.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    frames = max(patch_size, input_tdim or frame_count(samples, sample_rate))
    features = KaldiFilterbank(frames, input_fdim, sample_rate, name="fbank")(waveform)
    features = SpecAugment(1, 0, 1, 0, dtype="float32", name="masks")(features)
    features = FeatureStandardization(mean, std, name="standardize")(features)
    answer = body(features, len(labels), hidden_size=hidden_size, heads=heads, layers=layers,
                  mlp_size=intermediate_size or int(mlp_ratio * hidden_size), patch_size=patch_size,
                  strides=(fstride, tstride), layer_norm_eps=layer_norm_eps, head_norm_eps=head_norm_eps,
                  qkv_bias=qkv_bias, dropout=dropout, attention_dropout=attention_dropout, hidden_act=hidden_act)
    return AudioClassifier(waveform, answer, labels=labels, sample_rate=sample_rate, activation=activation, name=name)


def body(features, labels, *, hidden_size, heads, layers, mlp_size, patch_size=16, strides=(10, 10),
         layer_norm_eps=1e-6, head_norm_eps=1e-5, qkv_bias=True, dropout=0.0, attention_dropout=0.0, hidden_act="gelu"):
    """From standardised features [batch, frames, bands] to logits [batch, labels]; arguments as in `ast`."""
    _, frames, bands = features.shape
    picture = keras.layers.Permute((2, 1), name="upright")(features)  # low bands first, frames across
    picture = keras.layers.Reshape((bands, frames, 1), name="picture")(picture)
    tokens = PatchEmbedding(hidden_size, (patch_size, patch_size), strides, name="patches",
                            kernel_initializer="he_normal")(picture)  # 0.02 lets the positions drown the sound
    grid = patch_grid((bands, frames), (patch_size, patch_size), strides)
    tokens = TokenPositions(2, positions_initializer=GridPositions(grid), name="tokens")(tokens)
    tokens = Patchout(0.0, extra=2, name="patchout")(tokens)
    if dropout:
        tokens = keras.layers.Dropout(dropout, name="dropout")(tokens)
    for number in range(layers):
        block = TransformerBlock(heads, mlp_size, qkv_bias=qkv_bias, activation=hidden_act, epsilon=layer_norm_eps,
                                 dropout=dropout, attention_dropout=attention_dropout,
                                 kernel_initializer="glorot_uniform",  # 0.02 keeps narrow blocks silent for many epochs
                                 opposed=0.6,  # the lowest loss after 500 steps of the starts tried
                                 name=f"block_{number}")
        tokens = block(tokens, answered=None if number < layers - 1 else 2)  # only class and distillation are read
    tokens = keras.layers.LayerNormalization(epsilon=layer_norm_eps, name="norm")(tokens)
    pooled = keras.layers.GlobalAveragePooling1D(name="pooled")(tokens)
    pooled = keras.layers.LayerNormalization(epsilon=head_norm_eps, name="head_norm")(pooled)
    return keras.layers.Dense(labels, dtype="float32", name="logits",
                              kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02))(pooled)


def features_model(model):
    """The part of an AST behind its frontend: features [batch, frames, bands] to logits."""
    return keras.Model(model.get_layer("standardize").output, model.outputs[0], name=f"{model.name}_features")


def look_inside(model, inputs):
    """Every token after every block, and what it attends to. (In the model the last block answers two tokens only.)

    Args:
        model: an AST, or the part behind its frontend.
        inputs: what it takes, waveforms [batch, samples] or features [batch, frames, bands].

    Returns:
        The hidden states, float32 [batch, tokens, width]: before the first block, after each, after the final norm.
        The attention weights, one array a block, float32 [batch, heads, tokens, tokens]. Tokens 0 and 1 are class and
        distillation, then come the patches, row by row from low bands to high, time fastest.
    """
    states, maps = [keras.Model(model.inputs[0], model.get_layer("tokens").output)(inputs)], []
    for layer in model.layers:
        if layer.name.startswith("block_"):
            tokens, weights = layer(states[-1], return_attention=True)
            states.append(tokens)
            maps.append(weights.numpy())
    states.append(model.get_layer("norm")(states[-1]))
    return [np.asarray(tokens, np.float32) for tokens in states], maps
