"""The spectrogram layer, against numpy and librosa."""

import librosa
import numpy as np
import pytest
import tensorflow as tf

from kwscls.layers.frontends import Spectrogram

pytestmark = pytest.mark.xdist_group("librosa")  # whose import compiles: once is enough


@pytest.fixture(scope="module")
def waveform():
    return np.random.default_rng(0).normal(0, 0.2, (2, 5000)).astype(np.float32)


def test_it_is_the_magnitude_of_the_windowed_transform(waveform):
    frames = np.stack([waveform[:, start:start + 400] for start in range(0, 5000 - 399, 160)], axis=1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    expected = np.abs(np.fft.rfft(frames * window, 512))
    np.testing.assert_allclose(Spectrogram(400, 160)(waveform), expected, atol=1e-4)
    np.testing.assert_allclose(Spectrogram(400, 160, power=2.0)(waveform), expected ** 2, atol=1e-3)


def test_centred_it_is_librosas(waveform):
    expected = np.abs(librosa.stft(waveform, n_fft=512, hop_length=128, pad_mode="reflect"))
    np.testing.assert_allclose(Spectrogram(512, 128, centre=True)(waveform), expected.transpose(0, 2, 1), atol=1e-4)


def test_the_tutorials(waveform):
    expected = tf.abs(tf.signal.stft(waveform, frame_length=255, frame_step=128))
    np.testing.assert_allclose(Spectrogram(255, 128, periodic=False)(waveform), expected, atol=1e-5)


@pytest.mark.parametrize("samples,frames", [(1, 1), (255, 1), (256, 1), (383, 2), (16000, 124)])
def test_shapes(samples, frames):
    layer = Spectrogram(255, 128)
    assert layer(np.zeros((3, samples), np.float32)).shape == (3, frames, 129)
    assert layer.compute_output_shape((None, samples)) == (None, frames, 129)
