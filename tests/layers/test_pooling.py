"""Pools against their definitions, window by window."""

import keras
import numpy as np
import pytest

from kwscls.layers.pooling import AdaptiveAveragePooling2D, PaddedMaxPooling2D

RNG = np.random.default_rng(0)


def windows(size, pool, stride, padding, ceil):
    """Starts and ends of windows along an axis, as PyTorch's documentation has them."""
    found = [(-padding, pool - padding)]
    while found[-1][1] < size + padding:
        start, end = found[-1][0] + stride, found[-1][1] + stride
        if end > size + padding and not (ceil and start < size):
            break
        found.append((start, end))
    return found


def by_hand(image, pool, stride, padding, ceil):
    _, height, width, _ = image.shape
    rows, columns = (windows(size, pool, stride, padding, ceil) for size in (height, width))
    return np.stack([np.stack([image[:, max(0, top):bottom, max(0, left):right].max(axis=(1, 2))
                               for left, right in columns], 1) for top, bottom in rows], 1)


@pytest.mark.parametrize("pool, stride, padding, ceil", [
    (3, 2, 0, False), (3, 2, 0, True), (3, 2, 1, False), (3, 2, 1, True), (3, 1, 1, True), (2, 2, 0, True),
    (2, 3, 1, True)])
@pytest.mark.parametrize("size", [(4, 5), (7, 8), (9, 6), (11, 13)])
def test_max_pool_is_padded_with_nothing_that_could_win(pool, stride, padding, ceil, size):
    image = RNG.standard_normal((2, *size, 3)).astype(np.float32) - 5
    layer = PaddedMaxPooling2D(pool, stride, padding, ceil)
    answer = layer(image)
    expected = by_hand(image, pool, stride, padding, ceil)
    np.testing.assert_array_equal(answer, expected)
    assert layer.compute_output_shape(image.shape) == expected.shape


@pytest.mark.parametrize("size, target", [((2, 3), (7, 7)), ((7, 7), (7, 7)), ((10, 23), (6, 4)), ((1, 187), (7, 7))])
def test_adaptive_pool_averages_its_cells(size, target):
    image = RNG.standard_normal((2, *size, 3)).astype(np.float32)
    answer = AdaptiveAveragePooling2D(target)(image).numpy()
    assert answer.shape == (2, *target, 3)
    for i in range(target[0]):
        for j in range(target[1]):
            rows = slice(i * size[0] // target[0], -(-(i + 1) * size[0] // target[0]))
            columns = slice(j * size[1] // target[1], -(-(j + 1) * size[1] // target[1]))
            np.testing.assert_allclose(answer[:, i, j], image[:, rows, columns].mean(axis=(1, 2)), atol=1e-6)


def test_they_come_back_from_a_file_and_keep_half_precision(tmp_path):
    image = keras.Input((9, 12, 2))
    x = PaddedMaxPooling2D(3, 2, 1, True, dtype="mixed_bfloat16")(image)
    model = keras.Model(image, AdaptiveAveragePooling2D((4, 4), dtype="mixed_bfloat16")(x))
    model.save(tmp_path / "pools.keras")
    given = RNG.standard_normal((1, 9, 12, 2)).astype(np.float32)
    again = keras.saving.load_model(tmp_path / "pools.keras")
    np.testing.assert_array_equal(again(given).numpy(), model(given).numpy())
    assert model(given).dtype == "bfloat16"
