"""Kaldi's log-mel filterbank, the features of the Audio Spectrogram Transformer."""

import tensorflow as tf

from kwscls.dsp.mel import log_mel, mel_filters
from kwscls.dsp.stft import magnitudes, make_window, pad_to

EPSILON = 1.1920928955078125e-07  # float32's, Kaldi's floor under the logarithm


def fbank(
    waveform,
    *,
    bands=128,
    sample_rate=16000,
    frame_length=400,
    frame_step=160,
    fft_length=512,
    window="hann",
    periodic=False,
    remove_dc=True,
    preemphasis=0.97,
    power=2.0,
    low=20.0,
    high=None,
    scale="htk",
    slopes="mel",
    norm=None,
    floor=EPSILON,
    dtype=tf.float32,
):
    """Log-mel energies as Kaldi's compute-fbank-feats gives them with snip_edges, without dither.

    Frame by frame: mean removed, pre-emphasis, window, transform. The defaults are AST's at 16 kHz
    (Kaldi's own window is "povey"). The waveform is taken as it is, not scaled to 16-bit integers.
    A clip shorter than one frame is zero-padded to one.

    Args:
        waveform: float [..., samples] in [-1, 1].
        bands: mel filters.
        sample_rate: Hz.
        frame_length, frame_step, fft_length: samples.
        window, periodic: see `kwscls.dsp.stft.spectrogram`.
        remove_dc: whether each frame's mean is subtracted.
        preemphasis: x[t] - preemphasis * x[t - 1], where the first sample is its own predecessor; 0
            for none.
        power: 2 for energies, 1 for magnitudes.
        low, high, scale, slopes, norm: see `kwscls.dsp.mel.mel_filters`.
        floor: energies below are raised to it.
        dtype: what is computed and returned. In tf.float32, as Kaldi, the bands that a loud steady
            tone leaves quiet are some 1e-3 off; tf.float64 has them right, but neither TFLite nor
            ONNX can transform in it.

    Returns:
        dtype [..., 1 + (samples - frame_length) // frame_step, bands].

    Raises:
        ValueError: a choice that does not exist or does not fit.
    """
    if fft_length < frame_length:
        raise ValueError(
            f"fft_length is {fft_length}, less than the frame_length of {frame_length}"
        )
    filters = mel_filters(
        fft_length // 2 + 1, bands, sample_rate, low, high, scale=scale, slopes=slopes, norm=norm
    )
    taps = tf.constant(make_window(window, frame_length, periodic), dtype)
    frames = tf.signal.frame(
        pad_to(tf.cast(waveform, dtype), frame_length), frame_length, frame_step
    )
    if remove_dc:
        frames -= tf.reduce_mean(frames, axis=-1, keepdims=True)
    frames = emphasise(frames, preemphasis) * taps
    return log_mel(magnitudes(frames, fft_length, power), filters, floor=floor)


def emphasise(frames, amount):
    """Pre-emphasis in each frame: x[t] - amount * x[t - 1], the first sample times 1 - amount."""
    if not amount:
        return frames
    before = tf.concat([frames[..., :1], frames[..., :-1]], axis=-1)
    return frames - amount * before


def cut_or_pad(features, frames):
    """Cut the end of features [..., any, bands], or zero-pad it, to `frames` frames."""
    features = tf.convert_to_tensor(features)[..., :frames, :]
    missing = frames - tf.shape(features)[-2]
    sides = [[0, 0]] * (features.shape.rank - 2) + [[0, missing], [0, 0]]
    return tf.ensure_shape(
        tf.pad(features, sides), [*features.shape[:-2], frames, features.shape[-1]]
    )
