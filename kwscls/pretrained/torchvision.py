"""torchvision's ImageNet weights for the image backbones: a function a family, from our layers' names to its modules'.

A first convolution of one channel takes the sum over the three colours, as if it were shown the same image three times.
"""

import functools
import math
import re

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.class_maps import ClassMaps
from kwscls.layers.residual import LayerScale
from kwscls.layers.tokens import patch_grid
from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.layouts import as_is, convolution, dense, depthwise, stacked
from kwscls.pretrained.positions import regrid

UNITS = {
    "alexnet": r"(?:stem|stage\d+)_(?:conv\d*|relu\d*|pool)",
    "vgg": r"stage\d+_(?:conv\d+|norm\d+|relu\d+|pool)",
    "squeezenet": r"stem_(?:conv|relu|pool)|stage\d+_(?:pool|fire\d+)",
    "mobilenet_v3": r"stem|stage\d+_block\d+|top",
    "convnext": r"stem|stage\d+_down|stage\d+(?=_block)",
}
"""What torchvision counts as features.0, features.1, ...: what our layers' names begin with, in their order."""

_KINDS = {"conv": "conv", "norm": "bn"}


def units(model, pattern):
    """The distinct beginnings of layers' names that match a pattern, in the order of the layers, numbered from 0."""
    found = (re.match(pattern, layer.name) for layer in model.layers)
    return {name: place for place, name in enumerate(dict.fromkeys(match[0] for match in found if match))}


def resnet(model, source):
    """Plans for ResNet and its kin."""
    return _plan(model, source, (
        (r"stem_conv", r"conv1"), (r"stem_norm", r"bn1"), (r"logits", r"fc"),
        (r"stage(\d+)_block(\d+)_conv(\d)", r"layer\1.\2.conv\3"),
        (r"stage(\d+)_block(\d+)_norm(\d)", r"layer\1.\2.bn\3"),
        (r"stage(\d+)_block(\d+)_shortcut_conv", r"layer\1.\2.downsample.0"),
        (r"stage(\d+)_block(\d+)_shortcut_norm", r"layer\1.\2.downsample.1")))


def densenet(model, source):
    """Plans for DenseNet; older files write norm.1 where newer ones write norm1."""
    dot = "." if "features.denseblock1.denselayer1.norm.1.weight" in source.tensors else ""
    return _plan(model, source, (
        (r"stem_(conv|norm)", r"features.\g<1>0"), (r"top_norm", r"features.norm5"), (r"logits", r"classifier"),
        (r"stage(\d+)_layer(\d+)_(conv|norm)(\d)", rf"features.denseblock\1.denselayer\2.\3{dot}\4"),
        (r"stage(\d+)_transition_(conv|norm)", r"features.transition\1.\2")))


def squeezenet(model, source):
    """Plans for SqueezeNet."""
    place = units(model, UNITS["squeezenet"])
    return _plan(model, source, (
        (r"stem_conv", "features.0"), (r"logits", "classifier.1"),
        (r"(stage\d+_fire\d+)_(squeeze|expand\dx\d)", lambda found: f"features.{place[found[1]]}.{found[2]}")))


def alexnet(model, source):
    """Plans for AlexNet."""
    return _plain(model, source, "alexnet", {"fc6": 1, "fc7": 4, "logits": 6})


def vgg(model, source):
    """Plans for VGG."""
    return _plain(model, source, "vgg", {"fc6": 0, "fc7": 3, "logits": 6})


def _plain(model, source, family, classifier):
    place = units(model, UNITS[family])
    return _plan(model, source, (
        (r"(?:stem|stage\d+)_(?:conv|norm)\d*", lambda found: f"features.{place[found[0]]}"),
        (r"fc6|fc7|logits", lambda found: f"classifier.{classifier[found[0]]}")), flattened={"fc6": "flatten"})


def mobilenet_v3(model, source):
    """Plans for MobileNetV3."""
    block = units(model, UNITS["mobilenet_v3"])
    part = {name: units(model, rf"{name}_(?:expand|depthwise|squeeze|project)") for name in block}

    def inner(found):
        name, kind, last = found.groups()
        number = {"conv": "0", "norm": "1"}.get(last, last)
        return f"features.{block[name]}.block.{part[name][f'{name}_{kind}']}.{number}"

    return _plan(model, source, (
        (r"(stage\d+_block\d+)_(\w+?)_(conv|norm|fc\d)", inner),
        (r"(stem|top)_(conv|norm)", lambda found: f"features.{block[found[1]]}.{int(found[2] == 'norm')}"),
        (r"dense", "classifier.0"), (r"logits", "classifier.3")))


def convnext(model, source):
    """Plans for ConvNeXt."""
    unit = units(model, UNITS["convnext"])
    parts = {"scale": "layer_scale", "conv": "block.0", "norm": "block.2", "mlp1": "block.3", "mlp2": "block.5"}
    return _plan(model, source, (
        (r"(stage\d+)_block(\d+)_(\w+)", lambda found: f"features.{unit[found[1]]}.{found[2]}.{parts[found[3]]}"),
        (r"(stage\d+_down)_(norm|conv)", lambda found: f"features.{unit[found[1]]}.{int(found[2] == 'conv')}"),
        (r"stem_(norm|conv)", lambda found: f"features.0.{int(found[1] == 'norm')}"),
        (r"top_norm", "classifier.0"), (r"logits", "classifier.2")))


def googlenet(model, source):
    """Plans for GoogLeNet; side heads that the model does not have are left out."""
    def module(found):
        stage, letter, branch, kind = found.groups()
        return f"inception{int(stage) + 2}{letter}.branch{branch.replace('_', '.')}.{_KINDS[kind]}"

    plan = _plan(model, source, (
        (r"stem_(\d)_(conv|norm)", lambda found: f"conv{found[1]}.{_KINDS[found[2]]}"),
        (r"stage(\d)_([a-z])_branch(\w+)_(conv|norm)", module),
        (r"auxiliary(\d)_(conv|norm)", lambda found: f"aux{found[1]}.conv.{_KINDS[found[2]]}"),
        (r"auxiliary(\d)_fc1", r"aux\1.fc1"), (r"auxiliary(\d)_logits", r"aux\1.fc2"), (r"logits", r"fc")),
        flattened={"auxiliary1_fc1": "auxiliary1_flatten", "auxiliary2_fc1": "auxiliary2_flatten"})
    return _side_heads(plan, model, source, "aux[12]")


def inception_v3(model, source):
    """Plans for Inception-v3; a side head that the model does not have is left out."""
    found = (re.match(r"Conv2d_(\d[a-z])_\dx\d", name) for name in source.tensors)
    stems = {match[1]: match[0] for match in found if match}
    plan = _plan(model, source, (
        (r"stem_(\w+)_(conv|norm)", lambda found: f"{stems.get(found[1], found[1])}.{_KINDS[found[2]]}"),
        (r"stage(\d)_([a-z])_(branch\w+)_(conv|norm)",
         lambda found: f"Mixed_{int(found[1]) + 4}{found[2]}.{found[3]}.{_KINDS[found[4]]}"),
        (r"auxiliary_(conv\d)_(conv|norm)", lambda found: f"AuxLogits.{found[1]}.{_KINDS[found[2]]}"),
        (r"auxiliary_logits", "AuxLogits.fc"), (r"logits", "fc")))
    return _side_heads(plan, model, source, "AuxLogits")


def _side_heads(plan, model, source, theirs):
    has_ours = any(layer.name.startswith("auxiliary") for layer in model.layers)
    has_theirs = any(re.match(rf"{theirs}\.", name) for name in source.tensors)
    if has_theirs and not has_ours:
        plan.ignored = (rf"{theirs}\..*",)
        plan.said.append("the side heads of the file were left out: the model has none")
    if has_ours and not has_theirs:
        plan.pairs = [pair for pair in plan.pairs if not pair.weight.startswith("auxiliary")]
        plan.new = ("auxiliary.*",)
        plan.said.append("the side heads are new: the file has none")
    return plan


def _plan(model, source, rules, flattened=None):
    """A plan by rules: pairs of a pattern of our layers' names, matched whole, and the module's name for `re.sub`."""
    said, pairs = [], []
    for layer in model.layers:
        if layer.weights and not hasattr(layer, "adapt"):
            theirs = next(re.sub(ours, name, layer.name) for ours, name in rules if re.fullmatch(ours, layer.name))
            kernel = _kernel(layer, model, source, theirs, flattened or {}, said)
            pairs += _pairs(layer, theirs, kernel)
    return Plan(pairs, said=said)


def _pairs(layer, theirs, kernel=as_is):
    """The pairs of a layer that corresponds to one module."""
    head = layer.name.endswith("logits")
    if isinstance(layer, LayerScale):
        return [Pair(layer.scale.path, theirs, lambda tensor: tensor.reshape(-1))]
    names = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias", "moving_mean": "running_mean",
             "moving_variance": "running_var"}
    return [Pair(weight.path, f"{theirs}.{names[weight.name]}", kernel if weight.name == "kernel" else as_is, head)
            for weight in layer.weights]


def _kernel(layer, model, source, theirs, flattened, said):
    """How the module's kernel becomes the layer's."""
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return depthwise
    if isinstance(layer, keras.layers.Conv2D):
        return _colours(layer.kernel, source.tensors.get(f"{theirs}.weight"), said)
    if isinstance(layer, ClassMaps):
        return convolution
    if layer.name in flattened:
        return functools.partial(_flattened, shape=model.get_layer(flattened[layer.name]).input.shape[1:])
    return dense


def _colours(kernel, tensor, said):
    """A convolution's conversion; three colours are summed where ours reads one channel."""
    if tensor is None or not (kernel.shape[-2] == 1 and tensor.shape[1] == 3):
        return convolution
    said.append("the three colours that the first convolution reads were summed to one channel")
    return lambda tensor: convolution(tensor.sum(axis=1, keepdims=True))


def _flattened(tensor, shape):
    """A linear layer behind a flattened map: its inputs from [channels, height, width] to [height, width, channels]."""
    height, width, channels = shape
    return tensor.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(-1, len(tensor))


def vit(model, source):
    """Plans for the vision transformer; its positions are brought to the model's grid."""
    patches, said = model.get_layer("patches"), []
    kernel = _colours(patches.kernel, source.tensors.get("conv_proj.weight"), said)
    pairs = [*_pairs(patches, "conv_proj", kernel), Pair("positions/tokens", "class_token", stacked),
             _positions(patches, source, said), *_pairs(model.get_layer("top_norm"), "encoder.ln")]
    first = "mlp.linear_1" if "encoder.layers.encoder_layer_0.mlp.linear_1.weight" in source.tensors else "mlp.0"
    second = {"mlp.linear_1": "mlp.linear_2", "mlp.0": "mlp.3"}[first]
    for layer in model.layers:
        if match := re.fullmatch(r"block_(\d+)", layer.name):
            prefix = f"encoder.layers.encoder_layer_{match[1]}"
            joint, output = layer.attention.query_key_value, layer.attention.output_projection
            pairs += [Pair(joint.kernel.path, f"{prefix}.self_attention.in_proj_weight", dense),
                      Pair(joint.bias.path, f"{prefix}.self_attention.in_proj_bias"),
                      *_pairs(output, f"{prefix}.self_attention.out_proj", dense),
                      *_pairs(layer.norm1, f"{prefix}.ln_1"), *_pairs(layer.norm2, f"{prefix}.ln_2"),
                      *_pairs(layer.mlp_1, f"{prefix}.{first}", dense),
                      *_pairs(layer.mlp_2, f"{prefix}.{second}", dense)]
        elif layer.name in ("representation", "logits"):
            theirs = "heads.head" if layer.name == "logits" else "heads.pre_logits"
            pairs += _pairs(layer, theirs, dense)
    return Plan(pairs, said=said)


def _positions(patches, source, said):
    """The pair of the positions: [1, 1 + side * side, width] there, [1 + rows * columns, width] here."""
    target = patch_grid(patches.input.shape[1:3], patches.patch, patches.strides)
    learned = source.tensors.get("encoder.pos_embedding")
    places = 0 if learned is None else learned.shape[1] - 1
    side = math.isqrt(places)
    if learned is None or target == (side, side) or side**2 != places == math.prod(target):
        return Pair("positions/positions", "encoder.pos_embedding", stacked)
    if side**2 != places:
        raise KwsclsError(f"its positions are for {places} patches, which are no square", source.where,
                          f"the model has {target[0]} x {target[1]}")
    said.append(f"positions learned for {side} x {side} patches were brought to {target[0]} x {target[1]}")
    return Pair("positions/positions", "encoder.pos_embedding",
                lambda tensor: regrid(stacked(tensor), (side, side), target, front=1))
