"""Mel filters, log-mel spectrograms and cepstral coefficients, as published frontends have them.

All filters are numpy constants, computed once when a graph is made. Sources: HTK (S. Young et al.,
"The HTK Book", 5.4), M. Slaney's Auditory Toolbox (1998), Kaldi's feat/mel-computations.h,
`tf.signal.linear_to_mel_weight_matrix`.
"""

import numpy as np
import tensorflow as tf


def mel_filters(
    bins,
    bands,
    sample_rate,
    low=0.0,
    high=None,
    *,
    scale="htk",
    slopes="hz",
    norm=None,
    keep_dc=True,
):
    """A matrix of triangular filters that overlap by half, equally spaced in mel.

    | frontend | scale | slopes | norm | keep_dc |
    |---|---|---|---|---|
    | torchaudio's default | htk | hz | None | True |
    | librosa's default | slaney | hz | slaney | True |
    | TensorFlow, YAMNet, kws_streaming, TC-ResNet | htk | mel | None | False |
    | Kaldi, AST | htk | mel | None | True |

    Args:
        bins: frequencies of the spectrogram, fft_length // 2 + 1.
        bands: number of filters.
        sample_rate: Hz.
        low, high: where the first filter starts and the last one ends, in Hz; `high` is half the
            rate if None.
        scale: "htk" (2595 log10(1 + f / 700), which is Kaldi's 1127 ln(1 + f / 700)) or "slaney"
            (linear to 1 kHz).
        slopes: whether the triangles are straight in "hz" or in "mel".
        norm: None, or "slaney" for triangles of equal area: 2 / (width in Hz).
        keep_dc: whether the filters see the bin at 0 Hz.

    Returns:
        float32 [bins, bands].

    Raises:
        ValueError: edges out of order or beyond half the rate, or a choice that does not exist.
    """
    high = sample_rate / 2 if high is None else high
    if not 0 <= low < high <= sample_rate / 2:
        raise ValueError(
            f"mel filters from {low} to {high} Hz do not fit a rate of {sample_rate} Hz"
        )
    if scale not in SCALES or slopes not in ("hz", "mel") or norm not in (None, "slaney"):
        raise ValueError(f"no such mel filters: scale {scale!r}, slopes {slopes!r}, norm {norm!r}")
    to_mel, to_hz = SCALES[scale]
    edges = np.linspace(to_mel(low), to_mel(high), bands + 2)  # in mel
    frequencies = np.linspace(0, sample_rate / 2, bins)
    if slopes == "mel":
        weights = _triangles(to_mel(frequencies), edges)
    else:
        weights = _triangles(frequencies, to_hz(edges))
    if norm == "slaney":
        hz = to_hz(edges)
        weights *= 2 / (hz[2:] - hz[:-2])
    if not keep_dc:
        weights[0] = 0
    return weights.astype(np.float32)


def _triangles(places, edges):
    """Filters [places, edges - 2]: k rises from edges[k] to edges[k + 1], falls to edges[k + 2]."""
    rising = (places[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - places[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


def _htk_mel(hz):
    return 2595 * np.log10(1 + np.asarray(hz) / 700)


def _htk_hz(mel):
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


_SLANEY_STEP = 200 / 3  # Hz per mel below 1 kHz, which is 15 mel
_SLANEY_LOG = np.log(6.4) / 27  # 27 mel from 1 to 6.4 kHz


def _slaney_mel(hz):
    hz = np.asarray(hz, np.float64)
    return np.where(
        hz < 1000, hz / _SLANEY_STEP, 15 + np.log(np.maximum(hz, 1000) / 1000) / _SLANEY_LOG
    )


def _slaney_hz(mel):
    mel = np.asarray(mel, np.float64)
    return np.where(
        mel < 15, mel * _SLANEY_STEP, 1000 * np.exp(_SLANEY_LOG * (np.maximum(mel, 15) - 15))
    )


SCALES = {"htk": (_htk_mel, _htk_hz), "slaney": (_slaney_mel, _slaney_hz)}


def log_mel(spectrogram, filters, *, floor=0.0, offset=0.0):
    """log(max(spectrogram @ filters, floor) + offset), natural.

    Args:
        spectrogram: float [..., frames, bins].
        filters: [bins, bands], from `mel_filters`.
        floor: what smaller values are raised to (KWT 1e-12, Kaldi 1.19e-7).
        offset: what is added to all values (BC-ResNet and TC-ResNet 1e-6, YAMNet 1e-3).

    Returns:
        [..., frames, bands], in the spectrogram's type.

    Raises:
        ValueError: neither floor nor offset: silence would be minus infinity.
    """
    if floor <= 0 and offset <= 0:
        raise ValueError(
            "log_mel needs a floor or an offset above 0, else silence becomes minus infinity"
        )
    energies = spectrogram @ tf.constant(filters, spectrogram.dtype)
    if floor > 0:
        energies = tf.maximum(energies, floor)
    return tf.math.log(energies + offset)


def mfcc(log_mel, coefficients, *, norm="htk"):
    """Mel-frequency cepstral coefficients: the DCT-II of a log-mel spectrogram over its bands.

    Args:
        log_mel: float [..., frames, bands].
        coefficients: how many are kept, from the first, at most `bands`.
        norm: "htk" (TensorFlow, kws_streaming, TC-ResNet, DS-CNN: every coefficient times sqrt(2 /
            bands)) or "ortho" (librosa, torchaudio: the first one smaller by sqrt(2)).

    Returns:
        [..., frames, coefficients], in the same type.

    Raises:
        ValueError: more coefficients than bands, or no such norm.
    """
    return log_mel @ tf.constant(_dct(log_mel.shape[-1], coefficients, norm), log_mel.dtype)


def _dct(bands, coefficients, norm):
    """The DCT-II as a matrix [bands, coefficients]."""
    if not 1 <= coefficients <= bands:
        raise ValueError(f"{coefficients} coefficients cannot be made from {bands} mel bands")
    if norm not in ("htk", "ortho"):
        raise ValueError(f"norm is {norm!r}, neither 'htk' nor 'ortho'")
    matrix = np.cos(
        np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(coefficients))
    ) * np.sqrt(2 / bands)
    if norm == "ortho":
        matrix[:, 0] /= np.sqrt(2)
    return matrix
