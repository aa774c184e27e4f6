"""Imagined noises: of every kind, of one loudness, and the same for the same seed."""

import numpy as np
import pytest
from scipy import signal, stats

from kwscls.augment.imagined import SECONDS, imagined_noise


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_they_are_as_long_and_as_loud_as_asked(rate):
    noise = imagined_noise(rate, seconds=31)
    assert noise.dtype == np.float32 and noise.size == 33 * rate and np.isfinite(noise).all() and np.abs(noise).max() <= 1
    loudness = np.sqrt(np.mean(noise.reshape(-1, SECONDS * rate) ** 2, axis=1))
    assert loudness.max() == pytest.approx(0.1) and loudness.min() > 0.01, "peaks are cut, which makes some softer"


def test_the_seed_decides():
    np.testing.assert_array_equal(imagined_noise(8000, 12, seed=1), imagined_noise(8000, 12, seed=1))
    assert np.abs(imagined_noise(8000, 12, seed=1) - imagined_noise(8000, 12, seed=2)).max() > 0.1


def test_they_hiss_and_whistle_last_and_click():
    sounds = imagined_noise(16000, seconds=300).reshape(-1, SECONDS * 16000)
    power = signal.welch(sounds, nperseg=1024)[1][:, 3:480] + 1e-12
    flatness = stats.gmean(power, axis=1) / power.mean(axis=1)
    assert flatness.min() < 0.01 and flatness.max() > 0.3, "some are tones, some noise"
    blocks = np.sqrt(np.mean(sounds.reshape(len(sounds), -1, 800) ** 2, axis=2))  # loudness of each 50 ms
    unevenness = blocks.std(axis=1) / blocks.mean(axis=1)
    assert unevenness.min() < 0.1 and unevenness.max() > 2, "some last, some are struck"
