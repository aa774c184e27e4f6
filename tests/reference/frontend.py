"""Golden files `frontend_*`: those of torchaudio (BC-ResNet), kws_streaming (KWT), YAMNet."""

import numpy as np
import tensorflow as tf

from kwscls.dsp.fbank import emphasise
from kwscls.dsp.mel import log_mel, mel_filters, mfcc
from kwscls.dsp.stft import spectrogram
from kwscls.errors import KwsclsError


def run(meta, weights, inputs):
    """Compute the frontend that the file's class names, of its one waveform."""
    outputs = FRONTENDS[meta["class"]](meta["config"], tf.constant(inputs["waveform"], tf.float64))
    return {name: np.asarray(value) for name, value in outputs.items()}


def _torchaudio(config, waveform):
    """torchaudio's MelSpectrogram, bands before frames."""
    bins, rate = config["n_fft"] // 2 + 1, config["sample_rate"]
    name, _, kind = config["window"].partition(" ")
    power = spectrogram(
        waveform,
        config["win_length"],
        config["hop_length"],
        config["n_fft"],
        window=name,
        periodic=kind != "symmetric",
        power=config["power"],
        centre=config["center"],
        pad_mode=config["pad_mode"],
        window_at="centre",
        dtype=tf.float64,
    )
    filters = mel_filters(
        bins,
        config["n_mels"],
        rate,
        config["f_min"],
        config["f_max"],
        scale=config["mel_scale"],
        norm=config["norm"],
    )
    return {
        "filters": filters,
        "mel": tf.linalg.matrix_transpose(power @ filters),
        "log_mel": tf.linalg.matrix_transpose(log_mel(power, filters, offset=config["log_offset"])),
    }


def _kws_streaming(config, waveform):
    """kws_streaming's mfcc_tf; without coefficients it is a log-mel spectrogram."""
    if config["feature_type"] != "mfcc_tf" or config["data_frame_padding"]:
        raise KwsclsError(
            f"has feature_type {config['feature_type']!r} or padding {config['data_frame_padding']!r}, "
            "which kws_streaming's models here have not",
            "its config",
        )
    rate = config["sample_rate"]
    length, step = (
        round(rate * config[name] / 1000) for name in ("window_size_ms", "window_stride_ms")
    )
    frames = tf.signal.frame(waveform, length, step)  # [batch, frames, length]
    frames = emphasise(frames, config["preemph"])
    power = spectrogram(
        frames,
        length,
        step,
        window=config["window_type"] or "rectangular",
        power=2.0 if config["fft_magnitude_squared"] else 1.0,
        dtype=tf.float64,
    )[..., 0, :]
    filters = mel_filters(
        power.shape[-1],
        config["mel_num_bins"],
        rate,
        config["mel_lower_edge_hertz"],
        config["mel_upper_edge_hertz"],
        slopes="mel",
        keep_dc=False,
    )
    values = log_mel(power, filters, floor=config["log_epsilon"])
    return {
        "mfcc": mfcc(values, config["dct_num_features"]) if config["dct_num_features"] else values
    }


def _yamnet(config, waveform):
    """YAMNet's log-mel and the patches cut from it."""
    rate, bands = config["sample_rate"], config["mel_bands"]
    length, step = (round(rate * config[f"stft_{name}_seconds"]) for name in ("window", "hop"))
    patch, hop = (
        round(config[f"patch_{name}_seconds"] / config["stft_hop_seconds"])
        for name in ("window", "hop")
    )
    waveform = tf.pad(waveform, [[0, config["padded_samples"] - len(waveform)]])
    # TensorFlow's Hann window is symmetric where its length is odd.
    magnitude = spectrogram(waveform, length, step, periodic=length % 2 == 0, dtype=tf.float64)
    filters = mel_filters(
        magnitude.shape[-1],
        bands,
        rate,
        config["mel_min_hz"],
        config["mel_max_hz"],
        slopes="mel",
        keep_dc=False,
    )
    values = log_mel(magnitude, filters, offset=config["log_offset"])
    return {"log_mel": values, "patches": tf.signal.frame(values, patch, hop, axis=0)}


FRONTENDS = {
    "MelSpectrogram": _torchaudio,
    "SpeechFeatures": _kws_streaming,
    "waveform_to_log_mel_spectrogram_patches": _yamnet,
}
