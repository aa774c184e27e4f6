"""Learned positions of a grid of patches, brought to another grid."""

import numpy as np


def regrid(positions, grid, target, front):
    """Positions for another grid: cut from the middle where it has less, bilinear where it has more, last axis first.

    Args:
        positions: float [front + rows * columns, width].
        grid: rows and columns the positions were learned for.
        target: rows and columns wanted.
        front: positions of tokens that are no patches, which stay.

    Returns:
        float [front + target rows * target columns, width].

    Source: AST, src/models/ast_models.py (cut from the middle at size // 2 - target // 2; interpolation with half-pixel
    centres and without antialiasing).
    """
    patches = positions[front:].reshape(*grid, -1)
    for axis in (1, 0):
        patches = _resized(patches, target[axis], axis)
    return np.concatenate([positions[:front], patches.reshape(-1, positions.shape[-1])])


def _resized(values, size, axis):
    """One axis cut from its middle, or interpolated, to `size`."""
    old = values.shape[axis]
    if size <= old:
        start = old // 2 - size // 2
        return values.take(range(start, start + size), axis)
    places = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    low = np.minimum(places.astype(int), old - 2) if old > 1 else np.zeros(size, int)
    share = (places - low).reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    return values.take(low, axis) * (1 - share) + values.take(np.minimum(low + 1, old - 1), axis) * share
