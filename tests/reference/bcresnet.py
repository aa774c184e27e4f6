"""Golden files `bcresnet_*`: the log-mel goes in as [batch, 1, bands, frames]."""

import re

import numpy as np

from kwscls.models import bcresnet
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """Every stage, and whichever blocks the file names."""
    config, modules = meta["config"], dict(
        re.findall(r"(\w+) = output of module '([\w.]+)'", meta["notes"]["text"])
    )
    layers = {
        name: _layer(name, modules.get(name) or modules.get(name.capitalize()))
        for name in meta["outputs"]
        if name != "logits"
    }
    sub_bands = (
        weights["BCBlocks.0.1.f2.0.block.1.ssnorm.weight"].size
        // weights["BCBlocks.0.1.f2.0.block.0.weight"].shape[0]
    )
    _, found = keyword_nets.run(
        lambda x: bcresnet.body(
            x, config["num_classes"], tau=1, base=config["base_c"], sub_bands=sub_bands
        ),
        "bcresnet",
        weights,
        np.moveaxis(inputs["x"][:, 0], 1, 2),
        layers,
    )
    return {name: _channels_first(value) for name, value in found.items()}


def _layer(name, module):
    if name == "stem" or module == "cnn_head":
        return "stem_relu"
    stage, block = re.fullmatch(r"BCBlocks\.(\d+)\.(\d+)", module).groups()
    return f"stage{int(stage) + 1}_block{block}_relu"


def _channels_first(value):
    """Pictures, folded or not, as [batch, channels, frequencies, frames]."""
    if value.ndim == 5:
        batch, frames, rows, bands, channels = value.shape
        value = value.transpose(0, 1, 3, 2, 4).reshape(batch, frames, bands * rows, channels)
    return value.transpose(0, 3, 2, 1) if value.ndim == 4 else value
