"""A classifier whose side heads learn along, and what is left of it where it only answers."""

import keras

from kwscls.layers.auxiliary import AuxiliaryHead
from kwscls.models.classifier import AudioClassifier


@keras.saving.register_keras_serializable("kwscls")
class AuxiliaryClassifier(AudioClassifier):
    """An `AudioClassifier` with one output, to whose training loss its `AuxiliaryHead` layers add theirs.

    Each adds its weight times the compiled loss of its own logits. Evaluation, metrics and answers know nothing of it.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        for layer in self.layers:
            logits = layer.take_logits() if isinstance(layer, AuxiliaryHead) else None
            if logits is not None:
                loss += layer.weight * keras.losses.get(self.loss)(y, logits, sample_weight=sample_weight)
        return loss


def without_side_heads(model):
    """The same layers without the side heads, which nothing but training reads; the model itself where it has none.

    Args:
        model: a functional Keras model.
    """
    if not any(isinstance(layer, AuxiliaryHead) for layer in model.layers):
        return model

    def called(layer, *arguments, **options):
        return arguments[0][0] if isinstance(layer, AuxiliaryHead) else layer(*arguments, **options)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=called)
