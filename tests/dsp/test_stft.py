"""Spectrograms against numpy's transform of frames cut by hand and TensorFlow's own."""

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from kwscls.dsp.stft import make_window, spectrogram

WAVEFORM = np.random.default_rng(0).normal(size=[2, 4321]).astype(np.float32)


def test_the_tutorials_choice_is_tensorflows():
    waveform = WAVEFORM[:, :4000]
    ours = spectrogram(waveform, 255, 128, periodic=False)
    assert ours.shape == [2, 1 + (4000 - 255) // 128, 129]
    np.testing.assert_allclose(
        ours, tf.abs(tf.signal.stft(waveform, 255, 128)), rtol=1e-5, atol=1e-5
    )


def by_hand(waveform, length, step, fft_length, window, pad_mode=None):
    """Magnitudes librosa's way: the window amid the transform, frames centred if padded."""
    taps = np.zeros(fft_length)
    start = (fft_length - length) // 2
    taps[start:start + length] = scipy.signal.get_window(window, length)
    if pad_mode:
        waveform = np.pad(waveform, [[0, 0], [fft_length // 2] * 2], mode=pad_mode)
    starts = range(0, waveform.shape[1] - fft_length + 1, step)
    frames = np.stack([waveform[:, start:start + fft_length] for start in starts], axis=1).astype(
        np.float64
    )
    return np.abs(np.fft.rfft(frames * taps))


@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("length, fft_length", [(480, 512), (400, 400), (401, 512), (255, 257)])
@pytest.mark.parametrize("window", ["hann", "hamming"])
def test_centred_frames_are_librosas(pad_mode, length, fft_length, window):
    ours = spectrogram(
        WAVEFORM,
        length,
        160,
        fft_length,
        window=window,
        power=2.0,
        centre=True,
        pad_mode=pad_mode,
        window_at="centre",
    )
    np.testing.assert_allclose(
        ours,
        by_hand(WAVEFORM, length, 160, fft_length, window, pad_mode) ** 2,
        rtol=1e-4,
        atol=1e-3,
    )


def test_uncentred_frames_with_the_window_in_the_middle_are_librosas():
    ours = spectrogram(WAVEFORM, 400, 100, 512, window_at="centre")
    np.testing.assert_allclose(ours, by_hand(WAVEFORM, 400, 100, 512, "hann"), atol=1e-4)


@pytest.mark.parametrize(
    "name, theirs", [("hann", "hann"), ("hamming", "hamming"), ("rectangular", "boxcar")]
)
@pytest.mark.parametrize("length", [1, 2, 400, 401])
def test_windows_are_scipys(name, theirs, length):
    for periodic in (True, False):
        expected = scipy.signal.get_window(theirs, length, fftbins=periodic)
        if length > 1:  # of a single sample scipy makes 1
            np.testing.assert_allclose(make_window(name, length, periodic), expected, atol=1e-12)


def test_the_end_can_be_padded_and_powers_taken():
    ours = spectrogram(WAVEFORM, 1024, 128, pad_end=True)
    assert ours.shape == [2, 34, 513]  # 4321 / 128 = 33.8
    padded = np.pad(WAVEFORM, [[0, 0], [0, 2000]])
    np.testing.assert_allclose(ours, spectrogram(padded, 1024, 128)[:, :34], atol=1e-4)
    np.testing.assert_allclose(
        spectrogram(WAVEFORM, 400, 160, power=3.0), spectrogram(WAVEFORM, 400, 160) ** 3, rtol=1e-4
    )


@pytest.mark.parametrize("samples", [0, 1, 200, 256, 257, 511])
@pytest.mark.parametrize(
    "choice", [{}, {"centre": True}, {"centre": True, "window_at": "centre"}, {"pad_end": True}]
)
def test_short_clips_are_padded(samples, choice):
    frames = spectrogram(WAVEFORM[:, :samples], 480, 160, 512, **choice)
    assert frames.shape[1] >= 1 and np.isfinite(frames).all()


def test_unknown_shapes_give_the_same():
    function = tf.function(
        lambda waveform: spectrogram(waveform, 480, 160, 512, centre=True, window_at="centre"),
        input_signature=[tf.TensorSpec([None, None])],
        autograph=False,
    )
    assert function.get_concrete_function().output_shapes.as_list() == [None, None, 257]
    for samples in (1, 300, 4321):
        np.testing.assert_allclose(
            function(WAVEFORM[:, :samples]),
            spectrogram(WAVEFORM[:, :samples], 480, 160, 512, centre=True, window_at="centre"),
            atol=1e-4,
        )


def test_float64_keeps_what_is_quiet_beside_a_loud_tone():
    tone = np.sin(2 * np.pi * 1000 * np.arange(1600) / 16000)
    theirs = np.abs(np.fft.rfft(tone[:400] * scipy.signal.get_window("hann", 400), 512))
    np.testing.assert_allclose(
        spectrogram(tone, 400, 160, dtype=tf.float64)[0], theirs, rtol=1e-9, atol=1e-13
    )


@pytest.mark.parametrize(
    "choice",
    [
        {"fft_length": 128},
        {"window": "cosine"},
        {"window": np.ones(3)},
        {"window_at": "end"},
        {"centre": True, "pad_mode": "wrap"},
    ],
)
def test_choices_that_do_not_exist_are_refused(choice):
    with pytest.raises(ValueError):
        spectrogram(WAVEFORM, 400, 160, **choice)


@pytest.mark.parametrize("length, step", [(400, 0), (400, -1), (0, 160)])
def test_frames_of_no_length_or_step_are_refused(length, step):
    with pytest.raises(ValueError, match=f"frame_length is {length} and frame_step {step}"):
        spectrogram(WAVEFORM, length, step)
