"""SpecAugment hides what it says, in training only."""

import numpy as np
import pytest

from kwscls.layers.spec_augment import SpecAugment


@pytest.mark.parametrize("shape", [(64, 100, 40), (64, 100, 40, 2)])
def test_stretches_and_bands_are_hidden(shape):
    layer = SpecAugment(time_masks=1, time_width=20, frequency_masks=1, frequency_width=5, value=-1.0, seed=0)
    ones = np.ones(shape, np.float32)
    np.testing.assert_array_equal(layer(ones, training=False), ones)
    hidden = layer(ones, training=True).numpy().reshape(64, 100, 40, -1)[..., 0] == -1
    frames, bins = hidden.all(axis=2).sum(axis=1), hidden.all(axis=1).sum(axis=1)
    assert frames.max() <= 20 and frames.max() >= 15 and frames.min() <= 4
    assert bins.max() == 5 and bins.min() == 0
    assert (hidden == hidden.all(axis=2)[:, :, None] | hidden.all(axis=1)[:, None]).all()
    edges = np.diff(hidden.all(axis=2).astype(int), axis=1)
    assert (np.abs(edges).sum(axis=1) <= 2).all()  # one stretch


def test_a_mask_may_be_wider_than_the_spectrogram():
    layer = SpecAugment(time_masks=2, time_width=25, frequency_masks=2, frequency_width=60)
    assert layer(np.ones((8, 10, 4), np.float32), training=True).shape == (8, 10, 4)


@pytest.mark.parametrize("shape", [(64, 50, 6), (64, 50, 6, 2)])
def test_time_is_bent_at_one_moment_and_its_ends_stay(shape):
    """A ramp over time becomes two straight lines from 0 to the last frame, as numpy interpolates them."""
    layer = SpecAugment(time_width=0, frequency_width=0, time_warp=8, seed=1)
    ramp = np.broadcast_to(np.arange(50, dtype=np.float32).reshape(1, 50, *[1] * (len(shape) - 2)), shape)
    np.testing.assert_array_equal(layer(ramp, training=False), ramp)
    bent = layer(ramp, training=True).numpy().reshape(64, 50, -1)
    assert (bent == bent[..., :1]).all(), "all bands alike"
    moved = []
    for heard in bent[..., 0]:
        assert heard[0] == 0 and heard[-1] == pytest.approx(49, abs=1e-4)
        slopes = np.diff(heard)
        before, behind = np.median(slopes[:8]), np.median(slopes[-8:])
        to = (49 - 49 * behind) / (before - behind) if abs(before - behind) > 1e-4 else 0
        np.testing.assert_allclose(heard, np.interp(np.arange(50), [0, to, 49], [0, to * before, 49]), atol=2e-2)
        moved.append(to * before - to)
    assert 6 < np.abs(moved).max() <= 8.01 and np.std(moved) > 2


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_time_may_be_bent_by_more_than_there_is(frames):
    bent = SpecAugment(time_width=0, frequency_width=0, time_warp=90)(np.ones((8, frames, 4), np.float32), training=True)
    np.testing.assert_allclose(bent, np.ones((8, frames, 4)), rtol=1e-5)
