"""What the adapters of torchvision's image classifiers share: our model from its image on, and its layers by module."""

import re

import keras
import numpy as np

from kwscls.pretrained import fill
from kwscls.pretrained.read import Source


def run(builder, meta, weights, inputs, modules, *, tokens=None, **sizes):
    """Fill the model with weights and answer with every output of the file.

    Args:
        builder: of the family; it makes the model for images of the input's size and channels.
        meta: of the file; its notes tell which module an output comes from.
        weights: by torchvision's names.
        inputs: {"x": [batch, channels, height, width]}.
        modules: a function of the model, to pairs of a pattern of torchvision's module, matched whole, and a pattern of
            our layers' names made of it by `re.sub`; the last layer that matches holds the module's answer.
        tokens: modules whose answer is tokens in a grid's order, where torchvision has a map.
        **sizes: of the builder.

    Returns:
        Arrays in PyTorch's layout.
    """
    image = np.moveaxis(inputs["x"], 1, -1)
    model = builder(meta["config"]["num_classes"], 16000, image_size=image.shape[1:3], channels=image.shape[-1],
                    **sizes)
    fill(model, Source(weights), builder.__module__.rpartition(".")[2])
    told = re.findall(r"(\w+) = output of module '([\w.]+)'", meta["notes"]["text"])
    told = {name.lower(): module for name, module in told}
    rules, layers = modules(model), {"logits": model.get_layer("logits")}
    for name in meta["outputs"]:
        if name != "logits":
            layers[name] = _layer(model, told.get(name.lower(), name), rules)
    tapped = keras.Model(model.get_layer("image").output, {name: layer.output for name, layer in layers.items()})
    return {name: _channels_first(value.numpy(), name, told, tokens, layers[name])
            for name, value in tapped(image, training=False).items()}


def in_order(places):
    """A rule for features.0, features.1, ...: from our units, see `kwscls.pretrained.torchvision.units`."""
    names = list(places)
    return [(r"features\.(\d+)", lambda found: f"{names[int(found[1])]}(_(?!down).*)?"),
            (r"features", f"{names[-1]}(_.*)?")]


def _layer(model, module, rules):
    pattern = next(re.sub(theirs, ours, module) for theirs, ours in rules if re.fullmatch(theirs, module))
    return [layer for layer in model.layers if re.fullmatch(pattern, layer.name)][-1]


def _channels_first(value, name, told, tokens, layer):
    if tokens and told.get(name) == tokens:
        rows, columns = (side // patch for side, patch in zip(layer.input.shape[1:3], layer.patch))
        value = value.reshape(len(value), rows, columns, -1)
    return np.moveaxis(value, -1, 1) if value.ndim == 4 else value
