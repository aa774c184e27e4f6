"""Telling what is wrong with the values of tensors, from inside a graph."""

import tensorflow as tf


def checked(*problems, prefix=lambda: ""):
    """A context whose operations run only if nothing is wrong.

    What is wrong ends in `tf.errors.InvalidArgumentError` naming the first problem that is there.
    The sentence is put together only then, so the good case costs one branch.

    Args:
        *problems: tuples (whether it is wrong: a scalar bool tensor, its sentence with a `{}` for
            each value, the values: scalar integer tensors). Earlier ones win.
        prefix: a function that gives what goes before the sentence, a scalar string.
    """
    wrong = tf.stack([problem for problem, *_ in problems])  # [problems]

    def fail():
        sentences = tf.stack([tf.strings.format(text, values) for _, text, *values in problems])
        first = tf.argmax(tf.cast(wrong, tf.int32))
        return tf.debugging.Assert(False, [prefix() + sentences[first]])

    return tf.control_dependencies([tf.cond(tf.reduce_any(wrong), fail, tf.no_op)])
