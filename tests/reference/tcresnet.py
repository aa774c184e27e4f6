"""Golden files `tcresnet_*`: MFCC in."""

from kwscls.models import tcresnet
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """The first convolution, every block, and what is averaged over time."""
    config = meta["config"]
    layers = {
        name: {"pooled": "pool"}.get(name, f"{name}_relu")
        for name in meta["outputs"]
        if name != "logits"
    }
    kernel = next(
        value.shape[0] for name, value in weights.items() if name.endswith("block0/conv0_0/weights")
    )
    return keyword_nets.run(
        lambda x: tcresnet.body(
            x,
            config["num_classes"],
            widths=config["n_channels"],
            width=config["width_multiplier"],
            kernel=kernel,
        ),
        "tcresnet",
        weights,
        inputs["x"],
        layers,
    )[1]
