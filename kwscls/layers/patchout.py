"""Patchout: a transformer that learns from a part of its patches."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class Patchout(keras.layers.Layer):
    """Leaves out tokens of every clip at random in training; does nothing otherwise.

    A step then costs less, nearly in proportion, and no single patch can be relied on. Positions must have been added
    before, for the tokens that stay come in any order.

    Args:
        rate: share of the tokens that are left out, in [0, 1).
        extra: how many tokens in front always stay (class, distillation).
        seed: of the choice; drawn when None.

    Call: float [batch, tokens, width] to [batch, those that stay, width].

    Source: Koutini and others, "Efficient training of audio transformers with patchout", Interspeech 2022 (the
    unstructured one).
    """

    def __init__(self, rate=0.0, extra=1, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.extra, self.seed = rate, extra, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, tokens, training=False):
        if not training or not self.rate:
            return tokens
        patches = tokens.shape[1] - self.extra
        draws = keras.random.uniform([tf.shape(tokens)[0], patches], seed=self.seed_generator)
        kept = tf.math.top_k(draws, max(1, patches - round(self.rate * patches))).indices  # [batch, those that stay]
        return tf.concat([tokens[:, :self.extra], tf.gather(tokens[:, self.extra:], kept, batch_dims=1)], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape  # in training there are fewer tokens

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "extra": self.extra, "seed": self.seed}
