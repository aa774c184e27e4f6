"""Pictures as sequences of tokens: patches, tokens of their own, learned positions."""

import math

import keras
import numpy as np
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.attention import token_initializer


@keras.saving.register_keras_serializable("kwscls")
class PatchEmbedding(keras.layers.Layer):
    """Patches of a picture, each projected to a token; with strides below the patch's size they overlap.

    [batch, height, width, channels] in, [batch, rows * columns, features] out, the columns running fastest, with
    (size - patch) // stride + 1 patches on each axis: nothing is padded.
    Weights: `kernel` [patch height, patch width, channels, features] and `bias`.

    Args:
        features: of a token.
        patch: its height and width.
        strides: from patch to patch down and across; `patch` when None.
        use_bias: whether the projection has a bias.
        kernel_initializer: normal with deviation 0.02, cut at two deviations, when None.

    Raises:
        KwsclsError: the picture is smaller than one patch.
    """

    def __init__(self, features, patch=(16, 16), strides=None, *, use_bias=True, kernel_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.features, self.patch, self.strides = features, tuple(patch), tuple(strides or patch)
        self.use_bias = use_bias
        self.kernel_initializer = token_initializer(kernel_initializer)

    def build(self, input_shape):
        if any(size is not None and size < patch for size, patch in zip(input_shape[1:3], self.patch)):
            raise KwsclsError(f"a picture of {input_shape[1]} x {input_shape[2]} has no room for a patch of "
                              f"{self.patch[0]} x {self.patch[1]}", self.name, "take longer clips or smaller patches")
        self.kernel = self.add_weight(shape=(*self.patch, input_shape[-1], self.features), name="kernel",
                                      initializer=self.kernel_initializer.clone())
        self.bias = self.add_weight(shape=(self.features,), initializer="zeros", name="bias") if self.use_bias else None

    def call(self, picture):
        """[batch, height, width, channels] to [batch, patches, features]."""
        patches = tf.nn.conv2d(picture, self.kernel, self.strides, "VALID")
        if self.use_bias:
            patches = tf.nn.bias_add(patches, self.bias)
        return tf.reshape(patches, [-1, *self.compute_output_shape(picture.shape)[1:]])

    def compute_output_shape(self, input_shape):
        rows, columns = patch_grid(input_shape[1:3], self.patch, self.strides)
        return (input_shape[0], rows * columns, self.features)

    def get_config(self):
        return {**super().get_config(), "features": self.features, "patch": list(self.patch),
                "strides": list(self.strides), "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer)}


def patch_grid(size, patch, strides):
    """How many patches fit down and across a picture.

    Args:
        size: height and width of the picture.
        patch: height and width of a patch.
        strides: from patch to patch down and across.
    """
    return tuple((whole - part) // step + 1 for whole, part, step in zip(size, patch, strides))


@keras.saving.register_keras_serializable("kwscls")
class TokenPositions(keras.layers.Layer):
    """Learned tokens put in front of a sequence (class, distillation), and a learned position added to every token.

    [batch, tokens, width] in, [batch, extra + tokens, width] out.
    Weights: `tokens` [extra, width] and `positions` [extra + tokens, width].

    Args:
        extra: how many learned tokens stand in front, one at least.
        kernel_initializer: of the tokens; normal with deviation 0.02, cut at two deviations, when None.
        positions_initializer: of the positions; the same when None. See `GridPositions`.
    """

    def __init__(self, extra=1, *, kernel_initializer=None, positions_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.extra = extra
        self.kernel_initializer = token_initializer(kernel_initializer)
        self.positions_initializer = token_initializer(positions_initializer)

    def build(self, input_shape):
        _, count, width = input_shape
        self.tokens = self.add_weight(shape=(self.extra, width), initializer=self.kernel_initializer.clone(),
                                      name="tokens")
        self.positions = self.add_weight(shape=(self.extra + count, width),
                                         initializer=self.positions_initializer.clone(), name="positions")

    def call(self, tokens):
        """[batch, tokens, width] to [batch, extra + tokens, width]."""
        front = self.tokens + self.positions[:self.extra]  # [extra, width]
        front = tf.repeat(front[tf.newaxis], tf.shape(tokens)[0], axis=0)
        return tf.concat([front, tokens + self.positions[self.extra:]], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.extra + input_shape[1], input_shape[2])

    def get_config(self):
        return {**super().get_config(), "extra": self.extra,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "positions_initializer": keras.initializers.serialize(self.positions_initializer)}


PERIODS = 20.0
"""The longest wave of `GridPositions` is so many times as long as the shortest, which is 2 pi tokens."""


@keras.saving.register_keras_serializable("kwscls")
class GridPositions(keras.initializers.Initializer):
    """Positions to start from: sines and cosines of a token's place on a grid, and zeros for the tokens in front of it.

    A transformer that begins with random positions has to find out which patches are neighbours before it can learn from a
    few thousand clips; an equal share of the features tells it for each axis. Features that are left over are 0.

    Args:
        grid: the size of each axis, the last one running fastest.

    Source: L. Beyer, X. Zhai, A. Kolesnikov, "Better plain ViT baselines for ImageNet-1k", 2022 (arXiv 2205.01580), there
    fixed and with waves 10,000 times as long as the shortest; sounds have few patches on an axis.
    """

    def __init__(self, grid):
        self.grid = tuple(grid)

    def __call__(self, shape, dtype=None):
        count, width = shape
        share = width // (2 * len(self.grid))
        waves = PERIODS ** -(np.arange(share) / max(1, share))  # [share], radians a token
        angles = np.indices(self.grid).reshape(len(self.grid), -1, 1) * waves  # [axes, tokens, share]
        features = np.concatenate([np.sin(angles), np.cos(angles)], axis=2).transpose(1, 0, 2)
        features = features.reshape(math.prod(self.grid), -1)
        front = count - len(features)
        return keras.ops.convert_to_tensor(np.pad(features, ((front, 0), (0, width - features.shape[1]))), dtype or "float32")

    def get_config(self):
        return {"grid": list(self.grid)}
