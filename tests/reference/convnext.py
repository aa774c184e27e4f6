"""Golden files `convnext_*`: torchvision's ConvNeXts."""

from kwscls.models.convnext import convnext
from kwscls.pretrained.torchvision import UNITS, units
from tests.reference import torchvision


def run(meta, weights, inputs):
    """Stem, stages and what is between them."""
    config = meta["config"]
    return torchvision.run(convnext, meta, weights, inputs,
                           lambda model: torchvision.in_order(units(model, UNITS["convnext"])), dims=config["dims"],
                           depths=config["depths"], layer_scale=config["layer_scale"],
                           stochastic_depth=config["stochastic_depth_prob"])
