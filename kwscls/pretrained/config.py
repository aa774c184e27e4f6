"""A file's settings against a model's, where the tensors' shapes do not show them."""

from kwscls.errors import KwsclsError
from kwscls.layers.activations import named_activation


def compare(config, ours, where, spelled=None):
    """See to it that a file's settings are the model's.

    Args:
        config: the file's settings by name; what it does not tell is not compared.
        ours: the model's settings by the same names. Those that end with "act" or "activation" are names of
            activations, and of one function there may be several.
        where: the file, for errors.
        spelled: what the model's builder calls a setting, by name, where it is another word.

    Raises:
        KwsclsError: one is another, or an activation is unknown.
    """
    for name, value in ours.items():
        theirs = config.get(name, value)
        if not _same(name, theirs, value):
            raise KwsclsError(f"its config says {name} = {theirs}, the model has {value}", where,
                              f"build the model with {(spelled or {}).get(name, name)}={theirs}")


def rate_told(config, model):
    """A sentence, in a list, where a checkpoint's preprocessor tells another sample rate than the model's.

    Args:
        config: the file's settings, with those of its `preprocessor`.
        model: a model; one without a rate of its own, as for pre-training, is not compared.
    """
    theirs, ours = config.get("preprocessor", {}).get("sampling_rate"), getattr(model, "sample_rate", None)
    if None in (theirs, ours) or theirs == ours:
        return []
    return [f"it learnt from recordings of {theirs} Hz, and the model hears {ours} Hz"]


def _same(name, theirs, ours):
    if name.endswith(("act", "activation")):
        return named_activation(theirs) is named_activation(ours)
    return theirs == ours
