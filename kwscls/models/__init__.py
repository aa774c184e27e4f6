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
    "alexnet": Row("alexnet:alexnet", "Krizhevsky, One weird trick for parallelizing convolutional networks (2014)"),
    "vgg11": Row("vgg:vgg", "Simonyan, Zisserman, Very deep convolutional networks (2014), A"),
    "vgg11_bn": Row("vgg:vgg", "Simonyan, Zisserman (2014), A with batch norm", dict(batch_norm=True)),
    "vgg13": Row("vgg:vgg", "Simonyan, Zisserman (2014), B", dict(depths=(2, 2, 2, 2, 2))),
    "vgg13_bn": Row("vgg:vgg", "Simonyan, Zisserman (2014), B with batch norm",
                    dict(depths=(2, 2, 2, 2, 2), batch_norm=True)),
    "vgg16": Row("vgg:vgg", "Simonyan, Zisserman (2014), D", dict(depths=(2, 2, 3, 3, 3))),
    "vgg16_bn": Row("vgg:vgg", "Simonyan, Zisserman (2014), D with batch norm",
                    dict(depths=(2, 2, 3, 3, 3), batch_norm=True)),
    "vgg19": Row("vgg:vgg", "Simonyan, Zisserman (2014), E", dict(depths=(2, 2, 4, 4, 4))),
    "vgg19_bn": Row("vgg:vgg", "Simonyan, Zisserman (2014), E with batch norm",
                    dict(depths=(2, 2, 4, 4, 4), batch_norm=True)),
    "googlenet": Row("googlenet:googlenet", "Szegedy et al., Going deeper with convolutions (2014)"),
    "inception_v3": Row("inception_v3:inception_v3", "Szegedy et al., Rethinking the Inception architecture (2015)"),
    "resnet18": Row("resnet:resnet", "He et al., Deep residual learning (2015), 18 layers"),
    "resnet34": Row("resnet:resnet", "He et al. (2015), 34 layers", dict(depths=(3, 4, 6, 3))),
    "resnet50": Row("resnet:resnet", "He et al. (2015), 50 layers", dict(depths=(3, 4, 6, 3), block="bottleneck")),
    "densenet121": Row("densenet:densenet", "Huang et al., Densely connected convolutional networks (2016)"),
    "squeezenet1_0": Row("squeezenet:squeezenet", "Iandola et al., SqueezeNet (2016), version 1.0"),
    "squeezenet1_1": Row("squeezenet:squeezenet", "Iandola et al. (2016), version 1.1",
                         dict(stem=64, stem_size=3, pools=(2, 4))),
    "mobilenet_v3_small": Row("mobilenet_v3:mobilenet_v3", "Howard et al., Searching for MobileNetV3 (2019), small"),
    "mobilenet_v3_large": Row("mobilenet_v3:mobilenet_v3", "Howard et al. (2019), large", dict(variant="large")),
    "vit_tiny": Row("vit:vit", "Dosovitskiy et al., An image is worth 16x16 words (2020), in DeiT's tiny size"),
    "vit_small": Row("vit:vit", "Dosovitskiy et al. (2020), in DeiT's small size", dict(hidden_dim=384, num_heads=6)),
    "vit_base": Row("vit:vit", "Dosovitskiy et al. (2020), B/16", dict(hidden_dim=768, num_heads=12)),
    "convnext_tiny": Row("convnext:convnext", "Liu et al., A ConvNet for the 2020s (2022), tiny"),
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
