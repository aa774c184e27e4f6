"""Golden files `matchboxnet_*`: MFCC in as [batch, coefficients, frames]."""

import numpy as np

from kwscls.models import matchboxnet
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """Every block. The ends' widths and taps, which no setting tells, are read from the weights."""
    config = meta["config"]
    kernels = config["kernels"][: config["blocks"]]
    last = f"encoder.encoder.{len(kernels) + 1}.mconv"
    ends = [
        weights[f"{unit}.0.conv.weight"].shape[-1] for unit in ("encoder.encoder.0.mconv", last)
    ]
    layers = {
        "prologue": "conv1_relu",
        "conv2": "conv2_relu",
        "encoder": "conv3_relu",
        **{f"block{number}": f"block{number}_relu" for number in range(1, len(kernels) + 1)},
    }
    _, found = keyword_nets.run(
        lambda x: matchboxnet.body(
            x,
            config["num_classes"],
            kernels=kernels,
            repeat=config["repeat"],
            filters=config["filters"],
            ends=weights[f"{last}.1.conv.weight"].shape[0],
            end_kernels=ends,
            dilation=config.get("dilation", 2),
        ),
        "matchboxnet",
        weights,
        np.swapaxes(inputs["x"], 1, 2),
        {k: v for k, v in layers.items() if k in meta["outputs"]},
    )
    return {
        name: np.swapaxes(value, 1, 2) if value.ndim == 3 else value
        for name, value in found.items()
    }
