"""Batches: every clip once an epoch, the same order for the same seed, memory and files alike."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from kwscls.data.pipeline import Clips, class_folders, clip_length, ordered_batches, steps, training_batches
from kwscls.data.shards import nearly_longest
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


def test_nineteen_of_twenty_fit():
    assert nearly_longest([1.0] * 19 + [9.0]) == 1.0 and nearly_longest([1.0] * 18 + [9.0]) == 9.0
    assert nearly_longest(range(1, 101)) == 95 and nearly_longest([3]) == 3


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


@pytest.mark.parametrize("memory", [1 << 20, 0])
def test_long_clips_are_heard_from_anywhere(tmp_path, memory):
    lengths = (4000, 4000, 2500, 600)
    for place, length in enumerate(lengths):
        write_wav(tmp_path / "train" / "ramp" / f"{place}.wav", np.arange(length) / 32767)  # says where it was cut
    clips = Clips(tmp_path / "train", 1000, memory=memory, crops=True)
    np.testing.assert_array_equal(clips.batch(range(4))[0][:, 0], 0)
    starts = np.stack([32768 * clips.cropped(tf.range(4), tf.constant([seed, 1]))[0].numpy()[:, 0] for seed in range(300)])
    assert (starts[:, 3] == 0).all()  # shorter than what is heard
    for clip, room in enumerate((3000, 3000, 1500)):
        assert starts[:, clip].min() < 0.05 * room and 0.95 * room < starts[:, clip].max() <= room
        assert abs(starts[:, clip].mean() - room / 2) < 4 * room / np.sqrt(12 * 300)  # four deviations of an even draw
    one = clips.cropped(tf.range(4), tf.constant([5, 1]))[0].numpy()
    np.testing.assert_allclose(32768 * np.diff(one[:3], axis=1), 1, atol=0.01)
    np.testing.assert_array_equal(one, clips.cropped(tf.range(4), tf.constant([5, 1]))[0])


def test_what_prepare_did_not_write_is_told(tones, tmp_path):
    shutil.copytree(tones / "train", tmp_path / "train")
    write_wav(tmp_path / "train" / "low" / "deep" / "x.wav", tone(300))
    with pytest.raises(KwsclsError, match="deep/x.wav: is no clip that prepare wrote"):
        Clips(tmp_path / "train", 4000)


def test_crops_are_part_of_augmentation(tmp_path):
    for place in range(4):
        write_wav(tmp_path / "train" / "ramp" / f"{place}.wav", np.arange(4000) / 32767)
    clips = Clips(tmp_path / "train", 1000, crops=True)
    starts = {name: [32768 * waveforms.numpy()[0, 0] for waveforms, _ in training_batches(clips, 1, 3, 2, change=change)]
              for name, change in (("plain", None), ("changed", lambda waveforms, targets, seed: (waveforms, targets)))}
    assert starts["plain"] == [0] * 8 and len(set(starts["changed"])) == 8


def test_a_few_long_clips_are_words_with_a_long_end(tmp_path):
    for place in range(40):
        write_wav(tmp_path / "train" / "ramp" / f"{place}.wav", np.arange(4000 if place == 7 else 900) / 32767)
    clips = Clips(tmp_path / "train", 1000, crops=True)
    np.testing.assert_array_equal(clips.cropped(tf.range(40), tf.constant([1, 1]))[0], clips.batch(range(40))[0])
