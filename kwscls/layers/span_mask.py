"""Hiding spans of frames and of channels in training: SpecAugment for hidden states, and wav2vec 2.0's task."""

import keras
import tensorflow as tf


def sample_spans(rows, length, probability, span, minimum=0, real=None, seed=None):
    """Draw which places are hidden: spans of one length at random starts, which may overlap.

    A row of n real places gets probability * n / span spans, rounded up or down at random by one draw for all rows,
    at least `minimum`, at most as many as fit without overlap.

    Args:
        rows: how many rows.
        length: places in a row.
        probability: share of places that spans without overlap would hide.
        span: places in a span; at most `length` are taken.
        minimum: spans of a row at least.
        real: int [rows], how many places at the front of each row are real; all when None.
        seed: a `keras.random.SeedGenerator`.

    Returns:
        bool [rows, length].

    Source: `_compute_mask_indices` (transformers 4.57).
    """
    real = tf.fill([rows], length) if real is None else tf.cast(real, tf.int32)
    span = tf.minimum(span, length)
    rounding = keras.random.uniform((), dtype="float32", seed=seed)
    wanted = probability * tf.cast(real, tf.float32) / tf.cast(span, tf.float32) + rounding
    count = tf.maximum(tf.cast(wanted, tf.int32), minimum)
    starts = real - (span - 1)  # possible starts of each row
    count = tf.maximum(tf.minimum(tf.minimum(count, length // span), starts), 0)
    draws = keras.random.uniform((rows, length), dtype="float32", seed=seed)
    draws = tf.where(tf.sequence_mask(starts, length), draws, -1.0)
    order = tf.argsort(tf.argsort(draws, direction="DESCENDING"))
    begins = tf.cast(order < count[:, None], tf.int32)  # [rows, length]
    begun = tf.cumsum(begins, axis=1)
    ended = tf.pad(begun, [[0, 0], [span, 0]])[:, :length]
    return begun > ended


@keras.saving.register_keras_serializable("kwscls")
class SpanMask(keras.layers.Layer):
    """Puts a learned vector in place of spans of frames, and zeros in place of spans of channels.

    In training the spans are drawn; a given `time_mask` is applied always, in training and out of it. Without `augment`
    nothing is ever hidden, as transformers has it.
    Weight: `embedding` [width], which exists only where one of the probabilities is above zero.

    Args:
        time_probability: share of frames hidden.
        time_length: frames of a span.
        time_minimum: spans a clip at least.
        feature_probability: share of channels hidden.
        feature_length: channels of a span.
        feature_minimum: spans a clip at least.
        augment: whether anything is hidden.
        seed: of the draws.

    Input and output: [batch, frames, width].

    Source: `_mask_hidden_states` (transformers 4.57); Park et al., arXiv 1904.08779.
    """

    def __init__(self, time_probability=0.05, time_length=10, time_minimum=2, feature_probability=0.0,
                 feature_length=10, feature_minimum=0, augment=True, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.time_probability, self.time_length, self.time_minimum = time_probability, time_length, time_minimum
        self.feature_probability, self.feature_length = feature_probability, feature_length
        self.feature_minimum, self.augment, self.seed = feature_minimum, augment, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.embedding = None
        if self.time_probability > 0 or self.feature_probability > 0:
            self.embedding = self.add_weight(name="embedding", shape=(input_shape[-1],),
                                             initializer=keras.initializers.RandomUniform(0, 1))

    def call(self, frames, time_mask=None, frame_mask=None, training=None):
        """Hide.

        Args:
            frames: [batch, frames, width].
            time_mask: [batch, frames], which to hide; drawn in training when None.
            frame_mask: [batch, frames], which are real; all when None.
        """
        if not self.augment:
            return frames
        rows, length, width = tf.unstack(tf.shape(frames))
        if time_mask is None and training and self.time_probability > 0:
            real = None if frame_mask is None else tf.reduce_sum(tf.cast(frame_mask, tf.int32), axis=1)
            time_mask = sample_spans(rows, length, self.time_probability, self.time_length, self.time_minimum, real,
                                     self.seed_generator)
        if time_mask is not None:
            embedding = tf.cast(self.embedding, frames.dtype)
            frames = tf.where(tf.cast(time_mask, tf.bool)[:, :, None], embedding, frames)
        if training and self.feature_probability > 0:
            hidden = sample_spans(rows, width, self.feature_probability, self.feature_length, self.feature_minimum,
                                  seed=self.seed_generator)
            frames = tf.where(hidden[:, None, :], tf.zeros([], frames.dtype), frames)
        return frames

    def compute_output_spec(self, frames, time_mask=None, frame_mask=None, training=None):
        return keras.KerasTensor(frames.shape, dtype=self.compute_dtype)

    def get_config(self):
        names = ("time_probability", "time_length", "time_minimum", "feature_probability", "feature_length",
                 "feature_minimum", "augment", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
