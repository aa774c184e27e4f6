"""Layers that stay as they are while others learn, and when they learn again."""

from kwscls.errors import KwsclsError


def freeze(model, prefixes):
    """Make the layers whose names start with one of `prefixes` untrainable.

    Args:
        model: a Keras model.
        prefixes: such as "feature_encoder" or "block_0"; "body" is everything but the head.

    Returns:
        The number of parameters that stay as they are.

    Raises:
        KwsclsError: a prefix fits no layer.
    """
    for layer in chosen(model, prefixes):
        layer.trainable = False
    return sum(weight.value.shape.num_elements() for weight in model.non_trainable_weights)


def unfreeze(model, prefixes):
    """Let the layers whose names start with one of `prefixes` learn again; Args, Returns and Raises as of `freeze`."""
    for layer in chosen(model, prefixes):
        layer.trainable = True
    return sum(weight.value.shape.num_elements() for weight in model.non_trainable_weights)


def chosen(model, prefixes):
    """The layers with weights that prefixes name.

    Raises:
        KwsclsError: a prefix fits none.
    """
    layers, found = [layer for layer in model.layers if layer.weights], []
    for prefix in prefixes:
        fit = [layer for layer in layers
               if (layer.name != "logits" if prefix == "body" else layer.name.startswith(prefix))]
        if not fit:
            raise KwsclsError("fits no layer of the model", prefix,
                              f"its layers are body, {', '.join(layer.name for layer in layers)}")
        found += fit
    return found


def thaws(words, model):
    """When which layers begin to learn again.

    Args:
        words: of the form EPOCH=PREFIX, such as "5=stage4" for what follows five epochs.
        model: the Keras model whose layers are meant.

    Returns:
        A dict: epochs -> prefixes, the earliest first.

    Raises:
        KwsclsError: a word has another form, or its prefix fits no layer.
    """
    found = {}
    for word in words:
        epoch, _, prefix = word.partition("=")
        if not epoch.isdecimal() or int(epoch) < 1 or not prefix:
            raise KwsclsError("is not of the form EPOCH=PREFIX", f"--unfreeze {word}", "write it as --unfreeze 5=body")
        chosen(model, [prefix])
        found.setdefault(int(epoch), []).append(prefix)
    return dict(sorted(found.items()))


def stages(thaw, last):
    """The parts of a training between thaws: (epochs at its end, prefixes that learn again from its beginning) each.

    Args:
        thaw: as `thaws` returns it.
        last: epochs at the end of the last part.
    """
    return list(zip([*thaw, last], [[], *thaw.values()]))
