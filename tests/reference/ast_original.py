"""Golden files `ast-original_*`: AST of the paper's repository."""

import keras

from kwscls.models.ast import body
from kwscls.pretrained import fill
from kwscls.pretrained.read import Source
from tests.reference.ast import outputs


def run(meta, weights, inputs):
    """Every intermediate and the logits."""
    config = meta["config"]
    features = keras.Input((config["input_tdim"], config["input_fdim"]))
    logits = body(features, config["label_dim"], hidden_size=config["embed_dim"], heads=config["num_heads"],
                  layers=config["depth"], mlp_size=int(config["mlp_ratio"] * config["embed_dim"]),
                  strides=(config["fstride"], config["tstride"]), layer_norm_eps=1e-6, head_norm_eps=1e-5)
    model = keras.Model(features, logits)
    fill(model, Source(weights), "ast")
    answers, states = outputs(model, inputs["x"])
    return answers | {"embeddings": states[0], "norm": states[-1]} | {
        f"block_{number}": state for number, state in enumerate(states[1:-1])}
