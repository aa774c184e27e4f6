"""Positions on another grid, against values worked out by hand and scipy's linear interpolation."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from kwscls.pretrained.positions import regrid


def grid_of(rows, columns, front=2, width=3):
    return np.random.default_rng(0).normal(size=(front + rows * columns, width))


@pytest.mark.parametrize("size, kept", [(5, [0, 1, 2, 3, 4]), (4, [0, 1, 2, 3]), (3, [1, 2, 3]), (2, [1, 2]), (1, [2])])
def test_less_is_cut_from_the_middle(size, kept):
    positions = grid_of(5, 1)
    cut = np.concatenate([positions[:2], positions[2:][kept]])
    np.testing.assert_array_equal(regrid(positions, (5, 1), (size, 1), 2), cut)
    np.testing.assert_array_equal(regrid(positions, (1, 5), (1, size), 2), cut)


def test_more_is_interpolated_between_centres():
    positions = np.array([[9.0], [0.0], [4.0]])  # one token in front, two patches
    np.testing.assert_allclose(regrid(positions, (1, 2), (1, 4), 1)[:, 0], [9, 0, 1, 3, 4])


@pytest.mark.parametrize("rows, columns", [(6, 7), (5, 11), (13, 7), (9, 30)])
def test_bilinear_as_scipy(rows, columns):
    positions = grid_of(4, 6)
    places = [np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1) for old, new in ((4, rows), (6, columns))]
    field = RegularGridInterpolator((np.arange(4), np.arange(6)), positions[2:].reshape(4, 6, 3))
    expected = field(np.stack(np.meshgrid(*places, indexing="ij"), -1)).reshape(-1, 3)
    np.testing.assert_allclose(regrid(positions, (4, 6), (rows, columns), 2), np.concatenate([positions[:2], expected]))


def test_one_patch_is_spread():
    positions = grid_of(1, 1)
    np.testing.assert_array_equal(regrid(positions, (1, 1), (2, 3), 2)[2:], np.repeat(positions[2:], 6, 0))
