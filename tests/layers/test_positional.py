"""The positional convolution against a loop, and its weight norm."""

import numpy as np
import pytest
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.positional import PositionalConv


@pytest.mark.parametrize("size", [4, 5])
def test_groups_and_padding(size):
    layer = PositionalConv(size, 2, activation="linear")
    frames = np.random.default_rng(0).normal(size=(2, 7, 6)).astype(np.float32)
    ours = layer(frames).numpy()
    kernel = layer.kernel().numpy()  # [size, 3, 6]
    padded = np.pad(frames, [(0, 0), (size // 2, size // 2), (0, 0)])
    for time in range(7):
        for channel in range(6):
            group = slice(0, 3) if channel < 3 else slice(3, 6)
            wanted = (padded[:, time:time + size, group] * kernel[:, :, channel]).sum((1, 2))
            np.testing.assert_allclose(ours[:, time, channel], wanted, rtol=1e-4, atol=1e-5)


def test_the_gain_is_the_norm_of_each_tap():
    layer = PositionalConv(6, 2)
    layer.build((None, None, 8))
    np.testing.assert_allclose(layer.kernel(), layer.direction, rtol=1e-5)  # at the start
    layer.gain.assign(tf.range(1.0, 7.0))
    np.testing.assert_allclose(np.sqrt(np.square(layer.kernel()).sum((1, 2))), np.arange(1, 7), rtol=1e-5)


def test_groups_that_do_not_fit():
    with pytest.raises(KwsclsError, match="shared out"):
        PositionalConv(4, 3).build((None, None, 8))
