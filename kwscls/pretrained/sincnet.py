"""Checkpoints of SincNet's repository: a dict of the state dicts CNN_model_par, DNN1_model_par and DNN2_model_par."""

import re

import numpy as np

from kwscls.pretrained.assign import Pair, Plan
from kwscls.pretrained.layouts import as_is, convolution, dense

_PARTS = {None: "CNN_model_par", "dnn1_": "DNN1_model_par", "dnn2_": "DNN2_model_par"}
_LAYERS = {"conv": "conv", "dense": "wx", "layer_norm": "ln", "batch_norm": "bn"}
_VARIABLES = {"kernel": "weight", "bias": "bias", "low_hz": "low_hz_", "band_hz": "band_hz_"}
_BATCH_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
_LAYOUTS = {("conv", "kernel"): convolution, ("conv", "low_hz"): np.ravel, ("conv", "band_hz"): np.ravel,
            ("dense", "kernel"): dense, ("layer_norm", "gamma"): np.transpose, ("layer_norm", "beta"): np.transpose}


def original(model, source):
    """The plan for a checkpoint of mravanelli/SincNet; the model is one of `kwscls.models.sincnet`.

    Every stage of the original owns a layer norm and a batch norm, whether it uses them or not. Those that the model
    does not own are left in the file.
    """
    last = sum(re.fullmatch(r"dnn2_dense_\d+/kernel", weight.path) is not None for weight in model.weights)
    pairs = [_pair(weight.path, last) for weight in model.weights]
    return Plan(pairs, (r"\w+_model_par\.(bn|ln)\.\d+\.\w+",))


def _pair(path, last):
    """The tensor of a weight: "dnn1_batch_norm_2/gamma" is "DNN1_model_par.bn.2.weight"."""
    part, start, layer, number, variable = re.fullmatch(
        r"(dnn[12]_)?(input_)?([a-z]+(?:_norm)?)(?:_(\d+))?/(\w+)", path).groups()
    if layer == "logits":
        part, layer, number = "dnn2_", "dense", last
    theirs = {"layer_norm": {}, "batch_norm": _BATCH_NORM}.get(layer, _VARIABLES).get(variable, variable)
    place = f"{_LAYERS[layer]}0" if start else f"{_LAYERS[layer]}.{number}"
    return Pair(path, f"{_PARTS[part]}.{place}.{theirs}", _LAYOUTS.get((layer, variable), as_is),
                head=path.startswith("logits/"))
