"""Golden files `ast-imagenet_*`: a DeiT's patch kernel and positions as AST starts from them."""

import numpy as np

from kwscls.pretrained.ast import TIMM, one_channel, positions


def run(meta, weights, inputs):
    """The adapted tensors in the original's layouts."""
    grid = tuple(meta["config"]["source_grid"])
    kernel = one_channel(weights[f"{TIMM.patches}.weight"])  # [height, width, 1, outputs]
    moved = {name: positions(TIMM.positions, grid, (target["f_dim"], target["t_dim"]), []).value(weights)[np.newaxis]
             for name, target in meta["config"]["targets"].items()}
    return {"patch_embed.proj.weight": kernel.transpose(3, 2, 0, 1), **moved}
