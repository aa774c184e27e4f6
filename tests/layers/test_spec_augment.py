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
