"""Mel filters, log-mel and MFCC against librosa and TensorFlow's two kinds of ops."""

import librosa
import numpy as np
import pytest
import scipy.fft
import tensorflow as tf

from kwscls.dsp.mel import log_mel, mel_filters, mfcc
from kwscls.dsp.stft import spectrogram

pytestmark = pytest.mark.xdist_group("librosa")  # whose import compiles: once is enough

WAVEFORM = np.random.default_rng(0).normal(0, 0.1, [2, 16000]).astype(np.float32)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
@pytest.mark.parametrize(
    "bands, low, high, rate, fft_length", [(40, 0, 8000, 16000, 512), (128, 20, None, 44100, 2048)]
)
def test_filters_are_librosas(scale, norm, bands, low, high, rate, fft_length):
    theirs = librosa.filters.mel(
        sr=rate, n_fft=fft_length, n_mels=bands, fmin=low, fmax=high, htk=scale == "htk", norm=norm
    )
    ours = mel_filters(fft_length // 2 + 1, bands, rate, low, high, scale=scale, norm=norm)
    np.testing.assert_allclose(ours, theirs.T, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "bands, low, high", [(64, 125, 7500), (80, 20, 7600), (64, 80, 7600), (40, 0, 8000)]
)
def test_filters_are_tensorflows(bands, low, high):
    theirs = tf.signal.linear_to_mel_weight_matrix(bands, 257, 16000, low, high, tf.float64)
    ours = mel_filters(257, bands, 16000, low, high, slopes="mel", keep_dc=False)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_tc_resnets_frontend_is_tensorflows():
    power = tf.abs(tf.signal.stft(WAVEFORM, 480, 160, 512)) ** 2
    bands = power @ tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 80.0, 7600.0)
    theirs = tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log(bands + 1e-6))[..., :40]
    filters = mel_filters(257, 64, 16000, 80, 7600, slopes="mel", keep_dc=False)
    ours = mfcc(log_mel(spectrogram(WAVEFORM, 480, 160, power=2.0), filters, offset=1e-6), 40)
    assert ours.shape == [2, 98, 40]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-4)


def test_ds_cnns_frontend_is_that_of_tensorflows_audio_ops():
    """The ops take the root of the powers they are given, so their filters see magnitudes."""
    power = tf.raw_ops.AudioSpectrogram(
        input=WAVEFORM.T, window_size=640, stride=320, magnitude_squared=True
    )
    theirs = tf.raw_ops.Mfcc(spectrogram=power, sample_rate=16000, dct_coefficient_count=10)
    filters = mel_filters(513, 40, 16000, 20, 4000, slopes="mel", keep_dc=False)
    ours = mfcc(log_mel(spectrogram(WAVEFORM, 640, 320), filters, floor=1e-12), 10)
    assert ours.shape == [2, 49, 10]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)


def test_att_rnns_frontend_has_a_frame_for_each_step():
    filters = mel_filters(513, 80, 16000, 40, 8000)
    assert log_mel(spectrogram(WAVEFORM, 1024, 128, pad_end=True), filters, offset=1e-6).shape == [
        2,
        125,
        80,
    ]


def test_mfcc_is_scipys_transform():
    values = np.random.default_rng(0).normal(size=[2, 5, 64]).astype(np.float32)
    ortho = scipy.fft.dct(values, norm="ortho")
    np.testing.assert_allclose(mfcc(values, 40, norm="ortho"), ortho[..., :40], atol=1e-5)
    np.testing.assert_allclose(mfcc(values, 64)[..., 0], ortho[..., 0] * np.sqrt(2), atol=1e-5)
    np.testing.assert_allclose(mfcc(values, 64)[..., 1:], ortho[..., 1:], atol=1e-5)


def test_silence_lies_at_the_floor():
    filters = mel_filters(257, 40, 16000)
    silence = np.zeros([3, 257], np.float32)
    np.testing.assert_allclose(log_mel(silence, filters, floor=1e-12), np.log(1e-12), rtol=1e-6)
    np.testing.assert_allclose(log_mel(silence, filters, offset=1e-3), np.log(1e-3), rtol=1e-6)
    with pytest.raises(ValueError, match="floor or an offset"):
        log_mel(silence, filters)


@pytest.mark.parametrize(
    "choice",
    [
        {"low": 5000, "high": 100},
        {"high": 9000},
        {"low": -1},
        {"scale": "bark"},
        {"slopes": "log"},
        {"norm": "area"},
    ],
)
def test_filters_that_do_not_exist_are_refused(choice):
    with pytest.raises(ValueError):
        mel_filters(257, 40, 16000, **choice)


@pytest.mark.parametrize("coefficients, norm", [(41, "htk"), (0, "htk"), (13, "none")])
def test_coefficients_that_do_not_exist_are_refused(coefficients, norm):
    with pytest.raises(ValueError):
        mfcc(np.zeros([1, 40], np.float32), coefficients, norm=norm)
