"""Augmentation: each change does what it says, to the clips it should, and the same for the same seed."""

import numpy as np
import pytest
import tensorflow as tf

from kwscls.augment import waveforms
from kwscls.augment.change import augmentation, long_noise
from kwscls.augment.imagined import imagined_noise
from kwscls.training.recipes import UNCHANGED, Recipe


SEED = tf.constant([1, 2])
RATE = 16000


def clips(batch=32, samples=4000):
    return tf.constant(np.random.default_rng(0).normal(0, 0.1, (batch, samples)).astype(np.float32))


def rms(x):
    return np.sqrt(np.mean(np.square(x), axis=1))


def test_shift_moves_whole_clips_and_lets_zeros_in():
    before = np.zeros((200, 1000), np.float32)
    before[:, 500] = 1
    after = waveforms.shift(before, SEED, 160).numpy()
    places = after.argmax(axis=1) - 500
    assert after.shape == before.shape and (after.sum(axis=1) == 1).all()
    assert (places % 16 == 0).all() and places.min() == -160 and places.max() == 160
    assert not waveforms.shift(np.ones((50, 1000), np.float32), SEED, 160)[:, :500].numpy().all()


def test_speed_changes_the_pitch_of_some():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / RATE).astype(np.float32)
    after = waveforms.speed(np.tile(tone, (40, 1)), SEED, 0.5, 0.1).numpy()
    spectra = np.abs(np.fft.rfft(after[:, 4000:12000] * np.hanning(8000)))
    pitches = spectra.argmax(axis=1) * RATE / 8000
    np.testing.assert_array_equal(after[20:], np.tile(tone, (20, 1)))
    assert ((pitches[:20] >= 898) & (pitches[:20] <= 1102)).all() and np.ptp(pitches[:20]) > 100


def test_gain_is_within_its_decibels_and_below_a_peak_of_1():
    before = clips()
    change = 20 * np.log10(rms(waveforms.gain(before, SEED, 6.0)) / rms(before))
    assert change.min() >= -6.01 and change.max() <= 6.01 and np.ptp(change) > 6
    loud = before / np.abs(before).max(axis=1, keepdims=True) * 0.9
    louder = waveforms.gain(loud, SEED, 20.0).numpy()
    assert np.abs(louder).max() == pytest.approx(1)
    np.testing.assert_allclose(louder / rms(louder)[:, None], loud / rms(loud)[:, None], atol=1e-5)  # no clip is distorted
    assert np.abs(waveforms.gain(before * 0, SEED, 6.0)).max() == 0


def test_noise_has_the_ratio_that_was_asked_for():
    before, noises = clips(200), tf.constant(waveforms.coloured_noise(RATE))
    noise = waveforms.add_noise(before, SEED, noises, 0.5, (10.0, 10.0)).numpy() - before
    touched = rms(noise) > 0
    assert 0.35 < touched.mean() < 0.65
    ratio = 20 * np.log10(rms(before) / np.maximum(rms(noise), 1e-9))
    np.testing.assert_allclose(ratio[touched], 10, atol=0.05)


def test_a_silent_clip_stays_silent_enough():
    noises = tf.constant(waveforms.coloured_noise(RATE))
    after = waveforms.add_noise(tf.zeros([4, 4000]), SEED, noises, 1.0, (0.0, 0.0))
    assert np.abs(after).max() < 1e-4


def test_some_clips_become_noises_and_no_word():
    before, noises, words = clips(400).numpy(), imagined_noise(RATE, seconds=30), np.eye(3, dtype=np.float32)[[0, 2] * 200]
    after, targets = (value.numpy() for value in waveforms.imagine(before, words, SEED, noises, 1, 0.2))
    touched = (after != before).any(axis=1)
    assert 0.12 < touched.mean() < 0.28
    np.testing.assert_array_equal(targets, np.where(touched[:, None], [0, 1, 0], words))
    windows = np.lib.stride_tricks.sliding_window_view(noises, 4000)[::16]
    for clip in after[touched][:5]:  # a stretch of the noise, softer
        likeness = (windows @ clip) / np.maximum(np.linalg.norm(windows, axis=1) * np.linalg.norm(clip), 1e-12)
        assert likeness.max() == pytest.approx(1, abs=1e-3) or rms(clip[None]) < 1e-6


def test_only_where_silence_is_a_label_it_is_imagined():
    recipe, noises = Recipe(**{**UNCHANGED, "imagined": 1.0}), long_noise([], RATE, 4000)
    assert augmentation(recipe, RATE, noises) is None
    after, targets = augmentation(recipe, RATE, noises, silence=1)(clips(), tf.one_hot(tf.zeros(32, tf.int32), 2), SEED)
    assert not (after.numpy() == clips().numpy()).all(axis=1).any()
    np.testing.assert_array_equal(targets, [[0, 1]] * 32)


def test_a_room_is_a_convolution_at_equal_loudness():
    before, rooms = clips(), waveforms.made_rooms(RATE, count=1)
    after = waveforms.reverberate(before, SEED, rooms, 0.25).numpy()
    np.testing.assert_array_equal(after[:24], before[:24])
    wet = np.convolve(before[-1], rooms[0])[:4000]
    np.testing.assert_allclose(after[-1], wet * rms(before)[-1] / np.sqrt(np.mean(wet ** 2)), atol=1e-4)


@pytest.mark.parametrize("batch,share", [(1, 0.3), (2, 0.3), (3, 0.5)])
def test_small_batches_get_their_share_too(batch, share):
    before, rooms = clips()[:batch], waveforms.made_rooms(RATE, count=1)[:, :100]
    changed = [[(change(before, [seed, 1]).numpy() != before.numpy()).any(axis=1).mean() for seed in range(200)] for change in (
        lambda some, seed: waveforms.speed(some, seed, share, 0.1),
        lambda some, seed: waveforms.reverberate(some, seed, rooms, share))]
    np.testing.assert_allclose(np.mean(changed, axis=1), share, atol=0.12)


def test_mixup_mixes_clips_and_targets_alike():
    before = tf.eye(32)
    mixed, targets = waveforms.mixup(before, before, SEED, 1.0, 0.4)
    np.testing.assert_allclose(mixed, targets)
    np.testing.assert_allclose(tf.reduce_sum(targets, axis=1), 1, rtol=1e-5)
    assert (np.diag(targets) >= 0.5 - 1e-6).all() and (np.diag(targets) < 1).mean() > 0.5
    same, _ = waveforms.mixup(before, before, SEED, 0.0, 0.4)
    np.testing.assert_array_equal(same, before)


def test_the_same_seed_gives_the_same_batch_and_another_another():
    recipe = Recipe(reverb=0.3, mixup=0.5)
    change = augmentation(recipe, RATE, long_noise([], RATE, 4000))
    targets = tf.one_hot(tf.range(32) % 3, 3)
    first, again, other = (change(clips(), targets, tf.constant(seed))[0].numpy() for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01 and np.isfinite(first).all() and np.abs(first).max() <= 1


def test_the_graph_of_a_step_knows_the_length():
    everything = Recipe(shift=0.1, speed=0.5, gain=6.0, noise=0.5, reverb=0.2, mixup=0.5)
    change = augmentation(everything, RATE, long_noise([], RATE, 4000))
    batches = tf.data.Dataset.from_tensors((tf.zeros([10, 4000]), tf.zeros([10, 2]))).unbatch().batch(8)
    waveforms, targets = batches.map(lambda *batch: change(*batch, tf.constant([1, 2]))).element_spec
    assert waveforms.shape.as_list() == [None, 4000] and targets.shape.as_list() == [None, 2]


def test_no_augmentation_is_none():
    assert augmentation(Recipe(**UNCHANGED), RATE, np.zeros(9000, np.float32)) is None


@pytest.mark.parametrize("samples", [100, 4001, 200000])
def test_noises_are_long_enough_for_any_clip(samples):
    fan = np.full(5000, 0.25, np.float32)
    for recordings in ([fan], [fan, 2 * fan], []):
        noises = long_noise(recordings, RATE, samples)
        assert waveforms.add_noise(clips(2, samples), SEED, tf.constant(noises), 1.0, (0.0, 9.0)).shape == (2, samples)
    np.testing.assert_array_equal(long_noise([fan, 2 * fan], RATE, 100)[:10000], np.repeat([0.25, 0.5], 5000))


def test_cutmix_puts_a_stretch_of_another_clip_into_some_and_as_much_of_its_target():
    clips = np.repeat(np.arange(40, dtype=np.float32)[:, None], 1000, axis=1)  # clip n is n all over
    mixed, targets = (value.numpy() for value in waveforms.cutmix(clips, np.eye(40, dtype=np.float32), SEED, 0.5))
    changed = 0
    for own, (clip, target) in enumerate(zip(mixed, targets)):
        shares = np.bincount(clip.astype(int), minlength=40) / 1000
        np.testing.assert_allclose(target, shares, atol=1e-6)
        assert shares[own] >= 0.5 and np.count_nonzero(np.diff(clip)) <= 2, "one stretch, at most half of the clip"
        changed += shares[own] < 1
    assert 8 <= changed <= 32
