"""Attention of a sequence to one of its own frames."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class QueryAttention(keras.layers.Layer):
    """Weighted sums of a sequence; the weights are dot products with queries made from one of its
    frames.

    Weights: `kernel` [heads, width, width] and `bias` [heads, width] of the queries.

    Args:
        heads: queries; each gives one sum.
        query: the frame they are made from: "last" or "middle" (frames // 2).

    Input: [batch, frames, width]. Output: [batch, heads * width].

    Source: Att-RNN (douglas125/SpeechCmdRecognition) for one head, kws_streaming's att_mh_rnn for
    several.
    """

    def __init__(self, heads=1, query="last", **kwargs):
        super().__init__(**kwargs)
        self.heads, self.query = heads, query

    def build(self, input_shape):
        width = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(self.heads, width, width), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.heads, width), initializer="zeros", name="bias")

    def call(self, sequence):
        """[batch, frames, width] to [batch, heads * width]."""
        weights = tf.cast(self.weights_of(sequence), sequence.dtype)
        sums = tf.einsum("bht,btw->bhw", weights, sequence)
        return tf.reshape(sums, [-1, self.heads * sequence.shape[-1]])

    def weights_of(self, sequence):
        """The share of each frame: float32 [batch, heads, frames]."""
        place = sequence.shape[1] // 2 if self.query == "middle" else -1
        queries = (
            tf.einsum("bi,hio->bho", sequence[:, place], tf.convert_to_tensor(self.kernel))
            + self.bias
        )
        return tf.nn.softmax(tf.cast(tf.einsum("bhw,btw->bht", queries, sequence), tf.float32))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.heads * input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "heads": self.heads, "query": self.query}
