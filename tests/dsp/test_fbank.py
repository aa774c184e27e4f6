"""Kaldi's filterbank against a float64 rendering in numpy, frame by frame."""

import numpy as np
import pytest
import tensorflow as tf

from kwscls.dsp.fbank import EPSILON, cut_or_pad, fbank


def kaldi(waveform, bands, rate, length, step, fft_length, low, high):
    """One clip's features, computed the long way round."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / (length - 1))
    mel = 1127 * np.log(1 + np.arange(fft_length // 2 + 1) * rate / fft_length / 700)
    low, high = 1127 * np.log(1 + low / 700), 1127 * np.log(1 + high / 700)
    width = (high - low) / (bands + 1)
    rows = []
    for start in range(0, len(waveform) - length + 1, step):
        frame = waveform[start:start + length].astype(np.float64)
        frame = frame - frame.mean()
        frame = np.append(frame[0] * (1 - 0.97), frame[1:] - 0.97 * frame[:-1])
        energy = np.abs(np.fft.rfft(frame * window, fft_length)) ** 2
        rows.append(
            [
                np.sum(energy * np.maximum(0, 1 - np.abs(mel - low - (band + 1) * width) / width))
                for band in range(bands)
            ]
        )
    return np.log(np.maximum(rows, EPSILON))


@pytest.mark.parametrize(
    "bands, rate, length, step, fft_length, low, high",
    [
        (128, 16000, 400, 160, 512, 20, 8000),
        (23, 8000, 200, 80, 256, 64, 3800),
        (64, 44100, 1102, 441, 2048, 20, 22050),
    ],
)
def test_features_are_kaldis(bands, rate, length, step, fft_length, low, high):
    waveform = np.random.default_rng(0).normal(0, 0.1, [2, 5000]).astype(np.float32) + 0.2
    waveform[1, 2000:] = 0
    ours = fbank(
        waveform,
        bands=bands,
        sample_rate=rate,
        frame_length=length,
        frame_step=step,
        fft_length=fft_length,
        low=low,
        high=high,
    )
    theirs = np.stack(
        [kaldi(clip, bands, rate, length, step, fft_length, low, high) for clip in waveform]
    )
    assert ours.shape == theirs.shape == (2, 1 + (5000 - length) // step, bands)
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_float64_is_exact_beside_a_loud_tone():
    tone = np.sin(2 * np.pi * 3333.3 * np.arange(4000) / 16000).astype(np.float32)
    theirs = kaldi(tone, 128, 16000, 400, 160, 512, 20, 8000)
    np.testing.assert_allclose(fbank(tone, dtype=tf.float64), theirs, rtol=0, atol=1e-5)
    np.testing.assert_allclose(fbank(tone), theirs, rtol=0, atol=3e-2)


def test_short_and_silent_clips_lie_at_the_floor():
    for samples in (0, 1, 399):
        features = fbank(np.zeros([2, samples], np.float32))
        assert features.shape == [2, 1, 128]
        np.testing.assert_allclose(features, np.log(EPSILON), rtol=1e-6)


def test_features_are_cut_or_padded_to_length():
    features = np.random.default_rng(0).normal(size=[2, 5, 3]).astype(np.float32)
    np.testing.assert_array_equal(cut_or_pad(features, 4), features[:, :4])
    np.testing.assert_array_equal(
        cut_or_pad(features, 7), np.pad(features, [[0, 0], [0, 2], [0, 0]])
    )
    function = tf.function(
        lambda waveform: cut_or_pad(fbank(waveform), 100),
        input_signature=[tf.TensorSpec([None, None])],
        autograph=False,
    )
    assert function.get_concrete_function().output_shapes.as_list() == [None, 100, 128]
    assert not function(np.ones([2, 800], np.float32))[:, 3:].numpy().any()


def test_a_transform_shorter_than_its_frame_is_refused():
    with pytest.raises(ValueError, match="less than the frame_length"):
        fbank(np.zeros(1000, np.float32), fft_length=256)
