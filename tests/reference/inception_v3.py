"""Golden files `inception_v3_*`: torchvision's Inception-v3."""

from kwscls.models.inception_v3 import inception_v3
from tests.reference import torchvision

MODULES = ((r"Conv2d_(\d[a-z])_\dx\d", r"stem_\1_relu"), (r"maxpool(\d)", r"stem_max\1_pool"), (r"avgpool", "pool"),
           (r"Mixed_(\d)([a-z])", lambda found: f"stage{int(found[1]) - 4}_{found[2]}_concat"),
           (r"aux|AuxLogits", "auxiliary_logits"))


def run(meta, weights, inputs):
    """Stem, modules and the side head."""
    config = meta["config"]
    return torchvision.run(inception_v3, meta, weights, inputs, lambda model: MODULES, auxiliary=config["aux_logits"],
                           transform_input=config["transform_input"], dropout=config["dropout"])
