"""Magnitude and power spectrograms, with every choice that published frontends make spelt out."""

import contextlib
import contextvars

import numpy as np
import tensorflow as tf

_PRODUCTS = contextvars.ContextVar("products", default=False)


@contextlib.contextmanager
def as_matrix_products():
    """Within it, graphs are made with the Fourier transform as matrix products, for runtimes that know no transform."""
    token = _PRODUCTS.set(True)
    try:
        yield
    finally:
        _PRODUCTS.reset(token)


def spectrogram(
    waveform,
    frame_length,
    frame_step,
    fft_length=None,
    *,
    window="hann",
    periodic=True,
    power=1.0,
    centre=False,
    pad_mode="reflect",
    pad_end=False,
    window_at="start",
    dtype=tf.float32,
):
    """The short-time Fourier transform's magnitude, raised to a power.

    A clip shorter than one frame is zero-padded at its end to one.

    Args:
        waveform: float [..., samples].
        frame_length: samples under the window.
        frame_step: samples from one frame to the next.
        fft_length: samples transformed; the smallest power of two that holds a frame if None.
        window: "hann", "hamming", "povey" (Hann to the power of 0.85, Kaldi's), "rectangular", or
            its frame_length values.
        periodic: a window that would start anew after its last sample (librosa, torchaudio); else a
            symmetric one (Kaldi, AST). TensorFlow's own windows are periodic where frame_length is
            even, and symmetric where it is odd.
        power: 1 for magnitudes, 2 for powers.
        centre: middle frame t on sample t * frame_step, by padding half of what a frame holds on
            both sides.
        pad_mode: with `centre`, what is padded: "reflect" or "constant" (zeros).
        pad_end: zero-pad the end so that a frame starts at every frame_step of the clip:
            ceil(samples / frame_step) frames.
        window_at: where the window lies in a longer transform: "start" (TensorFlow) or "centre"
            (torchaudio, librosa), where a frame is fft_length long and the window has zeros on both
            sides.
        dtype: what is computed and returned; tf.float64 for bins that loud ones would drown in
            rounding errors.

    Returns:
        dtype [..., frames, fft_length // 2 + 1]. Without `centre` and `pad_end` there are
        1 + (samples - frame_length) // frame_step frames. TensorFlow's keyword tutorial has
        `spectrogram(waveform, 255, 128, periodic=False)`: [..., 124, 129] of 16000 samples.

    Raises:
        ValueError: a choice that does not exist, frames of no length or step, or a transform
            shorter than its frame.
    """
    if min(frame_length, frame_step) < 1:
        raise ValueError(
            f"frame_length is {frame_length} and frame_step {frame_step}, both of which start at 1"
        )
    fft_length = fft_length or _power_of_two(frame_length)
    if fft_length < frame_length:
        raise ValueError(
            f"fft_length is {fft_length}, less than the frame_length of {frame_length}"
        )
    taps = make_window(window, frame_length, periodic)
    if window_at == "centre":
        before = (fft_length - frame_length) // 2
        taps = np.pad(taps, (before, fft_length - frame_length - before))
    elif window_at != "start":
        raise ValueError(f"window_at is {window_at!r}, neither 'start' nor 'centre'")
    waveform = pad_to(tf.cast(waveform, dtype), len(taps))
    if centre:
        waveform = _pad_sides(waveform, len(taps) // 2, pad_mode)
    if pad_end:  # done here, since converters misread how `tf.signal.frame` does it
        samples = waveform.shape[-1] or tf.shape(waveform)[-1]
        waveform = pad_to(waveform, (-(-samples // frame_step) - 1) * frame_step + len(taps))
    frames = tf.signal.frame(waveform, len(taps), frame_step)
    return magnitudes(frames * tf.constant(taps, dtype), fft_length, power)


def make_window(window, length, periodic=True):
    """A window's values by name, float64 [length] (see `spectrogram`); values are passed on."""
    if not isinstance(window, str):
        values = np.asarray(window, np.float64)
        if values.shape != (length,):
            raise ValueError(f"the window has shape {values.shape}, its frame {length} samples")
        return values
    if window not in WINDOWS:
        raise ValueError(f"window is {window!r}, none of {', '.join(WINDOWS)}")
    turn = 2 * np.pi * np.arange(length) / max(length if periodic else length - 1, 1)
    return WINDOWS[window](turn)


WINDOWS = {
    "hann": lambda turn: 0.5 - 0.5 * np.cos(turn),
    "hamming": lambda turn: 0.54 - 0.46 * np.cos(turn),
    "povey": lambda turn: (0.5 - 0.5 * np.cos(turn)) ** 0.85,
    "rectangular": np.ones_like,
}


def pad_to(waveform, samples):
    """Zero-pad the end of waveforms [..., any] that are shorter than `samples`."""
    length = waveform.shape[-1]
    if length is None:
        return _pad_last(waveform, 0, tf.maximum(samples - tf.shape(waveform)[-1], 0), "constant")
    return _pad_last(waveform, 0, max(samples - length, 0), "constant")


def magnitudes(frames, fft_length, power):
    """The Fourier transform's magnitudes, raised to a power: float [..., any] to [..., fft_length // 2 + 1].

    For a power of 2 no root is taken, which costs more than the transform.
    """
    if _PRODUCTS.get():
        real, imaginary = (frames @ tf.constant(waves, frames.dtype) for waves in _waves(frames.shape[-1], fft_length))
        energies = tf.square(real) + tf.square(imaginary)
        return energies if power == 2 else tf.sqrt(energies) if power == 1 else tf.pow(energies, power / 2)
    spectrum = tf.signal.rfft(frames, [fft_length])
    if power == 2:
        return tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    return tf.abs(spectrum) if power == 1 else tf.pow(tf.abs(spectrum), power)


def _waves(length, fft_length):
    """The transform's cosines and sines, float64 [length, bins] each."""
    turns = np.outer(np.arange(length), np.arange(fft_length // 2 + 1)) % fft_length
    return np.cos(2 * np.pi * turns / fft_length), np.sin(2 * np.pi * turns / fft_length)


def _pad_sides(waveform, samples, mode):
    if mode not in ("reflect", "constant"):
        raise ValueError(f"pad_mode is {mode!r}, neither 'reflect' nor 'constant'")
    if mode == "reflect":
        waveform = pad_to(waveform, samples + 1)  # the least that can be mirrored so far
    return _pad_last(waveform, samples, samples, mode)


def _pad_last(tensor, before, after, mode):
    return tf.pad(tensor, [[0, 0]] * (tensor.shape.rank - 1) + [[before, after]], mode)


def _power_of_two(length):
    return 1 << (length - 1).bit_length()
