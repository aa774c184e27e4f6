"""SincConv_fast against ours: filters and outputs of every layer of a file."""

import numpy as np

from kwscls.layers.sinc import SincConv


def run(meta, weights, inputs):
    """Filters [filters, taps] and outputs [batch, filters, time] of each layer; "init" layers start by themselves."""
    waveform = inputs["waveform"]
    answers = {}
    for name, config in meta["config"].items():
        layer = SincConv(config["out_channels"], config["kernel_size"], config["sample_rate"], config["min_low_hz"],
                         config["min_band_hz"], config["stride"], config["padding"], config["dilation"])
        layer.build(waveform.shape)
        theirs = [weights[f"{name}.{part}"].ravel() for part in ("low_hz_", "band_hz_")]
        if name.startswith("init"):  # the start values are the layer's own business
            np.testing.assert_allclose(layer.low_hz, theirs[0], rtol=1e-5)
            np.testing.assert_allclose(layer.band_hz, theirs[1], rtol=1e-4)
        layer.set_weights(theirs)
        answers[f"{name}.filters"] = layer.kernels().numpy()
        answers[f"{name}.output"] = layer(waveform).numpy().transpose(0, 2, 1)
    return answers
