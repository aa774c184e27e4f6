"""Weights of the originals, under their own names, into our models: one file an origin."""

import dataclasses
import importlib
import re

from kwscls.errors import KwsclsError


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where weights come from: one row of the table.

    Args:
        families: the files of `kwscls.models` whose models it can fill; empty for all.
        plan: "file:function" in this room; the function takes (model, source) and returns an `assign.Plan`.
        sign: a regular expression that some tensor's name matches whole in every file of this origin, and in no other.
        says: the origin in words.
        sizes: "file:function" where the files tell the builder's sizes; takes the source, returns keyword arguments.
    """

    families: tuple[str, ...]
    plan: str
    sign: str
    says: str
    sizes: str | None = None

    def plan_of(self, model, source):
        """The `assign.Plan` of a model and a `read.Source`."""
        return _function(self.plan)(model, source)

    def sizes_of(self, source):
        """The builder's sizes as far as the file tells them."""
        return _function(self.sizes)(source) if self.sizes else {}


ORIGINS = (
    Origin(("ast",), "ast:own", "logits/kernel", "our own weights"),
    Origin(("ast",), "ast:transformers", r"(audio_spectrogram_transformer|embeddings)\..*", "transformers",
           "ast:transformers_sizes"),
    Origin(("ast",), "ast:original", r"v\.dist_token", "the paper's repository", "ast:original_sizes"),
    Origin(("ast",), "ast:imagenet", r"dist_token|deit\..*", "distilled DeiT on ImageNet"),
    Origin(("sincnet",), "sincnet:original", r"CNN_model_par\..*", "the paper's repository"),
    Origin(("alexnet",), "torchvision:alexnet", r"features\.0\.weight", "torchvision"),
    Origin(("vgg",), "torchvision:vgg", r"features\.0\.weight", "torchvision"),
    Origin(("googlenet",), "torchvision:googlenet", r"inception3a\..*", "torchvision"),
    Origin(("inception_v3",), "torchvision:inception_v3", r"Mixed_5b\..*", "torchvision"),
    Origin(("resnet",), "torchvision:resnet", r"layer1\.0\..*", "torchvision"),
    Origin(("densenet",), "torchvision:densenet", r"features\.denseblock1\..*", "torchvision"),
    Origin(("squeezenet",), "torchvision:squeezenet", r"features\.3\.squeeze\..*", "torchvision"),
    Origin(("vit",), "torchvision:vit", r"conv_proj\.weight", "torchvision"),
    Origin(("convnext",), "torchvision:convnext", r"features\.1\.0\.layer_scale", "torchvision"),
    Origin(("mobilenet_v3",), "torchvision:mobilenet_v3", r"features\.1\.block\.0\.0\.weight", "torchvision"),
    Origin(("wav2vec2",), "wav2vec2:transformers", r"(wav2vec2\.)?feature_extractor\.conv_layers\.0\.conv\.weight",
           "transformers", "wav2vec2:transformers_sizes"),
    Origin(("densenet",), "keras_applications:densenet", r"(.*/)?conv2_block1_0_bn/gamma(:0)?", "keras.applications"),
    Origin(("vgg",), "keras_applications:vgg", r"(.*/)?block1_conv1/kernel(:0)?", "keras.applications"),
    Origin(("convnext",), "keras_applications:convnext", r".*_stage_0_block_0_depthwise_conv/kernel(:0)?", "keras.applications"),
    Origin(("bcresnet",), "keyword_nets:bcresnet", r"cnn_head\.0\.weight", "the paper's repository"),
    Origin(("kwt",), "kwt:original", r"layer_with_weights-0/pos_emb(/\.ATTRIBUTES/VARIABLE_VALUE)?", "the paper's repository"),
    Origin(("matchboxnet",), "keyword_nets:matchboxnet", r"encoder\.encoder\.0\.mconv\.0\.conv\.weight", "NeMo"),
    Origin(("tcresnet",), "keyword_nets:tcresnet", r"TCResNet\w*/conv0/weights", "the paper's repository"),
    Origin(("dscnn",), "keyword_nets:dscnn", r"DS-CNN/conv_1/weights", "the paper's repository"),
    Origin(("attrnn",), "keyword_nets:attrnn", r"bidirectional/forward_(lstm|gru)/kernel", "the paper's repository"),
    Origin(("yamnet",), "keyword_nets:yamnet", r"layer1/conv/(layer1/conv/)?kernel(:0)?", "tensorflow/models"),
    Origin((), "own:own", "logits/.*", "our own weights"),
)


def load(model, source, allow_pickle=False):
    """Fill a model with weights from a file, a folder or the Hugging Face hub.

    Args:
        model: an `AudioClassifier` built by a name of `kwscls.models`.
        source: a .safetensors, .npz or .keras file, a folder in transformers' form, or "hf:owner/name"; with
            `allow_pickle` a file of PyTorch too.
        allow_pickle: whether a pickle may be read, by a reader that knows tensors only and runs nothing in it.

    Returns:
        Sentences that tell what was left out or changed on the way (a new head, positions brought to another length).

    Raises:
        KwsclsError: the file cannot be read, is for another model, or a tensor or weight is left over.
    """
    from kwscls.models import row
    from kwscls.pretrained.read import read

    return fill(model, read(source, allow_pickle), row(model.name).builder.partition(":")[0])


def fill(model, source, family):
    """Fill a model with tensors that were read.

    Args:
        model: a Keras model with the family's weights; it may begin at the features.
        source: a `read.Source`.
        family: the file of `kwscls.models` that built it.

    Returns, Raises: as `load`.
    """
    from kwscls.pretrained.assign import assign

    plan = origin_of(source, family).plan_of(model, source)
    return assign(model, plan, source.tensors, source.labels, source.where)


def origin_of(source, family):
    """The row whose sign is among the tensors' names.

    Raises:
        KwsclsError: no origin has such names.
    """
    for origin in ORIGINS:
        ours = not origin.families or family in origin.families
        if ours and any(re.fullmatch(origin.sign, name) for name in source.tensors):
            return origin
    known = ", ".join(origin.says for origin in ORIGINS if family in origin.families) or "our own weights"
    raise KwsclsError(f"its tensors are of no origin known for {family} (known: {known}); it begins with "
                      f"{', '.join(list(source.tensors)[:3]) or 'nothing'}", source.where)


def _function(place):
    file, function = place.split(":")
    return getattr(importlib.import_module(f"kwscls.pretrained.{file}"), function)
