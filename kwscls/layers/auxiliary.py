"""A side head of a deep network, which takes part in training only."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class AuxiliaryHead(keras.layers.Layer):
    """Lets a map pass, and in training keeps what a side head makes of it, until the loss asks for it.

    Where the model only answers, nothing reads the side head, and an optimised graph leaves it out.

    Args:
        weight: of the side head's loss beside the loss of the model.

    Call: [features, logits of the side head] to the features.
    """

    def __init__(self, weight=0.3, **kwargs):
        super().__init__(**kwargs)
        self.weight = float(weight)
        self._kept = None

    def call(self, inputs, training=None):
        features, logits = inputs
        self._kept = logits if training else None
        return tf.identity(features)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def take_logits(self):
        """The side head's logits of the training step that is under way, once; None when there is none."""
        kept, self._kept = self._kept, None
        return kept

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
