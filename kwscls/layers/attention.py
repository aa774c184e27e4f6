"""Multi-head self-attention over a sequence of tokens."""

import keras
import tensorflow as tf

from kwscls.errors import KwsclsError


@keras.saving.register_keras_serializable("kwscls")
class MultiHeadAttention(keras.layers.Layer):
    """Multi-head self-attention: softmax(Q K^T / sqrt(head_size)) V, then an output projection.

    Query, key and value share one kernel, `query_key_value/kernel` [width, 3 * heads * head_size]: all queries, then
    all keys, then all values, each split into heads. Three matrices of an original are laid side by side. The softmax
    is computed in float32 under any precision.

    Args:
        heads: how many heads.
        head_size: features of a head; width // heads when None. It need not be a share of the width.
        qkv_bias: whether queries, keys and values have biases.
        output_bias: whether the output projection has one.
        dropout: rate on the attention weights.
        kernel_initializer: of both kernels; normal with deviation 0.02, cut at two deviations, when None.
        opposed: values and output projection start so that together they are about minus so much of the identity (see
            `NearIdentity`), which makes a first answer say how a token differs from those it attends to; 0 leaves them
            to `kernel_initializer`.

    Raises:
        KwsclsError: the width is not a multiple of `heads` and no `head_size` is given.

    Source: Vaswani et al., Attention Is All You Need, arXiv 1706.03762, section 3.2; `opposed` after A. Trockman,
    J. Z. Kolter, "Mimetic initialization of self-attention layers", ICML 2023 (arXiv 2305.09828).
    """

    def __init__(self, heads, *, head_size=None, qkv_bias=True, output_bias=True, dropout=0.0, kernel_initializer=None,
                 opposed=0.0, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.head_size = heads, head_size
        self.qkv_bias, self.output_bias = qkv_bias, output_bias
        self.dropout = dropout
        self.kernel_initializer = token_initializer(kernel_initializer)
        self.opposed = opposed

    def build(self, input_shape):
        width = input_shape[-1]
        if self.head_size is None and width % self.heads:
            raise KwsclsError(f"{width} features cannot be shared out among {self.heads} heads", self.name,
                              "choose a multiple, or give head_size")
        self._size = self.head_size or width // self.heads

        def dense(units, use_bias, initializer, name):
            return keras.layers.Dense(units, use_bias=use_bias, dtype=self.dtype_policy, name=name,
                                      kernel_initializer=initializer)

        joint, output = self.kernel_initializer.clone(), self.kernel_initializer.clone()
        if self.opposed:
            joint, output = OwnValues(joint, NearIdentity(self.opposed**0.5)), NearIdentity(-self.opposed**0.5)
        self.query_key_value = dense(3 * self.heads * self._size, self.qkv_bias, joint, "query_key_value")
        self.output_projection = dense(width, self.output_bias, output, "output")
        self.attention_dropout = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="dropout")
        self.query_key_value.build((None, width))
        self.output_projection.build((None, self.heads * self._size))
        self.attention_dropout.build(None)

    def call(self, tokens, attention_mask=None, training=None, return_attention=False, answered=None):
        """Attend.

        Args:
            tokens: [batch, tokens, width].
            attention_mask: [batch, tokens], True or 1 for the keys that may be attended to; all when None.
                A row without any attends to all alike.
            return_attention: whether the weights come back too.
            answered: how many of the first tokens get an answer; all when None.

        Returns:
            [batch, answered, width]; with `return_attention` also the weights, [batch, heads, answered, tokens].
        """
        count, width = tf.shape(tokens)[1], tokens.shape[-1]
        joint = self.query_key_value(tf.reshape(tokens, [-1, width]))  # [batch * tokens, 3 * heads * size]
        joint = tf.reshape(joint, [-1, count, 3, self.heads, self._size])
        query, key, value = tf.unstack(tf.transpose(joint, [2, 0, 3, 1, 4]))  # each [batch, heads, tokens, size]
        query = query[:, :, :answered] * self._size**-0.5
        scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32)  # [batch, heads, answered, tokens]
        if attention_mask is not None:
            allowed = tf.cast(attention_mask, tf.bool)[:, tf.newaxis, tf.newaxis, :]
            scores = tf.where(allowed, scores, scores.dtype.min)
        weights = tf.nn.softmax(scores)
        dropped = self.attention_dropout(tf.cast(weights, self.compute_dtype), training=training)
        heard = tf.transpose(tf.matmul(dropped, value), [0, 2, 1, 3])  # [batch, answered, heads, size]
        answer = self.output_projection(tf.reshape(heard, [-1, self.heads * self._size]))
        answer = tf.reshape(answer, tf.shape(tokens[:, :answered]))
        answer.set_shape(tokens[:, :answered].shape)
        return (answer, weights) if return_attention else answer

    def get_config(self):
        return {**super().get_config(), "heads": self.heads, "head_size": self.head_size, "qkv_bias": self.qkv_bias,
                "output_bias": self.output_bias, "dropout": self.dropout,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer), "opposed": self.opposed}


@keras.saving.register_keras_serializable("kwscls")
class NearIdentity(keras.initializers.Initializer):
    """A matrix to start from that hands its input on, times `scale`, with a little noise.

    Args:
        scale: of the identity.
        noise: deviation of what one feature's noise adds up to, for inputs of deviation 1.
        seed: of the noise; drawn when None.
    """

    def __init__(self, scale, noise=0.2, seed=None):
        self.scale, self.noise, self.seed = scale, noise, seed

    def __call__(self, shape, dtype=None):
        draws = keras.initializers.RandomNormal(stddev=self.noise * shape[0]**-0.5, seed=self.seed)(shape, dtype)
        return self.scale * keras.ops.eye(*shape, dtype=draws.dtype) + draws

    def get_config(self):
        return {"scale": self.scale, "noise": self.noise, "seed": self.seed}


@keras.saving.register_keras_serializable("kwscls")
class OwnValues(keras.initializers.Initializer):
    """Queries, keys and values side by side, of which the values start in a way of their own.

    Args:
        joint: initializer of the whole kernel.
        values: initializer of its last third.
    """

    def __init__(self, joint, values):
        self.joint, self.values = keras.initializers.get(joint), keras.initializers.get(values)

    def __call__(self, shape, dtype=None):
        width, third = shape[0], shape[1] // 3
        return keras.ops.concatenate([self.joint(shape, dtype)[:, :2 * third], self.values((width, third), dtype)], axis=1)

    def get_config(self):
        return {"joint": keras.initializers.serialize(self.joint), "values": keras.initializers.serialize(self.values)}


def token_initializer(chosen=None):
    """The initializer chosen, or that of vision transformers: normal of deviation 0.02, cut at two deviations."""
    return keras.initializers.get(chosen) or keras.initializers.TruncatedNormal(stddev=0.02)
