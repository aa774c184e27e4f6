"""wav2vec 2.0 of transformers against ours: every class, with and without masks."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from kwscls.models.wav2vec2 import Body, classify, encode, wav2vec2
from kwscls.models.wav2vec2_pretraining import Codebook, project
from kwscls.pretrained import fill
from kwscls.pretrained.read import Source
from kwscls.pretrained.wav2vec2 import settings
from kwscls.training.contrastive import contrastive_logits, contrastive_loss, diversity_loss, perplexity
from kwscls.training.ctc import ctc_loss

HEADS = {"Wav2Vec2ForSequenceClassification": "clip", "Wav2Vec2ForAudioFrameClassification": "frames",
         "Wav2Vec2ForCTC": "frames"}


def run(meta, weights, inputs):
    """Every intermediate, and what the class answers."""
    config = meta["config"]
    given = {name: keras.Input(value.shape[1:], dtype=value.dtype.name, name=name) for name, value in inputs.items()
             if name in ("input_values", "attention_mask", "mask_time_indices")}
    encoded = encode(given["input_values"], _body(config), given.get("attention_mask"), given.get("mask_time_indices"))
    outputs = _intermediates(encoded)
    if meta["class"] == "Wav2Vec2ForPreTraining":
        outputs |= project(encoded, Codebook(**{field.name: config[field.name] for field in dataclasses.fields(Codebook)
                                                if field.name in config}))
    elif meta["class"] in HEADS:
        count = config["vocab_size"] if meta["class"] == "Wav2Vec2ForCTC" else config["num_labels"]
        weighted = config["use_weighted_layer_sum"] and meta["class"] != "Wav2Vec2ForCTC"
        outputs["logits"] = classify(encoded.hidden_states, count, HEADS[meta["class"]], config["classifier_proj_size"],
                                     weighted, frame_mask=encoded.frame_mask)
    model = keras.Model(given, outputs, name="wav2vec2")
    fill(model, Source(weights, config), "wav2vec2")
    values = model({name: inputs[name] for name in given})
    if meta["class"] == "Wav2Vec2ForCTC":
        values["loss"] = _ctc(config, values, inputs)
    if meta["class"] == "Wav2Vec2ForPreTraining":
        values |= _pretraining(config, values, inputs)
    return {name: np.asarray(value) for name, value in values.items()}


def _body(config):
    sizes = {**wav2vec2.__kwdefaults__, **settings(config)}
    return Body(**{field.name: sizes[field.name] for field in dataclasses.fields(Body)})


def _intermediates(encoded):
    states = encoded.hidden_states
    outputs = {"conv_features": encoded.conv_features, "extract_features": encoded.extract_features,
               "projected": encoded.projected, "position": encoded.position, "encoder_input": states[0],
               "last_hidden_state": states[-1], "hidden_states_stack_mean": keras.layers.Average()(states)}
    outputs |= {f"layer_{index}": state for index, state in enumerate([*states[1:-1], encoded.last_layer], 1)}
    return outputs if encoded.frame_mask is None else {**outputs, "feature_mask": encoded.frame_mask}


def _ctc(config, values, inputs):
    logits = values["logits"]
    real = values["feature_mask"] if "feature_mask" in values else tf.ones(logits.shape[:2])
    loss = ctc_loss(logits, inputs["labels"], tf.reduce_sum(tf.cast(real, tf.int32), 1), config["pad_token_id"],
                    config["ctc_loss_reduction"], config["ctc_zero_infinity"])
    return loss[None]


def _pretraining(config, values, inputs):
    mask = inputs["mask_time_indices"]
    contrastive = contrastive_loss(contrastive_logits(
        values["guesses"], values["codes"], values["entries"], mask, inputs["sampled_negative_indices"],
        config["contrastive_logits_temperature"]))
    diversity = diversity_loss(values["choices"], mask)
    return {"projected_states": values["guesses"], "projected_quantized_states": values["codes"],
            "contrastive_loss": contrastive[None], "diversity_loss": diversity[None],
            "loss": (contrastive + config["diversity_loss_weight"] * diversity)[None],
            "codevector_perplexity": perplexity(values["choices"], mask)[None],
            "codevector_indices": tf.argmax(values["choices"], axis=-1)}
