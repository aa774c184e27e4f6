"""Golden files `resnet_*`: torchvision's ResNets."""

from kwscls.models.resnet import resnet
from tests.reference import torchvision

MODULES = ((r"maxpool", "stem_pool"), (r"relu", "stem_relu"), (r"bn1", "stem_norm"), (r"conv1", "stem_conv"),
           (r"layer(\d+)", r"stage\1_.*"), (r"layer(\d+)\.(\d+)", r"stage\1_block\2_.*"), (r"avgpool", "pool"))


def run(meta, weights, inputs):
    """Every stage; blocks, depths and widths are read from the weights, as the settings do not tell them."""
    bottleneck = "layer1.0.conv3.weight" in weights
    blocks = {tuple(name.split(".")[:2]) for name in weights if name.startswith("layer")}
    depths = [sum(stage == f"layer{number}" for stage, _ in blocks) for number in (1, 2, 3, 4)]
    last = "conv3" if bottleneck else "conv2"
    widths = [weights[f"layer{stage}.0.{last}.weight"].shape[0] // (4 if bottleneck else 1) for stage in (1, 2, 3, 4)]
    inner, per_group = weights["layer1.0.conv2.weight"].shape[:2]
    groups = inner // per_group if bottleneck else 1
    return torchvision.run(resnet, meta, weights, inputs, lambda model: MODULES, depths=depths, widths=widths,
                           block="bottleneck" if bottleneck else "basic", stem=weights["conv1.weight"].shape[0],
                           groups=groups, width_per_group=64 * inner / groups / widths[0])
