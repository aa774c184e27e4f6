"""Several models' logits as one: those whose scores are the mean of their scores."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class MeanScores(keras.layers.Layer):
    """The logits whose scores are the mean of the scores of several logits.

    Args:
        activation: "softmax", or "sigmoid" for independent labels: logits to scores.
        temperatures: what each of the logits is divided by first; 1 when None.

    Call: a list of [..., labels] to float32 [..., labels].
    """

    def __init__(self, activation="softmax", temperatures=None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.activation, self.temperatures = activation, temperatures

    def call(self, inputs):
        temperatures = self.temperatures or [1.0] * len(inputs)
        logits = [tf.cast(one, tf.float32) / temperature for one, temperature in zip(inputs, temperatures, strict=True)]
        if self.activation == "sigmoid":
            yes, no = (_log_mean([tf.math.log_sigmoid(side * one) for one in logits]) for side in (1, -1))
            return yes - no
        return _log_mean([tf.nn.log_softmax(one) for one in logits])

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "activation": self.activation, "temperatures": self.temperatures}


def _log_mean(logs):
    """The logarithm of the mean of what `logs` are the logarithms of."""
    return tf.reduce_logsumexp(tf.stack(logs), axis=0) - tf.math.log(float(len(logs)))
