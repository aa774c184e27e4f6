"""The models by name: the one table, and the way from a name to a Keras model."""

import dataclasses
import difflib
import importlib
import pkgutil

from kwscls.errors import KwsclsError


@dataclasses.dataclass(frozen=True)
class Row:
    """A name's builder and the sizes that the name stands for.

    Args:
        builder: "file:function" in this room.
        paper: who published it, and where.
        sizes: keyword arguments of the builder that make this name.
    """

    builder: str
    paper: str
    sizes: dict = dataclasses.field(default_factory=dict)


MODELS = {
    "ast": Row("ast:ast", "Gong et al., AST: Audio Spectrogram Transformer (2021), tiny"),
    "ast_small": Row("ast:ast", "Gong et al. (2021), small", dict(hidden_size=384, heads=6)),
    "ast_base": Row("ast:ast", "Gong et al. (2021), base", dict(hidden_size=768, heads=12)),
    "cnn": Row("cnn:cnn", "TensorFlow, Simple audio recognition (tutorial)"),
}


def row(name):
    """The row of a name.

    Raises:
        KwsclsError: there is no such name.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1)
        raise KwsclsError("no model has this name", name,
                          f"did you mean {near[0]}?" if near else "python -m kwscls.models lists the names")
    return MODELS[name]


def build(name, labels, samples, **sizes):
    """Build the model of a name: waveform [batch, samples] in, logits out.

    Args:
        name: a name in `MODELS`.
        labels: the names of the labels, or their count.
        samples: the length of a clip.
        **sizes: what shall differ from the name's own sizes; see the builder.

    Returns:
        An `AudioClassifier`.

    Raises:
        KwsclsError: the name is unknown, or the builder has no such size.
    """
    entry = row(name)
    file, function = entry.builder.split(":")
    builder = getattr(importlib.import_module(f"kwscls.models.{file}"), function)
    known = builder.__kwdefaults__ or {}
    for size in sizes:
        if size not in known:
            near = difflib.get_close_matches(size, known, n=1)
            raise KwsclsError(f"the model {name} has no setting {size}", None,
                              f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}")
    return builder(labels, samples, **{"name": name, **entry.sizes, **sizes})


def load(path):
    """Load a `model.keras` file of ours, in safe mode.

    Args:
        path: the file.

    Returns:
        An `AudioClassifier`.

    Raises:
        KwsclsError: the file is missing, damaged, or no model of ours.
    """
    import keras

    from kwscls import layers
    from kwscls.models.classifier import AudioClassifier

    for module in pkgutil.iter_modules(layers.__path__):  # Keras finds the classes that were imported
        importlib.import_module(f"kwscls.layers.{module.name}")
    try:
        model = keras.models.load_model(path, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise KwsclsError(f"cannot be loaded as a Keras model ({str(error)[:200]})", path) from error
    if not isinstance(model, AudioClassifier):
        raise KwsclsError("is a Keras model, but not one of kwscls", path)
    return model
