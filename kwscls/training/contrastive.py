"""wav2vec 2.0's task without labels: tell each hidden frame's code from those of other hidden frames of the clip."""

import math

import keras
import tensorflow as tf


def contrastive_logits(guesses, codes, entries, time_mask, negatives, temperature=0.1):
    """How well the guess for each hidden frame fits its code, and how well it fits those of other frames.

    Args:
        guesses: float32 [batch, frames, width], what the transformer says.
        codes: float32 [batch, frames, width].
        entries: float32 [batch, frames, any], what the codes were made of: where these are equal, so are the codes, which
            a product may have rounded otherwise.
        time_mask: [batch, frames], which frames were hidden; only these are compared.
        negatives: int [batch, frames, count], places in the flattened [batch * frames] whose codes are wrong answers.
        temperature: divides the cosine similarities.

    Returns:
        float32 [hidden, 1 + count], the right answer first. A wrong answer that equals the right one is the least
        number.

    Source: section 3.2 of the paper; `Wav2Vec2ForPreTraining` (transformers 4.57).
    """
    width = codes.shape[-1]
    hidden = tf.where(tf.reshape(tf.cast(time_mask, tf.bool), [-1]))[:, 0]  # places of the hidden frames
    places = tf.gather(tf.reshape(negatives, [-1, negatives.shape[-1]]), hidden)  # [hidden, count]
    answers = tf.concat([hidden[:, None], tf.cast(places, hidden.dtype)], axis=1)  # the right one first
    guesses = tf.gather(tf.reshape(guesses, [-1, width]), hidden)[:, None]
    logits = _cosine(guesses, tf.gather(tf.reshape(codes, [-1, width]), answers)) / temperature
    chosen = tf.gather(tf.reshape(entries, [-1, entries.shape[-1]]), answers)  # [hidden, 1 + count, any]
    same = tf.reduce_all(tf.equal(chosen[:, :1], chosen[:, 1:]), axis=-1)
    return tf.where(tf.pad(same, [[0, 0], [1, 0]]), logits.dtype.min, logits)


def contrastive_loss(logits):
    """The cross-entropy of finding the right answers, summed over hidden frames; logits as of `contrastive_logits`."""
    return -tf.reduce_sum(tf.nn.log_softmax(logits)[:, 0])


def _cosine(left, right, epsilon=1e-8):
    product = tf.reduce_sum(left * right, axis=-1)
    squares = [tf.maximum(tf.reduce_sum(tf.square(side), axis=-1), epsilon**2) for side in (left, right)]
    return product * tf.math.rsqrt(squares[0]) * tf.math.rsqrt(squares[1])


def perplexity(choices, time_mask):
    """How many entries of all codebooks together the hidden frames use.

    Args:
        choices: float32 [batch, frames, groups, entries], how likely each entry is for each frame.
        time_mask: [batch, frames]; only hidden frames count.

    Returns:
        A scalar from the number of codebooks (each uses one entry) to the number of all entries.
    """
    hidden = tf.cast(time_mask, tf.float32)[:, :, None, None]
    share = tf.reduce_sum(choices * hidden, axis=[0, 1]) / tf.maximum(tf.reduce_sum(hidden), 1.0)  # [groups, entries]
    return tf.reduce_sum(tf.exp(-tf.reduce_sum(share * tf.math.log(share + 1e-7), axis=-1)))


def diversity_loss(choices, time_mask):
    """The share of entries that go unused, times the number of hidden frames; arguments as of `perplexity`."""
    entries = math.prod(choices.shape[-2:])
    count = tf.reduce_sum(tf.cast(time_mask, tf.float32))
    return (entries - perplexity(choices, time_mask)) / entries * count


def sample_negatives(time_mask, count, seed=None):
    """Draw wrong answers: for each hidden frame other hidden frames of the same clip, each alike, with replacement.

    Args:
        time_mask: [batch, frames], which frames are hidden.
        count: how many for each frame.
        seed: a `keras.random.SeedGenerator`.

    Returns:
        int32 [batch, frames, count], places in the flattened [batch * frames]. What frames get that are not hidden,
        or the only hidden one of a clip, means nothing.

    Source: `_sample_negative_indices` (transformers 4.57).
    """
    mask = tf.cast(time_mask, tf.int32)
    batch, frames = tf.unstack(tf.shape(mask))
    places = tf.argsort(-mask, axis=1, stable=True)  # the hidden frames first, [batch, frames]
    rank = tf.cumsum(mask, axis=1) - 1  # of a hidden frame among its clip's
    others = tf.maximum(tf.reduce_sum(mask, axis=1) - 1, 1)[:, None, None]
    draws = keras.random.uniform((batch, frames, count), dtype="float32", seed=seed)
    drawn = tf.minimum(tf.cast(draws * tf.cast(others, tf.float32), tf.int32), others - 1)
    drawn += tf.cast(drawn >= rank[:, :, None], tf.int32)  # never the frame itself
    chosen = tf.gather(places, tf.minimum(drawn, frames - 1), batch_dims=1)
    return chosen + tf.range(batch)[:, None, None] * frames
