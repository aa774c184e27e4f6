"""SincNet of the paper's repository against ours, stage by stage."""

import keras
import numpy as np
import tensorflow as tf

from kwscls.models.sincnet import sincnet
from kwscls.pretrained import fill
from kwscls.pretrained.read import Source


def run(meta, weights, inputs):
    """Every stage's values; channels stand before time, as in the original."""
    config = meta["config"]
    cnn, dnn, last = config["cnn"], config["dnn"], config["class"]
    model = sincnet(
        last["fc_lay"][-1], cnn["input_dim"], sample_rate=cnn["fs"], filters=cnn["cnn_N_filt"],
        kernel_sizes=cnn["cnn_len_filt"], pools=cnn["cnn_max_pool_len"], input_norm=_input_norm(cnn, "cnn"),
        norms=_norms(cnn, "cnn"), activations=cnn["cnn_act"], dnn1_units=dnn["fc_lay"],
        dnn1_input_norm=_input_norm(dnn, "fc"), dnn1_norms=_norms(dnn, "fc"), dnn1_activations=dnn["fc_act"],
        dnn2_units=last["fc_lay"][:-1], dnn2_input_norm=_input_norm(last, "fc"), dnn2_norms=_norms(last, "fc"),
        dnn2_activations=last["fc_act"], spare_norms=True)
    fill(model, Source(weights), "sincnet")
    stages = {layer.name: layer.output for layer in model.layers}
    values = keras.Model(model.input, stages)(inputs["waveform"])
    answers = {"log_probabilities": values["logits"]}
    if last["fc_act"][-1] == "softmax":
        answers["log_probabilities"] = tf.nn.log_softmax(values["logits"])
    answers["input_norm"] = values.get("input_batch_norm", values.get("input_layer_norm", inputs["waveform"]))
    for index in range(len(cnn["cnn_N_filt"])):
        norm = values[f"batch_norm_{index}"]  # whichever norm is in use, the spare ones behind it change nothing
        norm = norm if cnn["cnn_use_batchnorm"][index] else values[f"layer_norm_{index}"]
        for name, value in (("conv", values[f"conv_{index}"]), ("norm", norm), ("stage", values[f"stage_{index}"])):
            answers[f"{name}_{index}"] = tf.transpose(value, [0, 2, 1])
    dense = [values[f"dnn1_{index}"] for index in range(len(dnn["fc_lay"]))]
    answers |= {f"dnn1_{index}": value for index, value in enumerate(dense)} | {"dvector": dense[-1]}
    answers |= {f"dnn2_{index}": values[f"dnn2_{index}"] for index in range(len(last["fc_lay"]) - 1)}
    return {name: np.asarray(value) for name, value in answers.items()}


def _norms(config, prefix):
    return [_kind(*flags) for flags in zip(config[f"{prefix}_use_laynorm"], config[f"{prefix}_use_batchnorm"])]


def _input_norm(config, prefix):
    layer, batch = config[f"{prefix}_use_laynorm_inp"], config[f"{prefix}_use_batchnorm_inp"]
    return "layer+batch" if layer and batch else _kind(layer, batch)


def _kind(layer, batch):
    return "layer" if layer else "batch" if batch else None
