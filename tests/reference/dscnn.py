"""Golden files `dscnn_*`: MFCC in."""

from kwscls.models import dscnn
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """The first convolution and every separable one."""
    count, *numbers = meta["config"]["model_size_info"]
    rows = [numbers[start : start + 5] for start in range(0, 5 * count, 5)]
    layers = {
        name: f"{name}_relu" if name == "conv_1" else f"{name}_pointwise_relu"
        for name in meta["outputs"]
        if name != "logits"
    }
    return keyword_nets.run(
        lambda x: dscnn.body(x, meta["config"]["label_count"], layers=rows),
        "dscnn",
        weights,
        inputs["x"],
        layers,
    )[1]
