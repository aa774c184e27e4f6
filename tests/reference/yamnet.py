"""Golden files `yamnet_*`: one patch of log-mel in."""

import keras
import tensorflow as tf

from kwscls.models import yamnet
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """Layers by their number, the embedding, logits and scores."""
    config = meta["config"]
    depth = sum(name.endswith("pointwise_conv/kernel") for name in weights)
    layers = {"embeddings": "pool"}
    for name in meta["outputs"]:
        if name.startswith("layer"):
            layers[name] = f"{name}_relu" if name == "layer1" else f"{name}_pointwise_relu"

    def build(x):
        patch = keras.layers.Reshape((*x.shape[1:], 1), name="picture")(x)
        widths = [
            weights[f"layer{number}/pointwise_conv/kernel"].shape[-1]
            for number in range(2, depth + 2)
        ]
        rows = [(stride, width) for (stride, _), width in zip(yamnet.LAYERS, widths)]
        x = yamnet.embed(
            patch,
            layers=rows,
            stem=weights["layer1/conv/kernel"].shape[-1],
            padding=config["conv_padding"],
            epsilon=config["batchnorm_epsilon"],
            center=config["batchnorm_center"],
            scale=config["batchnorm_scale"],
        )
        return keras.layers.Dense(config["num_classes"], name="logits")(x)

    _, found = keyword_nets.run(build, "yamnet", weights, inputs["x"], layers)
    scores = tf.nn.softmax if config["classifier_activation"] == "softmax" else tf.sigmoid
    return {**found, "predictions": scores(found["logits"]).numpy()}
