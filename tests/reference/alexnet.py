"""Golden files `alexnet_*`: torchvision's AlexNet."""

from kwscls.models.alexnet import alexnet
from kwscls.pretrained.torchvision import UNITS, units
from tests.reference import torchvision

TOP = ((r"avgpool", "pool"), (r"classifier\.1", "fc6"), (r"classifier\.2", "fc6_relu"), (r"classifier\.4", "fc7"),
       (r"classifier\.5", "fc7_relu"))


def run(meta, weights, inputs):
    """Stem, pools and the dense layers."""
    return torchvision.run(alexnet, meta, weights, inputs,
                           lambda model: [*TOP, *torchvision.in_order(units(model, UNITS["alexnet"]))],
                           dropout=meta["config"]["dropout"])
