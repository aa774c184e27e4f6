"""Golden files `mobilenet_v3_*`: torchvision's MobileNetV3."""

from kwscls.models.mobilenet_v3 import mobilenet_v3
from kwscls.pretrained.torchvision import UNITS, units
from tests.reference import torchvision


def run(meta, weights, inputs):
    """Stem, blocks and the final map."""
    config = meta["config"]
    return torchvision.run(mobilenet_v3, meta, weights, inputs,
                           lambda model: torchvision.in_order(units(model, UNITS["mobilenet_v3"])),
                           variant=meta["class"].rpartition("_")[2], width_mult=config["width_mult"],
                           reduced_tail=config["reduced_tail"], dilated=config["dilated"], dropout=config["dropout"])
