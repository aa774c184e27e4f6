"""Golden files `densenet_*`: torchvision's DenseNets."""

from kwscls.models.densenet import densenet
from tests.reference import torchvision

MODULES = ((r"features\.pool0", "stem_pool"), (r"features\.(conv|norm|relu)0", r"stem_\1"),
           (r"features\.denseblock(\d+)", r"stage\1_layer.*"), (r"features\.transition(\d+)", r"stage\1_transition_.*"),
           (r"features\.norm5|features", "top_norm"))


def run(meta, weights, inputs):
    """Blocks, transitions and the last norm before its ReLU."""
    config = meta["config"]
    return torchvision.run(densenet, meta, weights, inputs, lambda model: MODULES, growth_rate=config["growth_rate"],
                           depths=config["block_config"], stem=config["num_init_features"],
                           bottleneck=config["bn_size"], dropout=config["drop_rate"])
