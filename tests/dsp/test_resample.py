"""The resampler against the true signal, soxr and scipy, at rates known early and late."""

import math

import numpy as np
import pytest
import scipy.signal
import soxr
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.dsp import resample as module
from kwscls.dsp import wav
from kwscls.dsp.resample import resample

PAIRS = [
    (44100, 16000),
    (8000, 16000),
    (11025, 16000),
    (48000, 16000),
    (96000, 16000),
    (22050, 16000),
    (16000, 8000),
    (44099, 16000),
    (16000, 44099),
    (16000, 15999),
]

at_run_time = tf.function(
    resample,
    input_signature=[
        tf.TensorSpec(None, tf.float32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.int32),
    ],
)


def chirp(rate, start, stop, seconds=0.5):
    """A linear chirp from `start` to `stop` Hz, sampled at `rate`."""
    time = np.arange(math.ceil(rate * seconds)) / rate
    return np.sin(2 * np.pi * (start + (stop - start) * time / seconds / 2) * time).astype(
        np.float32
    )


def snr(ours, theirs):
    """Signal to error in dB, away from the ends, where half of the filter sees nothing."""
    edge = len(theirs) // 10
    ours, theirs = (
        np.asarray(ours, np.float64)[edge:-edge],
        np.asarray(theirs, np.float64)[edge:-edge],
    )
    return 10 * np.log10(np.sum(theirs**2) / np.sum((ours - theirs) ** 2))


@pytest.mark.parametrize("source, target", PAIRS)
def test_the_passband_is_true(source, target):
    top = 0.92 * min(source, target) / 2
    signal = chirp(source, 20, top)
    ours = resample(signal, source, target)
    assert ours.shape == [math.ceil(len(signal) * target / source)]
    truth = chirp(target, 20, top)[: len(ours)]
    assert snr(ours[: len(truth)], truth) > 80
    theirs = soxr.resample(signal, source, target, quality="VHQ")[: len(ours)]
    assert snr(ours[: len(theirs)], theirs) > 70
    np.testing.assert_allclose(at_run_time(signal, source, target), ours, rtol=0, atol=2e-6)


@pytest.mark.parametrize("source, target", [pair for pair in PAIRS if pair[0] > pair[1] + 1])
def test_nothing_folds_back(source, target):
    ours = resample(chirp(source, target / 2, source / 2), source, target).numpy()
    edge = len(ours) // 10  # the chirp starts with a jump, which is heard in the passband
    assert 20 * np.log10(np.abs(ours[edge:-edge]).max()) < -80


def test_it_agrees_with_scipy_with_the_documented_filter():
    signal = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    taps = 3 * scipy.signal.firwin(2 * 64 * 4 + 1, 0.96 / 4, window=("kaiser", 8.0))
    theirs = scipy.signal.upfirdn(taps, signal, 3, 4)[64:][:2250]
    assert snr(resample(signal, 16000, 12000), theirs) > 60


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 700), st.integers(1000, 50_000), st.integers(1000, 50_000), st.integers(0, 900)
)
def test_any_pair_of_rates_gives_the_right_length(samples, source, target, limit):
    signal = np.random.default_rng(samples).normal(size=[2, samples]).astype(np.float32)
    whole = resample(signal, source, target)
    assert whole.shape == [2, -(-samples * target // source)]
    np.testing.assert_allclose(at_run_time(signal, source, target), whole, rtol=0, atol=1e-5)
    cut = resample(signal, source, target, limit=limit)
    assert cut.shape == [2, min(limit, whole.shape[1])]
    np.testing.assert_allclose(cut, whole[:, :limit], rtol=0, atol=1e-5)


def test_equal_rates_pass_every_bit():
    signal = np.random.default_rng(0).normal(size=[3, 500]).astype(np.float32)
    for function in (resample, at_run_time):
        assert function(signal, 16000, 16000).numpy().tobytes() == signal.tobytes()
    np.testing.assert_array_equal(resample(signal, 16000, 16000, limit=7), signal[:, :7])


@pytest.mark.parametrize("source, target", [(44100, 16000), (44099, 16000)])
def test_batches_are_clips_one_by_one(source, target):
    signal = np.random.default_rng(0).normal(size=[2, 3, 999]).astype(np.float32)
    whole = resample(signal, source, target)
    assert whole.shape[:2] == [2, 3]
    np.testing.assert_allclose(
        resample(signal[1, 2], source, target), whole[1, 2], rtol=0, atol=2e-6
    )
    assert resample(signal[:0], source, target).shape[0] == 0


def test_the_filters_are_bounded(monkeypatch):
    """44099 -> 16000 would have gigabytes of taps; interpolating in blocks changes nothing."""
    assert module._matrix_size(16000, 44099) > 500 * module.MAX_MATRIX
    assert module._table(16000, 44099).shape == [187, 354]
    signal = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    whole = resample(signal, 44099, 16000)
    monkeypatch.setattr(module, "MAX_BLOCK", 354 * 100)
    np.testing.assert_allclose(resample(signal, 44099, 16000), whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "source, target, says",
    [
        (0, 16000, "from 0 Hz"),
        (16000, 0, "to 0 Hz"),
        (-8000, 16000, "from -8000 Hz"),
        (20_000_000, 16000, "from 20000000 Hz"),
        (100, 16000, "more than 100 times apart"),
        (2**31 - 1, 1, "from 2147483647 Hz"),
    ],
)
def test_bad_rates_are_told(source, target, says):
    for function in (resample, at_run_time):
        with pytest.raises(tf.errors.InvalidArgumentError, match=says):
            function(np.zeros(10, np.float32), source, target)


def test_it_works_in_tf_data_and_in_a_saved_model(tmp_path):
    signal = chirp(44100, 100, 3000)
    expected = resample(signal, 44100, 16000)
    dataset = tf.data.Dataset.from_tensors((signal, 44100)).map(
        lambda waveform, rate: resample(waveform, rate, 16000)
    )
    np.testing.assert_allclose(next(iter(dataset)), expected, rtol=0, atol=2e-6)
    holder = tf.Module()
    holder.resample = at_run_time
    tf.saved_model.save(holder, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.resample(signal, 44100, 16000), expected, rtol=0, atol=2e-6)


def test_an_export_can_go_from_bytes_of_any_rate_to_its_models_input(tmp_path):
    """Decode, resample and cut clip by clip: memory is bounded by the model's length."""

    def clip(contents_and_index):
        waveform, rate = wav.decode(*contents_and_index)
        waveform = resample(waveform, rate, 16000, limit=8000)
        return tf.pad(waveform, [[0, 8000 - tf.shape(waveform)[0]]])

    def batch(contents):
        index = tf.range(tf.size(contents))
        return tf.map_fn(clip, (contents, index), fn_output_signature=tf.TensorSpec([8000]))

    holder = tf.Module()
    holder.batch = tf.function(
        batch, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
    )
    tf.saved_model.save(holder, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    rates = [16000, 44100, 8000, 44099]
    clips = [tf.audio.encode_wav(chirp(rate, 100, 3000, 0.4)[:, None], rate) for rate in rates]
    answers = loaded.batch(tf.stack(clips))
    assert answers.shape == [4, 8000]
    for answer in answers[1:]:
        assert snr(answer[:6400], answers[0][:6400]) > 70
    with pytest.raises(tf.errors.InvalidArgumentError, match="clip 1: not a WAV file"):
        loaded.batch([clips[0], b"no"])
