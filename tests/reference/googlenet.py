"""Golden files `googlenet_*`: torchvision's GoogLeNet."""

from kwscls.models.googlenet import googlenet
from tests.reference import torchvision

MODULES = ((r"maxpool([12])", r"stem_pool\1"), (r"conv(\d)", r"stem_\1_relu"), (r"maxpool3", "stage2_pool"),
           (r"maxpool4", "stage3_pool"), (r"aux(\d)", r"auxiliary\1_logits"),
           (r"inception(\d)([a-z])", lambda found: f"stage{int(found[1]) - 2}_{found[2]}_concat"), (r"avgpool", "pool"))


def run(meta, weights, inputs):
    """Stem, modules and both side heads."""
    config = meta["config"]
    return torchvision.run(googlenet, meta, weights, inputs, lambda model: MODULES, auxiliary=config["aux_logits"],
                           transform_input=config["transform_input"], dropout=config["dropout"],
                           auxiliary_dropout=config["dropout_aux"])
