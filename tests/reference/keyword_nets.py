"""What the adapters of keyword nets share: a net filled and asked for some layers' answers."""

import keras

from kwscls.pretrained import fill
from kwscls.pretrained.read import Source


def run(build, family, weights, x, layers):
    """Fill a net and answer.

    Args:
        build: a function of the features' Keras tensor that gives the logits.
        family: the file of `kwscls.models`.
        weights: by the originals' names.
        x: the features, [batch, ...].
        layers: names of outputs -> names of our layers.

    Returns:
        The model and a dict of arrays, "logits" among them.
    """
    features = keras.Input(x.shape[1:], name="input")
    model = keras.Model(features, build(features))
    fill(model, Source(weights), family)
    outputs = {
        name: model.get_layer(layer).output
        for name, layer in {"logits": "logits", **layers}.items()
    }
    found = keras.Model(features, outputs)(x, training=False)
    return model, {name: value.numpy() for name, value in found.items()}
