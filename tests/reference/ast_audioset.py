"""Golden files `ast-audioset_*`: the positions of AST's AudioSet checkpoint for other inputs."""

import numpy as np

from kwscls.pretrained.ast import ORIGINAL, positions


def run(meta, weights, inputs):
    """The adapted positions."""
    grid = tuple(meta["config"]["source_grid"])
    return {name: positions(ORIGINAL.positions, grid, (target["f_dim"], target["t_dim"]), []).value(weights)[np.newaxis]
            for name, target in meta["config"]["targets"].items()}
