"""Golden files `vit_*`: torchvision's vision transformer."""

from kwscls.models.vit import vit
from tests.reference import torchvision

MODULES = ((r"conv_proj", "patches"), (r"encoder\.layers\.encoder_layer_(\d+)", r"block_\1"), (r"encoder", "top_norm"))


def run(meta, weights, inputs):
    """Patches, blocks and the encoder."""
    sizes = {name: meta["config"][name] for name in ("patch_size", "num_layers", "num_heads", "hidden_dim", "mlp_dim",
                                                     "representation_size", "dropout", "attention_dropout")
             if name in meta["config"]}
    return torchvision.run(vit, meta, weights, inputs, lambda model: MODULES, tokens="conv_proj", **sizes)
