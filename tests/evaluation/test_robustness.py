import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.evaluation import robustness


def made(clips=40):
    """Clips of 1 s at 1000 Hz with a burst in their first (label 0) or second half."""
    random, truth = np.random.default_rng(0), np.arange(clips) % 2
    waveforms = np.zeros((clips, 1000), np.float32)
    for waveform, half in zip(waveforms, truth):
        start = 500 * half + 100
        waveform[start:start + 300] = 0.3 * random.normal(size=300)
    return np.clip(waveforms, -1, 1), truth


def test_noise_has_the_asked_for_power():
    waveforms, _ = made()
    noise = np.random.default_rng(1).normal(size=5000) * 0.05
    for level in (20, 5):
        added = robustness.add_noise(0.1 * waveforms, [noise], level) - 0.1 * waveforms
        ratio = np.square(0.1 * waveforms).mean(axis=1) / np.square(added).mean(axis=1)
        assert 10 * np.log10(ratio) == pytest.approx(level, abs=0.01)


def test_noise_is_the_same_at_every_level_and_for_the_same_seed():
    waveforms, noises = 0.1 * made()[0], [np.random.default_rng(1).normal(size=3000)]
    soft, loud = (robustness.add_noise(waveforms, noises, level) - waveforms for level in (20, 0))
    assert loud == pytest.approx(10 * soft, abs=1e-5)
    assert (robustness.add_noise(waveforms, noises, 0, seed=1) != robustness.add_noise(waveforms, noises, 0)).any()


def test_short_noise_is_repeated_and_silent_clips_stay_silent():
    added = robustness.add_noise(np.zeros((2, 1000), np.float32), [np.array([0.1, -0.1])], 0)
    assert not added.any()
    assert robustness.add_noise(np.full((1, 1000), 0.1, np.float32), [np.array([0.1, -0.1])], 0).any()


def test_shifts_fill_with_silence():
    waveforms = np.array([[1, 2, 3, 4]], np.float32)
    assert robustness.shift(waveforms, 1).tolist() == [[0, 1, 2, 3]]
    assert robustness.shift(waveforms, -3).tolist() == [[4, 0, 0, 0]]
    assert robustness.shift(waveforms, 0).tolist() == [[1, 2, 3, 4]]


def test_gain_is_in_decibels_and_cut_off():
    assert robustness.gain(np.array([[0.05, -0.5]], np.float32), 20).tolist() == [[pytest.approx(0.5), -1.0]]


def test_an_ear_for_halves_minds_noise_and_shifts_but_no_gain(ear):
    waveforms, truth = made()
    marks, noise = np.eye(2, dtype=bool)[truth], np.random.default_rng(1).normal(size=5000)
    rows = robustness.robustness(ear, waveforms, marks, [noise], groups=truth // 2)
    level = {(row["kind"], row["level"]): row["accuracy"] for row in rows}
    assert len(rows) == 16 and {row["undisturbed"] for row in rows} == {1.0}
    assert level["noise", 20] == 1.0 and level["gain", -30] == 1.0
    assert level["noise", 0] <= level["noise", 20]
    assert level["shift", 0.05] == 1.0
    for row in rows:
        low, high = row["accuracy_interval"]
        assert 0 <= low <= row["accuracy"] <= high <= 1


def test_silence_in_a_noise_is_not_taken_for_noise():
    gappy = np.zeros(4000)
    gappy[:100] = 0.1  # seven of eight pieces of 400 samples hear nothing of it
    clips = np.full((50, 400), 0.01, np.float32)
    noisy = robustness.add_noise(clips, [np.zeros(500), gappy], 10)
    np.testing.assert_allclose(np.square(noisy - clips).mean(axis=1), 1e-5, rtol=1e-3)


@pytest.mark.parametrize("noises, message", [([], "no noise"), ([np.zeros(0)], "no noise"), ([np.zeros(10)], "no noise")])
def test_noise_that_does_not_sound_is_refused(noises, message):
    with pytest.raises(KwsclsError, match=message):
        robustness.add_noise(made()[0], noises, 0)


def test_bad_input_is_told(ear):
    with pytest.raises(KwsclsError, match="labels of 2 clips for 3"):
        robustness.robustness(ear, np.ones((3, 1000), np.float32), np.eye(2, dtype=bool), [np.ones(10)])


def test_any_label_of_a_clip_is_right(ear):
    """Of clips with both labels every answer is, whatever a disturbance makes of it."""
    rows = robustness.robustness(ear, made()[0], np.ones((len(made()[0]), 2), bool), [np.random.default_rng(1).normal(size=5000)])
    assert {row["accuracy"] for row in rows} == {1.0}
