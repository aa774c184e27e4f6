"""The models by name: the one table, and the way from a name to a Keras model."""

import contextlib
import dataclasses
import difflib
import importlib
import pkgutil
import re

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


# Three wide-stepping convolutions, since on a CPU the published seven cost more than the transformer behind them.
_WAV2VEC2_SMALL = dict(
    conv_dim=(64, 128, 192), conv_kernel=(40, 8, 8), conv_stride=(20, 4, 4), conv_bias=True, feat_extract_norm="layer",
    hidden_size=128, num_hidden_layers=3, num_attention_heads=4, intermediate_size=384, do_stable_layer_norm=True,
    num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, classifier_proj_size=128, layerdrop=0.0,
    activation_dropout=0.0, mask_time_length=4, mask_time_min_masks=1, initializer_range=0.08)

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
    "googlenet": Row("googlenet:googlenet", "Szegedy et al., Going deeper with convolutions (2014), its side heads learn along",
                     dict(auxiliary=True)),
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
    "sincnet": Row("sinc_keywords:sinc_keywords", "ours, with the filters of Ravanelli, Bengio, Speaker recognition from raw "
                   "waveform with SincNet (2018)"),
    "sincnet_timit": Row("sincnet:sincnet", "Ravanelli, Bengio (2018), the stack for TIMIT", dict(spare_norms=True)),
    "wav2vec2": Row("wav2vec2:wav2vec2", "Baevski et al., wav2vec 2.0 (2020), a small one of ours", _WAV2VEC2_SMALL),
    "wav2vec2_frames": Row("wav2vec2:wav2vec2", "the same, with an answer for each frame", dict(_WAV2VEC2_SMALL, head="frames")),
    "wav2vec2_base": Row("wav2vec2:wav2vec2", "Baevski et al. (2020), base"),
    "wav2vec2_large": Row("wav2vec2:wav2vec2", "Baevski et al. (2020), large, LV-60's kind", dict(
        conv_bias=True, feat_extract_norm="layer", hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
        intermediate_size=4096, do_stable_layer_norm=True)),
    "res1d": Row("resnet1d:resnet1d", "ours: a residual net over time, made to learn fast on two CPU cores"),
    "res2d": Row("resnet2d:resnet2d", "ours: a residual net on the log-mel picture, 220,000 parameters"),
    "resfold": Row("resfold:resfold", "ours: a picture first, a sequence then; the most accuracy in minutes on two CPU cores"),
    "resfold_large": Row("resfold:resfold", "ours: the same, deeper in the picture, for ten minutes and more", dict(
        pictures=(48, 72), depth=2, folded=96, strides=(1, 1, 1))),
    "bcresnet_1": Row("bcresnet:bcresnet", "Kim et al., Broadcasted residual learning (2021)"),
    "bcresnet_1_5": Row("bcresnet:bcresnet", "Kim et al. (2021)", dict(tau=1.5)),
    "bcresnet_2": Row("bcresnet:bcresnet", "Kim et al. (2021)", dict(tau=2)),
    "bcresnet_3": Row("bcresnet:bcresnet", "Kim et al. (2021)", dict(tau=3)),
    "bcresnet_6": Row("bcresnet:bcresnet", "Kim et al. (2021)", dict(tau=6)),
    "bcresnet_8": Row("bcresnet:bcresnet", "Kim et al. (2021)", dict(tau=8)),
    "kwt_1": Row("kwt:kwt", "Berg et al., Keyword Transformer (2021)"),
    "kwt_2": Row("kwt:kwt", "Berg et al. (2021)", dict(d_model=128, mlp_dim=512, heads=2)),
    "kwt_3": Row("kwt:kwt", "Berg et al. (2021)", dict(d_model=192, mlp_dim=768, heads=3)),
    "matchboxnet_3x1x64": Row("matchboxnet:matchboxnet", "Majumdar, Ginsburg, MatchboxNet (2020)"),
    "matchboxnet_3x2x64": Row("matchboxnet:matchboxnet", "Majumdar, Ginsburg (2020)", dict(repeat=2)),
    "tcresnet8": Row("tcresnet:tcresnet", "Choi et al., Temporal convolution for real-time keyword spotting (2019)"),
    "tcresnet8_1_5": Row("tcresnet:tcresnet", "Choi et al. (2019)", dict(width=1.5)),
    "tcresnet14": Row("tcresnet:tcresnet", "Choi et al. (2019)", dict(widths=(16, 24, 24, 32, 32, 48, 48))),
    "tcresnet14_1_5": Row("tcresnet:tcresnet", "Choi et al. (2019)", dict(widths=(16, 24, 24, 32, 32, 48, 48), width=1.5)),
    "dscnn_s": Row("dscnn:dscnn", "Zhang et al., Hello Edge (2017), small"),
    "dscnn_m": Row("dscnn:dscnn", "Zhang et al. (2017), medium",
                   dict(layers=((172, 10, 4, 2, 1), (172, 3, 3, 2, 2)) + 3 * ((172, 3, 3, 1, 1),))),
    "dscnn_l": Row("dscnn:dscnn", "Zhang et al. (2017), large",
                   dict(layers=((276, 10, 4, 2, 1), (276, 3, 3, 2, 2)) + 4 * ((276, 3, 3, 1, 1),))),
    "attrnn": Row("attrnn:attrnn", "Andrade et al., A neural attention model for speech command recognition (2018)"),
    "mhattrnn": Row("attrnn:mhattrnn", "Rybakov et al., Streaming keyword spotting on mobile devices (2020)"),
    "yamnet": Row("yamnet:yamnet", "Plakal, Ellis, YAMNet (tensorflow/models, 2019)"),
}

GIVEN = ("name", "labels", "samples", "sample_rate", "activation")
"""What a builder is told of the data and the task: no sizes."""


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
        KwsclsError: the name is unknown, or the builder has no such size, or cannot build with its value.
    """
    entry = row(name)
    file, function = entry.builder.split(":")
    builder = getattr(importlib.import_module(f"kwscls.models.{file}"), function)
    told = {size: value for size, value in sizes.items() if size not in GIVEN}
    known = set(builder.__kwdefaults__ or ()) - set(GIVEN)
    for size in told:
        if size not in known:
            near = difflib.get_close_matches(size, known, n=1)
            raise KwsclsError(f"the model {name} has no setting {size}", None,
                              f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}")
    with building(name, told):
        return builder(labels, samples, **{"name": name, **entry.sizes, **sizes})


@contextlib.contextmanager
def building(name, sizes):
    """Turn what goes wrong while a model is built into an error about the sizes that were asked for, if any were.

    Raises:
        KwsclsError: a size has a value that the model cannot be built with.
    """
    try:
        yield
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        if not sizes:
            raise
        values, bold = ", ".join(f"{size}={value}" for size, value in sizes.items()), re.search(r"\x1b\[1m(.+)\x1b", str(error))
        why = bold[1] if bold else (str(error).splitlines() or [""])[0]  # what a layer raises stands bold in Keras' words
        raise KwsclsError(f"the model {name} cannot be built with {values}: {type(error).__name__}: {why[:300]}") from error


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

    importlib.import_module("kwscls.models.auxiliary")  # Keras finds the classes that were imported
    for module in pkgutil.iter_modules(layers.__path__):
        importlib.import_module(f"kwscls.layers.{module.name}")
    try:
        model = keras.models.load_model(path, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise KwsclsError(f"cannot be loaded as a Keras model ({str(error)[:200]})", path) from error
    if not isinstance(model, AudioClassifier):
        raise KwsclsError("is a Keras model, but not one of kwscls", path)
    return model
