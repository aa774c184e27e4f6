"""wav2vec 2.0 in transformers' names: into our models, and out of them."""

import re

import numpy as np

from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.config import compare, rate_told
from kwscls.pretrained.layouts import as_is, beside, convolution, dense, dense_beside

_BODY = (
    (r"feature_encoder/conv_(\d+)", r"feature_extractor.conv_layers.\1.conv"),
    (r"feature_encoder/norm_(\d+)", r"feature_extractor.conv_layers.\1.layer_norm"),
    (r"feature_projection/norm", r"feature_projection.layer_norm"),
    (r"feature_projection/dense", r"feature_projection.projection"),
    (r"encoder_position", r"encoder.pos_conv_embed.conv"),
    (r"encoder_norm", r"encoder.layer_norm"),
    (r"encoder_layer_(\d+)/attention/output", r"encoder.layers.\1.attention.out_proj"),
    (r"encoder_layer_(\d+)/norm1", r"encoder.layers.\1.layer_norm"),
    (r"encoder_layer_(\d+)/norm2", r"encoder.layers.\1.final_layer_norm"),
    (r"encoder_layer_(\d+)/mlp_1", r"encoder.layers.\1.feed_forward.intermediate_dense"),
    (r"encoder_layer_(\d+)/mlp_2", r"encoder.layers.\1.feed_forward.output_dense"),
)
"""Layers of the body, ours and theirs; theirs may stand behind "wav2vec2."."""

_BESIDE = {"quantizer/logits": "quantizer.weight_proj", "project_hid": "project_hid", "project_q": "project_q",
           "projector": "projector"}
"""Layers beside the body."""

_VARIABLES = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias"}
_POSITION = "encoder.pos_conv_embed.conv."
_GAINS = {f"{_POSITION}weight_g": f"{_POSITION}weight_v",
          f"{_POSITION}parametrizations.weight.original0": f"{_POSITION}parametrizations.weight.original1"}
"""Gain and direction of the positional convolution: in published files, and since PyTorch 2."""


def transformers(model, source):
    """The plan for a checkpoint of transformers, of any of its classes: bare, classifiers, CTC, pre-training.

    A head of another kind is left in the file, and the model's stays new.

    Raises:
        KwsclsError: the file's config names another structure than the model's where the tensors' sizes don't show
            it.
    """
    _compare(model, source)
    tensors = source.tensors
    prefix = "wav2vec2." if f"wav2vec2.{_POSITION}bias" in tensors else ""
    gain = next((name for name in _GAINS if prefix + name in tensors), next(iter(_GAINS)))
    ours = {weight.path for weight in model.weights}
    head = _head(ours, tensors)
    pairs, new, said = [], [r"quantizer/temperature"], rate_told(source.config, model)
    normalizes = any(layer.name == "normalize" for layer in model.layers)
    if source.config.get("preprocessor", {}).get("do_normalize", normalizes) != normalizes:
        said.append(f"its clips were {'not ' * normalizes}brought to zero mean and unit variance, as {'' if normalizes else 'not '}"
                    f"the model's are: --size normalize={not normalizes} builds one like it")
    for path in ours - {"quantizer/temperature"}:
        pair = _pair(path, prefix, gain, head)
        if path.partition("/")[0] in ("logits", "projector", "layer_weights") and not _has(tensors, pair):
            new.append(re.escape(path))
        elif path == "mask/embedding" and not _has(tensors, pair):
            new.append(path)
            said.append("the vector for hidden frames is new")
        else:
            pairs.append(pair)
    if head is None and "logits/kernel" in ours:
        said.append("the head is new: the file has none of this kind")
    return Plan(pairs, _unused(ours, prefix, head), new=tuple(new), said=said)


def settings(config):
    """The sizes of `kwscls.models.wav2vec2` that transformers' config.json gives: those of the same names."""
    from kwscls.models.wav2vec2 import wav2vec2

    return {name: tuple(config[name]) if isinstance(config[name], list) else config[name]
            for name in wav2vec2.__kwdefaults__ if name in config}


def transformers_sizes(source):
    """The builder's sizes from transformers' config, and from the preprocessor's the rate and whether clips are normalised."""
    preprocessor = source.config.get("preprocessor", {})
    names = {"normalize": "do_normalize", "sample_rate": "sampling_rate"}
    return settings(source.config) | {ours: preprocessor[theirs] for ours, theirs in names.items() if theirs in preprocessor}


def to_transformers(model):
    """A model's weights under transformers' names.

    Args:
        model: a model of `kwscls.models.wav2vec2` or `wav2vec2_pretraining`.

    Returns:
        A dict of float32 arrays, with the published files' spelling of the weight norm.
    """
    tensors = {}
    for weight in model.weights:
        if weight.path.endswith("seed_generator_state") or weight.path == "quantizer/temperature":
            continue
        pair = _pair(weight.path, "wav2vec2.", next(iter(_GAINS)), "classifier")
        value = weight.numpy()
        if isinstance(pair.names, str):
            tensors[pair.names] = _BACK[pair.convert](value)
        else:
            parts = np.split(value, len(pair.names), axis=-1)
            tensors |= {name: _BACK[pair.convert](part) for name, part in zip(pair.names, parts)}
    return {name: np.ascontiguousarray(value) for name, value in tensors.items()}


def first(tensor):
    """[1, ...] to [...]."""
    return tensor[0]


def taps(tensor):
    """[1, 1, taps] to [taps]."""
    return tensor[0, 0]


_BACK = {as_is: as_is, beside: as_is, dense: np.transpose, dense_beside: np.transpose,
         convolution: lambda value: np.moveaxis(value, (-1, -2), (0, 1)),
         first: lambda value: value[None], taps: lambda value: value[None, None]}
"""The way back of each layout, for one tensor."""


def _pair(path, prefix, gain, head):
    """Our weight and its tensors."""
    layer, _, variable = path.rpartition("/")
    if path == "mask/embedding":
        return Pair(path, f"{prefix}masked_spec_embed")
    if path == "layer_weights/weights":
        return Pair(path, "layer_weights")
    if path == "quantizer/codebook":
        return Pair(path, "quantizer.codevectors", first)
    if path == "encoder_position/gain":
        return Pair(path, prefix + gain, taps)
    if path == "encoder_position/direction":
        return Pair(path, prefix + _GAINS[gain], convolution)
    theirs = _VARIABLES[variable]
    if match := re.fullmatch(r"encoder_layer_(\d+)/attention/query_key_value", layer):
        names = tuple(f"{prefix}encoder.layers.{match[1]}.attention.{part}_proj.{theirs}" for part in "qkv")
        return Pair(path, names, dense_beside if variable == "kernel" else beside)
    layout = as_is if variable != "kernel" else convolution if "conv_" in layer else dense
    if layer == "logits":
        return Pair(path, f"{head}.{theirs}", layout, head=True)
    if layer in _BESIDE:
        return Pair(path, f"{_BESIDE[layer]}.{theirs}", layout)
    place = next(match.expand(names) for ours, names in _BODY if (match := re.fullmatch(ours, layer)))
    return Pair(path, f"{prefix}{place}.{theirs}", layout)


def _head(ours, tensors):
    """The name of the file's head that the model's can take over; None where there is none of its kind."""
    if ("projector/kernel" in ours) != ("projector.weight" in tensors):
        return None
    return next((name for name in ("classifier", "lm_head") if f"{name}.weight" in tensors), None)


def _unused(ours, prefix, head):
    """What the file may hold that the model has no use for."""
    unused = []
    if head is None:
        unused += [r"classifier\..*", r"projector\..*", r"lm_head\..*", "layer_weights"]
    if "project_hid/kernel" not in ours:
        unused += [r"quantizer\..*", r"project_hid\..*", r"project_q\..*"]
    if "mask/embedding" not in ours:
        unused.append(re.escape(f"{prefix}masked_spec_embed"))
    return tuple(unused)


def _has(tensors, pair):
    return all(name in tensors for name in ((pair.names,) if isinstance(pair.names, str) else pair.names))


def _compare(model, source):
    """See to it that what shapes do not tell is the same in the file's config and in the model."""
    encoder, position = model.get_layer("feature_encoder"), model.get_layer("encoder_position")
    layer = next((layer for layer in model.layers if layer.name == "encoder_layer_0"), None)
    ours = {"conv_stride": list(encoder.strides), "feat_extract_activation": encoder.activation,
            "feat_extract_norm": encoder.norm, "num_conv_pos_embedding_groups": position.groups}
    if layer is not None:
        ours |= {"num_attention_heads": layer.heads, "do_stable_layer_norm": layer.norm_first,
                 "layer_norm_eps": layer.epsilon, "hidden_act": layer.activation}
    compare(source.config, ours, source.where)
