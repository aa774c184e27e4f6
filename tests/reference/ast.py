"""Golden files `ast_*`: transformers' Audio Spectrogram Transformer from its input values on."""

import keras
import numpy as np

from kwscls.models.ast import body, look_inside
from kwscls.pretrained import fill
from kwscls.pretrained.read import Source


def run(meta, weights, inputs):
    """Every intermediate and the logits."""
    config = meta["config"]
    patch = config["patch_size"]
    features = keras.Input((config["max_length"], config["num_mel_bins"]))
    logits = body(features, config["num_labels"], hidden_size=config["hidden_size"],
                  heads=config["num_attention_heads"], layers=config["num_hidden_layers"],
                  mlp_size=config["intermediate_size"], patch_size=patch,
                  strides=(config["frequency_stride"], config["time_stride"]), layer_norm_eps=config["layer_norm_eps"],
                  head_norm_eps=config["layer_norm_eps"], qkv_bias=config["qkv_bias"], hidden_act=config["hidden_act"])
    model = keras.Model(features, logits)
    fill(model, Source(weights, config), "ast")
    answers, states = outputs(model, inputs["input_values"])
    return answers | {"embeddings": states[0], "last_hidden_state": states[-1]} | {
        f"hidden_state_{number}": state for number, state in enumerate(states[:-1])}


def outputs(model, features):
    """What the layers "pooled" and "logits" answer, and the hidden states."""
    tapped = keras.Model(model.inputs[0], {name: model.get_layer(name).output for name in ("pooled", "logits")})
    return {name: np.asarray(value) for name, value in tapped(features).items()}, look_inside(model, features)[0]
