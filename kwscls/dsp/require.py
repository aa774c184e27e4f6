"""Telling what is wrong with the values of tensors, from inside a graph."""

import tensorflow as tf


def require_none(*problems, prefix=""):
    """Fail with `tf.errors.InvalidArgumentError` naming the first problem that is there.

    The sentence is put together only when something is wrong, so the good case costs one branch.

    Args:
        *problems: pairs (whether it is wrong: scalar bool tensor, its sentence: a sequence of strings and of integer
            tensors, which are joined). Earlier ones win.
        prefix: what goes before the sentence: a string, or a function that gives a scalar string tensor.

    Returns:
        An operation: what may run on good values only goes under `tf.control_dependencies` of it.
    """
    wrong = tf.stack([problem for problem, _ in problems])  # [problems]

    def fail():
        sentences = tf.stack([_join(sentence) for _, sentence in problems])
        start = prefix() if callable(prefix) else prefix
        return tf.debugging.Assert(False, [start + sentences[tf.argmax(tf.cast(wrong, tf.int32))]])

    return tf.cond(tf.reduce_any(wrong), fail, tf.no_op)


def _join(pieces):
    return tf.strings.join([piece if isinstance(piece, str) else tf.strings.as_string(piece) for piece in pieces])
