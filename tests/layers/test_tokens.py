"""Patches and learned tokens against slices taken by hand."""

import keras
import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.layers.tokens import GridPositions, PatchEmbedding, TokenPositions, patch_grid
from tests.layers.test_attention import drawn

PICTURE = np.random.default_rng(0).normal(size=(2, 13, 17, 3)).astype(np.float32)


@pytest.mark.parametrize("patch, strides, grid", [
    ((4, 4), (4, 4), (3, 4)), ((4, 6), (3, 2), (4, 6)), ((13, 17), None, (1, 1))])
def test_patches_run_row_by_row(patch, strides, grid):
    layer = drawn(PatchEmbedding(5, patch, strides), PICTURE.shape)
    down, across = strides or patch
    tokens = layer(PICTURE)
    assert patch_grid(PICTURE.shape[1:3], patch, (down, across)) == grid
    assert tokens.shape == (2, grid[0] * grid[1], 5) == layer.compute_output_shape(PICTURE.shape)
    for row in range(grid[0]):
        for column in range(grid[1]):
            piece = PICTURE[:, row * down:row * down + patch[0], column * across:column * across + patch[1]]
            expected = np.tensordot(piece, layer.kernel.numpy(), 3) + layer.bias.numpy()
            np.testing.assert_allclose(tokens[:, row * grid[1] + column], expected, rtol=1e-4, atol=1e-4)


def test_a_picture_smaller_than_a_patch_is_told():
    with pytest.raises(KwsclsError, match="13 x 17 has no room"):
        PatchEmbedding(5, (14, 4)).build(PICTURE.shape)


def test_patches_without_bias():
    layer = PatchEmbedding(5, (4, 4), use_bias=False)
    layer.build(PICTURE.shape)
    assert [weight.name for weight in layer.weights] == ["kernel"]
    assert not layer(np.zeros_like(PICTURE)).numpy().any()


@pytest.mark.parametrize("extra", [1, 2])
def test_tokens_stand_in_front_and_all_have_positions(extra):
    tokens = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
    layer = drawn(TokenPositions(extra), tokens.shape)
    answer = layer(tokens).numpy()
    assert answer.shape == (3, extra + 4, 6) == layer.compute_output_shape(tokens.shape)
    positions = layer.positions.numpy()
    for clip in range(3):
        np.testing.assert_allclose(answer[clip, :extra], layer.tokens.numpy() + positions[:extra], rtol=1e-6)
        np.testing.assert_allclose(answer[clip, extra:], tokens[clip] + positions[extra:], rtol=1e-6)


@pytest.mark.parametrize("grid, width", [((3, 5), 16), ((7,), 6), ((2, 3, 2), 13)])
def test_positions_on_a_grid_start_with_how_far_tokens_are_apart(grid, width):
    start = GridPositions(grid)((2 + np.prod(grid), width)).numpy().astype(np.float64)
    share = width // (2 * len(grid))
    assert not start[:2].any() and not start[:, 2 * len(grid) * share:].any()
    places = list(np.ndindex(*grid))
    for one, first in zip(start[2:], places):
        for other, second in zip(start[2:], places):
            apart = sum(np.cos((a - b) * 20.0 ** (-n / share)) for a, b in zip(first, second) for n in range(share))
            assert one @ other == pytest.approx(apart, abs=1e-5)
    assert len({tuple(row) for row in np.round(start[2:], 5)}) == len(places)


def test_file_round_trip_under_mixed_precision(tmp_path):
    picture = keras.Input((13, 17, 3))
    tokens = PatchEmbedding(5, (4, 6), (3, 2), use_bias=False, dtype="mixed_bfloat16")(picture)
    positions = TokenPositions(2, positions_initializer=GridPositions((4, 6)), dtype="mixed_bfloat16")(tokens)
    model = keras.Model(picture, positions)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert model(PICTURE).dtype == "bfloat16"
    np.testing.assert_array_equal(np.float32(again(PICTURE)), np.float32(model(PICTURE)))
