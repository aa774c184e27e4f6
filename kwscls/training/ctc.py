"""The connectionist temporal classification loss, as models that transcribe speech were trained with."""

import tensorflow as tf


def ctc_loss(logits, labels, frames, blank=0, reduction="sum", zero_infinity=False):
    """How unlikely the label sequences are under the frames' logits.

    Args:
        logits: float32 [batch, frames, vocabulary].
        labels: int [batch, places]; what is below zero is padding.
        frames: int [batch], how many frames of each row are real.
        blank: the index of the blank.
        reduction: "sum", or "mean": each row divided by its number of labels, then averaged.
        zero_infinity: whether rows whose labels do not fit into their frames count nothing.

    Returns:
        A scalar; infinite where the labels of a row do not fit into its frames, unless `zero_infinity`.

    Source: `Wav2Vec2ForCTC` (transformers 4.57), with PyTorch's reductions.
    """
    given = labels >= 0
    order = tf.argsort(tf.cast(~given, tf.int32), axis=1, stable=True)  # labels to the front
    lengths = tf.reduce_sum(tf.cast(given, tf.int32), axis=1)
    packed = tf.where(tf.sequence_mask(lengths, tf.shape(labels)[1]), tf.gather(labels, order, batch_dims=1), blank)
    losses = tf.nn.ctc_loss(packed, logits, lengths, frames, logits_time_major=False, blank_index=blank)
    # TensorFlow's loss of an impossible row is large but finite. Equal neighbours need a blank between them.
    again = tf.reduce_sum(tf.cast((packed[:, 1:] == packed[:, :-1]) & (packed[:, 1:] != blank), tf.int32), axis=1)
    losses = tf.where(lengths + again <= frames, losses, 0.0 if zero_infinity else float("inf"))
    if reduction == "mean":
        return tf.reduce_mean(losses / tf.cast(tf.maximum(lengths, 1), losses.dtype))
    return tf.reduce_sum(losses)
