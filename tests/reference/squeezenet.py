"""Golden files `squeezenet_*`: torchvision's SqueezeNets."""

from kwscls import models
from kwscls.models.squeezenet import squeezenet
from kwscls.pretrained.torchvision import UNITS, units
from tests.reference import torchvision


def run(meta, weights, inputs):
    """Stem, pools, fires and the final map."""
    config = meta["config"]
    return torchvision.run(squeezenet, meta, weights, inputs,
                           lambda model: torchvision.in_order(units(model, UNITS["squeezenet"])),
                           dropout=config["dropout"], **models.row(f"squeezenet{config['version']}").sizes)
