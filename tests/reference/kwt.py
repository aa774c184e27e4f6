"""Golden files `kwt_*`: MFCC in, the tokens after the positions and after any block."""

from kwscls.models import kwt
from tests.reference import keyword_nets

SIZES = (
    "d_model",
    "mlp_dim",
    "heads",
    "num_layers",
    "attention_type",
    "prenorm",
    "approximate_gelu",
    "patch_size",
)


def run(meta, weights, inputs):
    """The first transformer's tokens, and the logits."""
    config = meta["config"]
    sizes = {name: config[name] for name in SIZES if name in config}
    sizes["dropout"] = config.get("dropout1", 0.0)
    sizes["distill_token"] = any("distill_emb" in name for name in weights)
    if isinstance(sizes.get("patch_size"), str):
        sizes["patch_size"] = tuple(map(int, sizes["patch_size"].split(",")))
    axis = kwt.AXES[sizes.get("attention_type", "time")][0]
    layers = {
        name: (
            f"{axis}_positions"
            if name == "embeddings"
            else f"{axis}_block_{name.removeprefix('block')}"
        )
        for name in meta["outputs"]
        if name == "embeddings" or name.startswith("block")
    }
    return keyword_nets.run(
        lambda x: kwt.body(x, config["label_count"], **sizes), "kwt", weights, inputs["x"], layers
    )[1]
