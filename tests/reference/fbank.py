"""Golden files `fbank_*`: Kaldi's log-mel filterbank and AST's padding and normalising."""

import numpy as np
import tensorflow as tf

from kwscls.dsp.fbank import cut_or_pad, fbank
from kwscls.dsp.mel import mel_filters
from kwscls.errors import KwsclsError


def run(meta, weights, inputs):
    """Compute every input's features, before and after padding and normalising."""
    config = meta["config"]
    name, _, kind = config["window"].partition(",")
    if config["center"] or config["log"] != "natural":
        raise KwsclsError(f"has centred frames or log {config['log']!r}, which Kaldi's filterbank has not", "its config")
    filters = dict(
        low=config["min_frequency"],
        high=config["max_frequency"],
        norm=config["mel_norm"],
        **{
            "kaldi": dict(scale="htk", slopes="mel"),
            "htk": dict(scale="htk", slopes="hz"),
            "slaney": dict(scale="slaney", slopes="hz"),
        }[config["mel_scale"]],
    )
    rate, bands, fft_length = config["sampling_rate"], config["num_mel_bins"], config["fft_length"]
    outputs = {"mel_filters": mel_filters(fft_length // 2 + 1, bands, rate, **filters)}
    for clip, waveform in inputs.items():
        features = fbank(
            waveform,
            bands=bands,
            sample_rate=rate,
            frame_length=config["frame_length"],
            frame_step=config["hop_length"],
            fft_length=fft_length,
            window=name,
            periodic="not periodic" not in kind and "symmetric" not in kind,
            remove_dc=config["remove_dc_offset"],
            preemphasis=config["preemphasis"] or 0.0,
            power=config["power"],
            floor=config["mel_floor"],
            dtype=tf.float64,
            **filters,
        )
        values = cut_or_pad(features, config["max_length"])
        if config["do_normalize"]:
            values = (values - config["mean"]) / (2 * config["std"])
        outputs[f"fbank_{clip}"], outputs[f"input_values_{clip}"] = np.asarray(
            features
        ), np.asarray(values)
    return outputs
