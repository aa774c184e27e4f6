"""Weights of `keras.applications` for the families that have its structure: DenseNet, VGG, ConvNeXt.

Save them once with `keras.applications.DenseNet121().save("densenet121.h5")`; only the arrays in that file are read. A
model without its top (include_top=False) leaves ours new. A first convolution of one channel takes the sum over the
three colours.
"""

import re

import numpy as np

from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.layouts import as_is

VGG_DEVIATION = 57.4  # of its training images: 255 times ImageNet's mean deviation of 0.225


def densenet(model, source):
    """Plans for DenseNet-121, 169, 201."""
    parts = {"norm1": "0_bn", "conv1": "1_conv", "norm2": "1_bn", "conv2": "2_conv", "conv": "conv", "norm": "bn"}
    return _plan(model, source, (
        (r"stem_(conv|norm)", lambda found: f"conv1_{parts[found[1]]}"),
        (r"top_norm", "bn"), (r"logits", "predictions"),
        (r"stage(\d)_layer(\d+)_(\w+)", lambda found: f"conv{int(found[1]) + 1}_block{found[2]}_{parts[found[3]]}"),
        (r"stage(\d)_transition_(\w+)", lambda found: f"pool{int(found[1]) + 1}_{parts[found[2]]}")), top=("logits",))


def convnext(model, source):
    """Plans for ConvNeXt in all its sizes."""
    parts = {"conv": "depthwise_conv", "norm": "layernorm", "mlp1": "pointwise_conv_1", "mlp2": "pointwise_conv_2",
             "scale": "layer_scale"}
    return _plan(model, source, (
        (r"stem_conv", r".*_stem_conv"), (r"stem_norm", r".*_stem_layernorm"), (r"top_norm", r".*_head_layernorm"),
        (r"logits", r".*_head_dense"),
        (r"stage(\d)_down_(conv|norm)", lambda found: f".*_downsampling_{'conv' if found[2] == 'conv' else 'layernorm'}"
                                                      f"_{int(found[1]) - 2}"),
        (r"stage(\d)_block(\d+)_(\w+)",
         lambda found: f".*_stage_{int(found[1]) - 1}_block_{found[2]}_{parts[found[3]]}")),
        top=("top_norm", "logits"))


def vgg(model, source):
    """Plans for VGG-16 and 19, whose first kernel is brought from images of 0 to 255 to images of deviation 1."""
    plan = _plan(model, source, (
        (r"stage(\d)_conv(\d)", r"block\1_conv\2"), (r"fc6", "fc1"), (r"fc7", "fc2"), (r"logits", "predictions")),
        top=("fc6", "fc7", "logits"))
    first = plan.pairs[0]
    plan.pairs[0] = Pair(first.weight, first.names, lambda kernel: first.convert(kernel) * np.float32(VGG_DEVIATION))
    plan.said.append(f"the first kernel was multiplied by {VGG_DEVIATION}, the deviation of its training images")
    return plan


def _plan(model, source, rules, top):
    """A plan by rules from our layers' names to patterns of theirs; layers of `top` that the file lacks stay new."""
    pairs, new, said = [], [], []
    for layer in model.layers:
        if not layer.weights or hasattr(layer, "adapt"):
            continue
        theirs = next(re.sub(name, put, layer.name) for name, put in rules if re.fullmatch(name, layer.name))
        for weight in layer.weights:
            last = r"variable(_\d+)?" if weight.name == "scale" else weight.name
            path = next((path for path in source.tensors if re.fullmatch(rf"(.*/)?{theirs}/{last}(:0)?", path)), None)
            if path is None and layer.name in top:
                new.append(re.escape(weight.path))
            else:
                pairs.append(Pair(weight.path, path or f"{theirs}/{last}", _conversion(weight, source, path, said),
                                  head=layer.name == "logits"))
    if new:
        said.append("what follows the last map is new: the file has none")
    return Plan(pairs, new=tuple(new), said=said)


def _conversion(weight, source, path, said):
    theirs = source.tensors[path].shape if path else ()
    if len(theirs) != 4 or theirs == tuple(weight.shape):
        return as_is
    if theirs[2] == 1:  # a convolution in as many groups as channels
        return lambda kernel: np.swapaxes(kernel, 2, 3)
    said.append("the three colours that the first convolution reads were summed to one channel")
    return lambda kernel: kernel.sum(axis=2, keepdims=True)
