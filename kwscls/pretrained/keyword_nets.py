"""Weights of the published keyword nets that convolve or recur, and of YAMNet: a function each."""

import re

import numpy as np

from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.layouts import as_is, convolution, dense, depthwise

_TORCH = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
_SLIM = {"kernel": "weights", "bias": "biases"}


def bcresnet(model, source):
    """Plans for Qualcomm-AI-research/bcresnet."""
    bands = model.get_layer("fold").bands

    def part(found):
        stage, block, name = int(found[1]) - 1, found[2], found[3]
        first = int(
            f"BCBlocks.{stage}.{block}.f2.1.block.0.weight" in source.tensors
        )  # a transition has a 1 x 1 in front
        places = {
            "conv": "f2.0.block.0",
            "conv_norm": "f2.0.block.1",
            "frequency": f"f2.{first}.block.0",
            "frequency_norm": f"f2.{first}.block.1.ssnorm",
            "time": "f1.0.block.0",
            "time_norm": "f1.0.block.1",
            "time_conv": "f1.1",
        }
        return f"BCBlocks.{stage}.{block}.{places[name]}"

    def convert(layer, weight):
        if layer.name.endswith("frequency_norm"):
            return lambda tensor: tensor.reshape(-1, bands).T.reshape(-1)
        if layer.name.endswith("_frequency"):
            return lambda tensor: tensor[:, 0, :, 0].T
        if layer.name.endswith("_time"):
            return lambda tensor: depthwise(tensor[:, :, 0])
        if layer.name == "head_depthwise":
            return lambda tensor: depthwise(tensor).transpose(
                1, 0, 2, 3
            )  # theirs is [frequency, time]
        if layer.name == "stem_conv":
            return lambda tensor: convolution(tensor).transpose(1, 0, 2, 3)
        return _pointwise if weight.name == "kernel" else as_is

    return _plan(
        model,
        _TORCH,
        convert,
        (
            (r"stem_conv", "cnn_head.0"),
            (r"stem_norm", "cnn_head.1"),
            (r"stage(\d)_block(\d+)_(\w+)", part),
            (r"head_depthwise", "classifier.0"),
            (r"head_conv", "classifier.1"),
            (r"head_norm", "classifier.2"),
            (r"logits", "classifier.5"),
        ),
    )


def matchboxnet(model, source):
    """Plans for NVIDIA/NeMo; tables of its frontend that a checkpoint holds are left out."""
    blocks = sum(layer.name.endswith("_shortcut") for layer in model.layers)
    ends = {"conv1": 0, "conv2": blocks + 1, "conv3": blocks + 2}
    place = {"depthwise": 0, "pointwise": 1}

    def end(found):
        return f"encoder.encoder.{ends[found[1]]}.mconv.{place[found[2]]}.conv"

    def block(found):
        unit = 5 * int(found[2])  # two convolutions, norm, ReLU, dropout
        return f"encoder.encoder.{found[1]}.mconv.{unit + place[found[3]]}.conv"

    plan = _plan(
        model,
        _TORCH,
        _torch_1d,
        (
            (r"(conv[12])_(depthwise|pointwise)", end),
            (
                r"(conv[12])_pointwise_norm",
                lambda found: f"encoder.encoder.{ends[found[1]]}.mconv.2",
            ),
            (r"conv3", f"encoder.encoder.{ends['conv3']}.mconv.0.conv"),
            (r"conv3_norm", f"encoder.encoder.{ends['conv3']}.mconv.1"),
            (r"block(\d+)_(\d+)_(depthwise|pointwise)", block),
            (
                r"block(\d+)_(\d+)_pointwise_norm",
                lambda found: f"encoder.encoder.{found[1]}.mconv.{5 * int(found[2]) + 2}",
            ),
            (r"block(\d+)_shortcut", r"encoder.encoder.\1.res.0.0.conv"),
            (r"block(\d+)_shortcut_norm", r"encoder.encoder.\1.res.0.1"),
            (r"logits", "decoder.decoder_layers.0"),
        ),
    )
    plan.ignored = (r"preprocessor\..*", r"spec_augmentation\..*", r"crop_or_pad_augmentation\..*")
    return plan


def tcresnet(model, source):
    """Plans for hyperconnect/TC-ResNet; its second head, which no class comes from, is left out."""
    first = (re.fullmatch(r"(TCResNet\w*)/conv0/weights", name) for name in source.tensors)
    scope = next(match[1] for match in first if match)

    def convert(layer, weight):
        if layer.name == "logits":
            return lambda tensor: tensor[0, 0]
        return (lambda tensor: tensor[:, 0]) if weight.name == "kernel" else as_is

    plan = _plan(
        model,
        _SLIM,
        convert,
        (
            (r"conv0", f"{scope}/conv0"),
            (r"conv0_norm", f"{scope}/conv0/BatchNorm"),
            (
                r"block(\d+)_conv(\d)(_norm)?",
                lambda found: f"{scope}/block{found[1]}/conv{found[1]}_{found[2]}"
                + _batch_norm(found[3]),
            ),
            (
                r"block(\d+)_down(_norm)?",
                lambda found: f"{scope}/block{found[1]}/down" + _batch_norm(found[2]),
            ),
            (r"logits", f"{scope}/fc"),
        ),
        "/",
    )
    plan.ignored = (r".*/fc2/.*", r"global_step", r".*/(Momentum|Adam(_1)?)")
    return plan


def _batch_norm(has):
    return "/BatchNorm" if has else ""


def dscnn(model, source):
    """Plans for ARM-software/ML-KWS-for-MCU."""
    parts = {"depthwise": "dw_conv", "pointwise": "pw_conv"}

    def unit(found):
        norm = "/batch_norm" if found[3] else ""
        return f"DS-CNN/conv_ds_{found[1]}/{parts[found[2]]}{norm}"

    plan = _plan(
        model,
        _SLIM,
        lambda layer, weight: as_is,
        (
            (r"conv_1", "DS-CNN/conv_1"),
            (r"conv_1_norm", "DS-CNN/conv_1/batch_norm"),
            (r"conv_ds_(\d+)_(depthwise|pointwise)(_norm)?", unit),
            (r"logits", "DS-CNN/fc1"),
        ),
        "/",
    )
    plan.pairs = [
        Pair(
            pair.weight,
            pair.names.replace("dw_conv/weights", "dw_conv/depthwise_weights"),
            pair.convert,
            pair.head,
        )
        for pair in plan.pairs
    ]
    plan.ignored = (r"global_step", r".*/Adam(_1)?", r"beta[12]_power")
    return plan


def attrnn(model, source):
    """Plans for douglas125/SpeechCmdRecognition, under Keras' names of its layers."""
    kind = "lstm" if "bidirectional/forward_lstm/kernel" in source.tensors else "gru"
    pairs = []
    for weight in model.weights:
        layer, *middle, name = weight.path.split("/")
        number = int(re.sub(r"\D", "", layer) or 0)
        if layer.startswith("rnn"):
            way = middle[0].partition("_")[0]
            pairs.append(
                Pair(weight.path, f"{_numbered('bidirectional', number)}/{way}_{kind}/{name}")
            )
        elif layer == "attention":
            pairs.append(Pair(weight.path, f"dense/{name}", lambda tensor: tensor[np.newaxis]))
        elif layer == "logits":
            pairs.append(Pair(weight.path, f"output/{name}", head=True))
        else:
            theirs = {"conv": "conv2d", "norm": "batch_normalization", "dense": "dense"}[
                "norm" if layer.endswith("norm") else re.sub(r"\d", "", layer)
            ]
            place = number + 1 if theirs == "dense" else number - 1
            pairs.append(Pair(weight.path, f"{_numbered(theirs, place)}/{name}"))
    return Plan(pairs)


def _numbered(name, place):
    """Keras' name of the layer of a kind at a place: dense, dense_1, dense_2."""
    return f"{name}_{place}" if place else name


def yamnet(model, source):
    """Plans for tensorflow/models: the names that Keras gives its weights, or yamnet.h5's."""
    theirs = {_plain(name): name for name in source.tensors}
    plan = _plan(
        model,
        {},
        lambda layer, weight: as_is,
        (
            (r"layer1", "layer1/conv"),
            (r"layer1_norm", "layer1/conv/bn"),
            (r"layer(\d+)_(depthwise|pointwise)", r"layer\1/\2_conv"),
            (r"layer(\d+)_(depthwise|pointwise)_norm", r"layer\1/\2_conv/bn"),
            (r"logits", "dense" if "dense/kernel" in theirs else "logits"),
        ),
        "/",
    )
    pairs = []
    for pair in plan.pairs:
        name = pair.names.replace("depthwise_conv/kernel", "depthwise_conv/depthwise_kernel")
        pairs.append(Pair(pair.weight, theirs.get(name, name), pair.convert, pair.head))
    return Plan(pairs)


def _plain(name):
    """The name without ":0", and the layer said once: Keras' files say layer1/conv/layer1/conv."""
    name = re.sub(r":0$", "", name)
    return re.sub(r"^(.+)/\1/", r"\1/", name)


def _pointwise(tensor):
    """A 1 x 1 convolution or a linear layer, [outputs, inputs, ...], as a dense layer's kernel."""
    return dense(tensor.reshape(tensor.shape[:2]))


def _torch_1d(layer, weight):
    """The conversion of a layer of a network over time."""
    if weight.name != "kernel":
        return as_is
    if layer.name == "logits":
        return dense
    return depthwise if layer.name.endswith("depthwise") else convolution


def _plan(model, names, convert, rules, between="."):
    """A plan by rules: patterns of our layers' names, and what `re.sub` makes of each name."""
    pairs = []
    for layer in model.layers:
        if layer.weights and not hasattr(layer, "adapt"):
            theirs = next(
                re.sub(pattern, name, layer.name)
                for pattern, name in rules
                if re.fullmatch(pattern, layer.name)
            )
            pairs += [
                Pair(
                    weight.path,
                    f"{theirs}{between}{names.get(weight.name, weight.name)}",
                    convert(layer, weight),
                    head=layer.name == "logits",
                )
                for weight in layer.weights
            ]
    return Plan(pairs)
