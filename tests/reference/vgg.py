"""Golden files `vgg_*`: torchvision's VGGs."""

from kwscls import models
from kwscls.models.vgg import vgg
from kwscls.pretrained.torchvision import UNITS, units
from tests.reference import torchvision

TOP = ((r"avgpool", "pool"), (r"classifier\.0", "fc6"), (r"classifier\.1", "fc6_relu"), (r"classifier\.3", "fc7"),
       (r"classifier\.4", "fc7_relu"))


def run(meta, weights, inputs):
    """Convolutions, norms, pools and the dense layers."""
    config = meta["config"]
    sizes = {**models.row(meta["class"]).sizes, "batch_norm": config["batch_norm"], "dropout": config["dropout"]}
    return torchvision.run(vgg, meta, weights, inputs,
                           lambda model: [*TOP, *torchvision.in_order(units(model, UNITS["vgg"]))], **sizes)
