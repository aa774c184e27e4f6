"""Frames as codes: the product quantizer of wav2vec 2.0."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class ProductQuantizer(keras.layers.Layer):
    """Chooses one entry from each of several codebooks for every frame and puts the entries side by side.

    In training the choice is a hard Gumbel softmax at `temperature` with a straight gradient; out of it, the most
    likely. Weights: `logits/kernel`, `logits/bias`, `codebook` [groups * entries, width // groups], `temperature`
    (not trained).

    Args:
        groups: codebooks.
        entries: of each codebook.
        width: of the answer.
        temperature: to start with.
        seed: of the Gumbel noise.

    Input: [batch, frames, channels]. Output: a pair, codes [batch, frames, width] and how likely each entry is
    [batch, frames, groups, entries]: in training the softmax without noise, out of it the choice itself.

    Source: `Wav2Vec2GumbelVectorQuantizer` (transformers 4.57).
    """

    def __init__(self, groups, entries, width, temperature=2.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.groups, self.entries, self.width = groups, entries, width
        self.start_temperature, self.seed = temperature, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.logits = keras.layers.Dense(groups * entries, kernel_initializer=keras.initializers.RandomNormal(stddev=1),
                                         dtype=self.dtype_policy, name="logits")

    def build(self, input_shape):
        self.logits.build(input_shape)
        self.codebook = self.add_weight(name="codebook", shape=(self.groups * self.entries, self.width // self.groups),
                                        initializer=keras.initializers.RandomUniform(0, 1))
        self.temperature = self.add_weight(name="temperature", shape=(), trainable=False, dtype="float32",
                                           initializer=keras.initializers.Constant(self.start_temperature))

    def call(self, features, training=None):
        batch, frames = tf.unstack(tf.shape(features))[:2]
        logits = tf.reshape(tf.cast(self.logits(features), tf.float32), [batch, frames, self.groups, self.entries])
        if training:
            likely = tf.nn.softmax(logits)
            noise = keras.random.uniform(tf.shape(logits), 1e-20, 1.0, dtype="float32", seed=self.seed_generator)
            soft = tf.nn.softmax((logits - tf.math.log(-tf.math.log(noise))) / self.temperature)
            chosen = tf.one_hot(tf.argmax(soft, axis=-1), self.entries) + soft - tf.stop_gradient(soft)
        else:
            likely = chosen = tf.one_hot(tf.argmax(logits, axis=-1), self.entries)
        books = tf.reshape(self.codebook, [self.groups, self.entries, -1])
        codes = tf.einsum("btgv,gvd->btgd", tf.cast(chosen, self.compute_dtype), books)
        return tf.reshape(codes, [batch, frames, self.width]), likely

    def compute_output_spec(self, features, training=None):
        batch, frames, _ = features.shape
        return (keras.KerasTensor((batch, frames, self.width), dtype=self.compute_dtype),
                keras.KerasTensor((batch, frames, self.groups, self.entries), dtype="float32"))

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "entries": self.entries, "width": self.width,
                "temperature": self.start_temperature, "seed": self.seed}
