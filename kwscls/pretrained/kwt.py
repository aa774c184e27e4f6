"""Weights of the Keyword Transformer, from the checkpoints of its repository."""

import functools
import re

import numpy as np

from kwscls.pretrained.assign import Pair, Plan


def original(model, source):
    """Plans for ARM-software/keyword-transformer: the object paths of its checkpoints."""
    tensors = {re.sub(r"/\.ATTRIBUTES/VARIABLE_VALUE$", "", name): name for name in source.tensors}
    axes = [
        layer.name.removesuffix("_projection")
        for layer in model.layers
        if layer.name.endswith("_projection")
    ]
    extra = model.get_layer(f"{axes[0]}_positions").extra
    pairs = []
    for number, axis in enumerate(axes):
        trunk = f"layer_with_weights-{number}"
        learned = tuple(f"{trunk}/{name}_emb" for name in ("class", "distill")[:extra])
        pairs += [
            Pair(f"{axis}_projection/{name}", f"{trunk}/patch_proj/{name}")
            for name in ("kernel", "bias")
        ]
        pairs += [
            Pair(f"{axis}_positions/tokens", learned, _rows),
            Pair(f"{axis}_positions/positions", f"{trunk}/pos_emb", _rows),
        ]
        for place in range(sum(layer.name.startswith(f"{axis}_block_") for layer in model.layers)):
            pairs += _kwt_block(f"{axis}_block_{place}", f"{trunk}/enc_layers/{place}")
    heads = [
        f"layer_with_weights-{len(axes) + number}/layer_with_weights-0" for number in range(extra)
    ]
    pairs += [
        Pair(
            f"logits/{name}",
            tuple(f"{head}/{name}" for head in heads),
            functools.partial(_mean_head, len(axes), name),
            True,
        )
        for name in ("kernel", "bias")
    ]
    plan = Plan(
        [
            Pair(
                pair.weight,
                tuple(tensors.get(name, name) for name in _several(pair.names)),
                pair.convert,
                pair.head,
            )
            for pair in pairs
        ]
    )
    plan.ignored = (
        r"_CHECKPOINTABLE_OBJECT_GRAPH",
        r"optimizer/.*",
        r"save_counter.*",
        r".*\.OPTIMIZER_SLOT.*",
    )
    return plan


def _kwt_block(ours, theirs):
    feed = f"{theirs}/ffn/layer_with_weights"
    layers = {
        "attention/output": f"{theirs}/att/combine_heads",
        "mlp_1": f"{feed}-0",
        "mlp_2": f"{feed}-1",
    }
    norms = {"norm1": f"{theirs}/layernorm1", "norm2": f"{theirs}/layernorm2"}
    joint = tuple(f"{theirs}/att/{part}_dense/kernel" for part in ("query", "key", "value"))
    return [
        Pair(
            f"{ours}/attention/query_key_value/kernel",
            joint,
            lambda *parts: np.concatenate(parts, axis=1),
        ),
        *(
            Pair(f"{ours}/{layer}/{name}", f"{place}/{name}")
            for layer, place in layers.items()
            for name in ("kernel", "bias")
        ),
        *(
            Pair(f"{ours}/{layer}/{name}", f"{place}/{name}")
            for layer, place in norms.items()
            for name in ("gamma", "beta")
        ),
    ]


def _rows(*tensors):
    """Tokens or positions [1, any, width] as the rows of one matrix."""
    return np.concatenate([tensor.reshape(-1, tensor.shape[-1]) for tensor in tensors])


def _mean_head(axes, name, *tensors):
    """The mean of several heads as one: each reads its own token, of every transformer."""
    if name == "bias" or len(tensors) == 1:
        return np.mean(tensors, axis=0)
    parts = [np.split(tensor, axes) for tensor in tensors]  # [head][transformer]
    return np.concatenate([head[axis] for axis in range(axes) for head in parts]) / len(tensors)


def _several(names):
    return (names,) if isinstance(names, str) else tuple(names)
