"""Transformer blocks: attention and a small network on every token, each with a residual and a layer norm."""

import keras
import tensorflow as tf

from kwscls.layers.activations import named_activation
from kwscls.layers.attention import MultiHeadAttention, token_initializer


@keras.saving.register_keras_serializable("kwscls")
class TransformerBlock(keras.layers.Layer):
    """One layer of a transformer encoder, with the norms in front of its two halves or behind their residuals.

    `norm_first=True` (ViT, AST, wav2vec 2.0 large): x += attention(norm1(x)); x += mlp(norm2(x)).
    `norm_first=False` (KWT, wav2vec 2.0 base): x = norm1(x + attention(x)); x = norm2(x + mlp(x)).

    Weights: `norm1`, `attention/query_key_value`, `attention/output`, `norm2`, `mlp_1`, `mlp_2`.

    Args:
        heads: attention heads.
        mlp_size: hidden features of the token network.
        norm_first: where the layer norms stand.
        head_size: features of a head; width // heads when None.
        qkv_bias: whether queries, keys and values have biases.
        activation: of the token network, a name in `activations.ACTIVATIONS`; "gelu" is the exact one.
        epsilon: of both layer norms.
        dropout: rate on the output of both halves, before the residual.
        attention_dropout: rate on the attention weights.
        mlp_dropout: rate after the activation.
        kernel_initializer: of all kernels; normal with deviation 0.02, cut at two deviations, when None.
        opposed: how the attention's values start, see `MultiHeadAttention`.
    """

    def __init__(self, heads, mlp_size, *, norm_first=True, head_size=None, qkv_bias=True, activation="gelu",
                 epsilon=1e-6, dropout=0.0, attention_dropout=0.0, mlp_dropout=0.0, kernel_initializer=None, opposed=0.0,
                 **kwargs):
        super().__init__(**kwargs)
        self.heads, self.mlp_size, self.norm_first, self.head_size = heads, mlp_size, norm_first, head_size
        if isinstance(activation, dict):  # so older files of ours hold a function
            activation = activation["config"]
        self.qkv_bias, self.activation, self.epsilon = qkv_bias, activation, epsilon
        self.activate = named_activation(activation)
        self.dropout, self.attention_dropout, self.mlp_dropout = dropout, attention_dropout, mlp_dropout
        self.kernel_initializer, self.opposed = token_initializer(kernel_initializer), opposed

    def build(self, input_shape):
        width = input_shape[-1]
        policy, initializer = self.dtype_policy, self.kernel_initializer

        def dense(units, name):
            return keras.layers.Dense(units, dtype=policy, name=name,
                                      kernel_initializer=initializer.clone())

        self.attention = MultiHeadAttention(self.heads, head_size=self.head_size, qkv_bias=self.qkv_bias,
                                            dropout=self.attention_dropout, kernel_initializer=initializer,
                                            opposed=self.opposed, dtype=policy, name="attention")
        self.norm1 = keras.layers.LayerNormalization(epsilon=self.epsilon, dtype=policy, name="norm1")
        self.norm2 = keras.layers.LayerNormalization(epsilon=self.epsilon, dtype=policy, name="norm2")
        self.mlp_1, self.mlp_2 = dense(self.mlp_size, "mlp_1"), dense(width, "mlp_2")
        self.inner_dropout = keras.layers.Dropout(self.mlp_dropout, dtype=policy, name="inner_dropout")
        self.outer_dropout = keras.layers.Dropout(self.dropout, dtype=policy, name="outer_dropout")
        self.norm1.build((None, width))
        self.attention.build(input_shape)
        self.norm2.build((None, width))
        self.mlp_1.build((None, width))
        self.mlp_2.build((None, self.mlp_size))

    def call(self, tokens, attention_mask=None, training=None, return_attention=False, answered=None):
        """One layer.

        Args:
            tokens: [batch, tokens, width].
            attention_mask: [batch, tokens], True or 1 for the tokens that may be attended to; all when None.
            return_attention: whether the attention weights come back too.
            answered: how many of the first tokens get an answer; all when None. In a last block of which only the class
                token is read, this spares what nobody reads.

        Returns:
            [batch, answered, width]; with `return_attention` also the weights, [batch, heads, answered, tokens].
        """
        # Between the attentions tokens are the rows of one matrix: norms and products need no batch axis.
        width = tokens.shape[-1]
        normed = tokens
        if self.norm_first:
            normed = tf.reshape(self.norm1(tf.reshape(tokens, [-1, width])), tf.shape(tokens))
        heard, weights = self.attention(normed, attention_mask=attention_mask, training=training, return_attention=True,
                                        answered=answered)
        kept = tokens[:, :answered] + self.outer_dropout(heard, training=training)
        rows = tf.reshape(kept, [-1, width])
        if self.norm_first:
            rows += self._mlp(self.norm2(rows), training)
        else:
            rows = self.norm1(rows)
            rows = self.norm2(rows + self._mlp(rows, training))
        answer = tf.reshape(rows, tf.shape(kept))
        answer.set_shape(kept.shape)
        return (answer, weights) if return_attention else answer

    def _mlp(self, rows, training):
        hidden = self.inner_dropout(self.activate(self.mlp_1(rows)), training=training)
        return self.outer_dropout(self.mlp_2(hidden), training=training)

    def get_config(self):
        return {**super().get_config(), "heads": self.heads, "mlp_size": self.mlp_size, "norm_first": self.norm_first,
                "head_size": self.head_size, "qkv_bias": self.qkv_bias, "activation": self.activation,
                "epsilon": self.epsilon, "dropout": self.dropout, "attention_dropout": self.attention_dropout,
                "mlp_dropout": self.mlp_dropout,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer), "opposed": self.opposed}
