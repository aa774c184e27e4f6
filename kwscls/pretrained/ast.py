"""AST's weights: from the paper's repository, from transformers, and its start from a distilled DeiT on ImageNet."""

import dataclasses
import math

from kwscls.errors import KwsclsError
from kwscls.layers.tokens import patch_grid
from kwscls.models import row
from kwscls.models.ast import ast as builder
from kwscls.pretrained import own as ours
from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.config import compare, rate_told
from kwscls.pretrained.layouts import beside, convolution, dense, dense_beside, stacked
from kwscls.pretrained.positions import regrid

TOKENS = 2  # class and distillation, in front of the patches
RELEASED = {stride: patch_grid((128, 1024), (16, 16), (stride, stride)) for stride in (10, 12, 14, 16)}
"""Rows and columns of patches in the paper's checkpoints, 1024 frames of 128 bands, by the stride of their names."""

ROWS = 12  # of patches in a checkpoint for other lengths: 128 bands, a patch every 10


@dataclasses.dataclass(frozen=True)
class Spelling:
    """How one origin names its tensors; a name of a block stands behind `block` with its number.

    Args:
        tokens: the two learned tokens, each a tensor.
        positions: one tensor.
        patches, norm: layers of the trunk, each with .weight and .bias.
        block: what stands in front of the names in block {n}.
        norm1, qkv, output, norm2, mlp_1, mlp_2: layers of a block; `qkv` is one or three.
        head: norm and linear layer.
        unused: regular expressions of tensors that AST has no use for.
    """

    tokens: tuple[str, str]
    positions: str
    patches: str
    norm: str
    block: str
    norm1: str
    qkv: tuple[str, ...]
    output: str
    norm2: str
    mlp_1: str
    mlp_2: str
    head: tuple[str, str] | None = None
    unused: tuple[str, ...] = ()

    def under(self, prefix, **more):
        """The same names behind a prefix."""
        return dataclasses.replace(self, tokens=tuple(prefix + token for token in self.tokens), **more, **{
            key: prefix + getattr(self, key) for key in ("positions", "patches", "norm", "block")})


TIMM = Spelling(
    tokens=("cls_token", "dist_token"), positions="pos_embed", patches="patch_embed.proj", norm="norm",
    block="blocks.{n}.", norm1="norm1", qkv=("attn.qkv",), output="attn.proj", norm2="norm2", mlp_1="mlp.fc1",
    mlp_2="mlp.fc2",
    unused=(r"head(_dist)?\..*",))
ORIGINAL = TIMM.under("v.", head=("mlp_head.0", "mlp_head.1"), unused=(r"v\.head(_dist)?\..*",))
BARE_4 = Spelling(
    tokens=("embeddings.cls_token", "embeddings.distillation_token"), positions="embeddings.position_embeddings",
    patches="embeddings.patch_embeddings.projection", norm="layernorm", block="encoder.layer.{n}.",
    norm1="layernorm_before",
    qkv=tuple(f"attention.attention.{part}" for part in ("query", "key", "value")), output="attention.output.dense",
    norm2="layernorm_after", mlp_1="intermediate.dense", mlp_2="output.dense",
    unused=(r"(cls_|distillation_)?classifier\..*", r"pooler\..*"))
BARE_5 = dataclasses.replace(
    BARE_4, block="layers.{n}.", mlp_1="mlp.fc1", mlp_2="mlp.fc2",
    qkv=tuple(f"attention.{part}_proj" for part in "qkv"), output="attention.o_proj")
_HEAD = dict(head=("classifier.layernorm", "classifier.dense"), unused=())
TRANSFORMERS_4, TRANSFORMERS_5 = (bare.under("audio_spectrogram_transformer.", **_HEAD) for bare in (BARE_4, BARE_5))
DEIT_4, DEIT_5 = (bare.under("deit.") for bare in (BARE_4, BARE_5))


def original(model, source):
    """The plan for a checkpoint of the paper's repository."""
    return _plan(model, source, ORIGINAL, _checkpoint_grid(model, source, ORIGINAL))


def transformers(model, source):
    """The plan for a checkpoint of transformers, in the names of release 4 or 5; without a head where it is bare.

    Raises:
        KwsclsError: its config tells of other heads or of another activation than the model's.
    """
    if _of_pictures(source):
        return imagenet(model, source)
    config = source.config
    _compare(config, model, source.where, heads="num_attention_heads")
    spelling = _spelled(source, TRANSFORMERS_4, TRANSFORMERS_5, BARE_4, BARE_5)
    if "max_length" not in config:
        return _plan(model, source, spelling, _checkpoint_grid(model, source, spelling))
    size, patch = (config["num_mel_bins"], config["max_length"]), config["patch_size"]
    grid = patch_grid(size, (patch, patch), (config["frequency_stride"], config["time_stride"]))
    plan = _plan(model, source, spelling, grid)
    plan.said += rate_told(config, model)
    epsilon = config.get("layer_norm_eps")
    if epsilon is not None and epsilon != model.get_layer("norm").epsilon:
        plan.said.append(f"its layer norms have epsilon {epsilon:g}, the model's {model.get_layer('norm').epsilon:g}")
    return plan


def _of_pictures(source):
    """Whether the names are those of a bare DeiT, which are those of a bare AST: its patches have three colours."""
    patches = source.tensors.get(f"{BARE_4.patches}.weight")
    return patches is not None and patches.shape[1] == 3


def transformers_sizes(source):
    """The builder's sizes from transformers' config; nothing when there is none."""
    if _of_pictures(source):
        return {}
    config = source.config
    if "max_length" not in config:
        return original_sizes(source, _spelled(source, TRANSFORMERS_4, TRANSFORMERS_5, BARE_4, BARE_5))
    preprocessor = config.get("preprocessor", {})
    statistics = {name: preprocessor[name] for name in ("mean", "std") if name in preprocessor}
    if not preprocessor.get("do_normalize", True):
        statistics = {"mean": 0.0, "std": 0.5}  # (x - mean) / (2 * std) is x
    rate = {"sample_rate": preprocessor["sampling_rate"]} if "sampling_rate" in preprocessor else {}
    return {ours: config[theirs] for ours, theirs in _CONFIG.items() if theirs in config} | statistics | rate


def original_sizes(source, names=ORIGINAL):
    """The frames and strides that the positions of a checkpoint are for; the rest is told by the model's name."""
    grid = _likely_grid(source, names)
    for stride, released in RELEASED.items():
        if grid == released:
            return {"input_tdim": 1024, "fstride": stride, "tstride": stride}
    return {"input_tdim": 16 + 10 * (grid[1] - 1)}


_CONFIG = {"hidden_size": "hidden_size", "heads": "num_attention_heads", "layers": "num_hidden_layers",
           "intermediate_size": "intermediate_size", "patch_size": "patch_size", "fstride": "frequency_stride",
           "tstride": "time_stride", "input_fdim": "num_mel_bins", "input_tdim": "max_length", "qkv_bias": "qkv_bias",
           "layer_norm_eps": "layer_norm_eps", "head_norm_eps": "layer_norm_eps", "hidden_act": "hidden_act"}


def imagenet(model, source):
    """The plan for AST's start: a distilled DeiT's trunk, its patch kernel summed over the colours, and a new head.

    The paper says averaged; the sum is what its code does, and what feeding one picture as three colours equals.
    """
    _compare(source.config, model, source.where, heads="num_attention_heads")
    spelling = TIMM if TIMM.positions in source.tensors else _spelled(source, DEIT_4, DEIT_5, BARE_4, BARE_5)
    side = math.isqrt(_places(source, spelling))
    return _plan(model, source, spelling, (side, side))


def own(model, source):
    """The plan for our own weights of AST; their positions may be for another grid.

    Raises:
        KwsclsError: the file tells of other heads or of another activation than the model's, or its positions fill no
            grid of as many rows as it tells; of the model's, where it does not tell.
    """
    plan, path = ours.own(model, source), "tokens/positions"
    if path not in source.tensors:
        return plan
    sizes = _own_sizes(source)
    _compare(sizes, model, source.where)
    places, target = source.tensors[path].shape[0] - TOKENS, _grid(model)
    rows = target[0] if not sizes else patch_grid(
        (sizes["input_fdim"],), (sizes["patch_size"],), (sizes["fstride"],))[0]
    _see_full(places, rows, source)
    moved = positions(path, (rows, places // rows), target, plan.said)
    plan.pairs = [moved if pair.weight == path else pair for pair in plan.pairs]
    return plan


def _own_sizes(source):
    """The builder's sizes of a converted file or of a run, as far as positions and blocks need them; else nothing."""
    config = source.config
    if "sizes" in config:
        return {**builder.__kwdefaults__, **row(config["model"]).sizes, **config["sizes"]}
    if "layers" not in config:
        return {}
    patches, block = config["layers"]["patches"], config["layers"].get("block_0", {})
    told = {"heads": block.get("heads"), "hidden_act": block.get("activation")}
    return {"input_fdim": config["layers"]["fbank"]["bands"], "patch_size": patches["patch"][0],
            "fstride": patches["strides"][0], **{name: value for name, value in told.items() if value is not None}}


def _compare(config, model, where, heads="heads"):
    """See to it that heads and activation, which shapes do not tell, are the same in a file and in the model."""
    block = next((layer for layer in model.layers if layer.name.startswith("block_")), None)
    if block is not None:
        compare(config, {heads: block.heads, "hidden_act": block.activation}, where, {heads: "heads"})


def positions(name, grid, target, said):
    """The pair of the positions, brought from the grid they were learned for to the model's.

    Args:
        name: of the original's tensor, [1, 2 + rows * columns, width] or without the first axis.
        grid: its rows (frequency) and columns (time).
        target: those of the model.
        said: a list of sentences; a change of the grid is told there.
    """
    if grid == target:
        return Pair("tokens/positions", name, stacked)
    said.append(f"positions learned for {grid[0]} x {grid[1]} patches were brought to {target[0]} x {target[1]}")
    return Pair("tokens/positions", name, lambda tensor: regrid(stacked(tensor), grid, target, TOKENS))


def one_channel(tensor):
    """A patch kernel [outputs, colours, height, width] to ours, [height, width, 1, outputs], the colours summed."""
    return convolution(tensor.sum(1, keepdims=True))


def _plan(model, source, names, grid):
    said = []
    pairs = [Pair("patches/kernel", f"{names.patches}.weight", one_channel),
             Pair("patches/bias", f"{names.patches}.bias"),
             Pair("tokens/tokens", names.tokens, stacked),
             positions(names.positions, grid, _grid(model), said),
             *_norm("norm", names.norm)]
    for block in model.layers:
        if block.name.startswith("block_"):
            theirs = names.block.format(n=block.name.removeprefix("block_"))
            pairs += _block(block.name, names, theirs, block.qkv_bias)
    if names.head is None:
        said.append("the head is new: the file has none for sounds")
        return Plan(pairs, names.unused, new=("head_norm/.*", "logits/.*"), said=said)
    head = [*_norm("head_norm", names.head[0]), *_linear("logits", names.head[1])]
    return Plan(pairs + [dataclasses.replace(pair, head=True) for pair in head], names.unused, said=said)


def _block(block, names, theirs, qkv_bias):
    joint = [f"{theirs}{part}" for part in names.qkv]
    pairs = [Pair(f"{block}/attention/query_key_value/kernel", tuple(f"{part}.weight" for part in joint), dense_beside)]
    if qkv_bias:
        pairs.append(Pair(f"{block}/attention/query_key_value/bias", tuple(f"{part}.bias" for part in joint), beside))
    return [*pairs,
            *_linear(f"{block}/attention/output", theirs + names.output),
            *_linear(f"{block}/mlp_1", theirs + names.mlp_1), *_linear(f"{block}/mlp_2", theirs + names.mlp_2),
            *_norm(f"{block}/norm1", theirs + names.norm1), *_norm(f"{block}/norm2", theirs + names.norm2)]


def _linear(layer, theirs):
    return Pair(f"{layer}/kernel", f"{theirs}.weight", dense), Pair(f"{layer}/bias", f"{theirs}.bias")


def _norm(layer, theirs):
    return Pair(f"{layer}/gamma", f"{theirs}.weight"), Pair(f"{layer}/beta", f"{theirs}.bias")


def _spelled(source, *spellings):
    """The spelling whose first block is in the file."""
    def is_there(names):
        return any(name.startswith(names.block.format(n=0) + names.mlp_1) for name in source.tensors)
    return next(filter(is_there, spellings), spellings[0])


def _grid(model):
    """Rows and columns of the model's patches."""
    patches = model.get_layer("patches")
    return patch_grid(patches.input.shape[1:3], patches.patch, patches.strides)


def _places(source, names):
    """How many patches the file's positions are for."""
    if names.positions not in source.tensors:
        raise KwsclsError(f"has no {names.positions}", source.where, "give the weights of a whole model")
    return source.tensors[names.positions].shape[1] - TOKENS


def _checkpoint_grid(model, source, names):
    """The grid of a checkpoint that does not tell it: the model's if that has as many patches, else the likely one."""
    target = _grid(model)
    return target if _places(source, names) == math.prod(target) else _likely_grid(source, names)


def _likely_grid(source, names):
    """The grid of a published checkpoint with as many patches, else twelve rows."""
    places = _places(source, names)
    for released in RELEASED.values():
        if places == math.prod(released):
            return released
    _see_full(places, ROWS, source)
    return ROWS, places // ROWS


def _see_full(places, rows, source):
    if places % rows:
        raise KwsclsError(f"its positions are for {places} patches, which do not fill {rows} rows", source.where,
                          "build the model with the bands, frames and strides that they were learned for")
