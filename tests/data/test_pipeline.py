"""Batches: every clip once an epoch, the same order for the same seed, memory and files alike."""

import numpy as np
import pytest

from kwscls.data.pipeline import Clips, class_folders, clip_length, ordered_batches, steps, training_batches
from kwscls.errors import KwsclsError
from tests.conftest import tone, write_wav


def test_clips_are_those_of_the_files(tones):
    import soundfile

    clips = Clips(tones / "train", 5000)
    assert clips.labels == ["high", "low"] and len(clips) == 32
    waveforms, targets = clips.batch([3, 20])
    for waveform, target, place in zip(waveforms.numpy(), targets.numpy(), (3, 20)):
        expected, _ = soundfile.read(clips.paths[place], dtype="float32")
        np.testing.assert_array_equal(waveform[:4000], expected)
        assert not waveform[4000:].any() and clips.labels[target.argmax()] in clips.paths[place]


def test_memory_and_files_give_the_same(tones):
    kept, read = Clips(tones / "train", 3000), Clips(tones / "train", 3000, memory=0)
    for one, other in zip(kept.batch(range(32)), read.batch(range(32))):
        np.testing.assert_array_equal(one, other)


def order(batches, count):
    return [tuple(np.round(waveforms.numpy()[:, 7], 6)) for waveforms, _ in batches.take(count)]


def test_every_clip_once_an_epoch_in_an_order_of_the_seed(tones):
    clips = Clips(tones / "train", 4000)
    assert steps(clips, 10) == 4
    three = order(training_batches(clips, 10, seed=1, epochs=3), 12)
    assert [len(batch) for batch in three] == 3 * [10, 10, 10, 2]
    everything = sorted(np.round(clips.batch(range(32))[0].numpy()[:, 7], 6))
    for epoch in range(3):
        assert sorted(sum(three[4 * epoch:4 * epoch + 4], ())) == everything
    assert three[:4] != three[4:8]
    assert three == order(training_batches(clips, 10, seed=1, epochs=3), 12)
    assert three != order(training_batches(clips, 10, seed=2, epochs=3), 12)
    assert three[8:] == order(training_batches(clips, 10, seed=1, epochs=3, first_epoch=2), 9)


def test_what_is_drawn_depends_on_seed_and_step_alone(tones):
    clips = Clips(tones / "train", 4000)

    def change(waveforms, targets, seed):
        return waveforms, seed[None]

    def seeds(first_epoch):
        batches = training_batches(clips, 10, seed=5, epochs=3, first_epoch=first_epoch, change=change)
        return [tuple(seed.numpy()[0]) for _, seed in batches]

    assert seeds(0) == [(5, step) for step in range(12)] and seeds(2) == seeds(0)[8:]


def test_validation_keeps_the_order(tones):
    clips = Clips(tones / "validation", 4000)
    targets = np.concatenate([target for _, target in ordered_batches(clips, 5)])
    np.testing.assert_array_equal(targets.argmax(axis=1), clips.targets)


def test_clip_length(tmp_path):
    for place, seconds in enumerate([0.5] * 30 + [3.0]):
        write_wav(tmp_path / "a" / f"{place}.wav", tone(300, seconds, 8000), 8000)
    assert clip_length(tmp_path) == (4000, 8000)
    assert clip_length(tmp_path, 1.25) == (10000, 8000)


def test_bad_folders(tones, tmp_path):
    with pytest.raises(KwsclsError, match="is no folder"):
        class_folders(tmp_path / "none")
    with pytest.raises(KwsclsError, match="holds no class folders"):
        class_folders(tmp_path)
    with pytest.raises(KwsclsError, match="does not know: low; it knows high"):
        Clips(tones / "train", 4000, labels=["high"])
