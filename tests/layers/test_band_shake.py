"""BandShake moves and colours bands as it says, in training only."""

import keras
import numpy as np

from kwscls.layers.band_shake import BandShake

RAMP = np.tile(np.arange(20, dtype=np.float32), (64, 5, 1))  # band n holds n


def test_it_does_nothing_in_inference_or_without_strength():
    np.testing.assert_array_equal(BandShake(warp=0.2, gain=6.0)(RAMP, training=False), RAMP)
    np.testing.assert_array_equal(BandShake()(RAMP, training=True), RAMP)


def test_bands_are_stretched_by_a_share_of_their_place_and_interpolated():
    keras.utils.set_random_seed(0)
    stretched = keras.ops.convert_to_numpy(BandShake(warp=0.2)(RAMP, training=True))
    factors = stretched[:, 0, 10] / 10
    assert factors.min() < 0.85 and factors.max() > 1.15 and (abs(factors - 1) <= 0.2 + 1e-6).all()
    wanted = np.minimum(np.arange(20) * factors[:, None, None], 19)
    np.testing.assert_allclose(stretched, np.broadcast_to(wanted, stretched.shape), atol=1e-4)


def test_gains_are_lines_through_the_knots_the_same_in_all_frames():
    keras.utils.set_random_seed(0)
    gains = keras.ops.convert_to_numpy(BandShake(gain=6.0, knots=2)(0 * RAMP, training=True)) * 10 / np.log(10)
    assert 5 < abs(gains).max() <= 6 + 1e-5
    np.testing.assert_allclose(gains, gains[:, :1] + np.zeros_like(gains), atol=1e-5)
    lines = np.interp(np.arange(20), [0, 19], [0, 1]) * (gains[:, 0, 19:] - gains[:, 0, :1]) + gains[:, 0, :1]
    np.testing.assert_allclose(gains[:, 0], lines, atol=1e-4)
