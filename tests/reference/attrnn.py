"""Golden files `attrnn_*`: the normalised log-mel in."""

from kwscls.models import attrnn
from tests.reference import keyword_nets


def run(meta, weights, inputs):
    """The convolutions' answer, that of each recurrent layer, the attention's weights."""
    config = meta["config"]
    dense = [
        value.shape[1]
        for name, value in weights.items()
        if name.startswith("dense_") and name.endswith("kernel")
    ]
    filters = [weights[f"{name}/kernel"].shape[-1] for name in ("conv2d", "conv2d_1")]
    layers = sum(name.endswith("forward_" + config["rnn"] + "/kernel") for name in weights)
    model, found = keyword_nets.run(
        lambda x: attrnn.body(
            x,
            config["nCategories"],
            rnn=config["rnn"],
            units=config["units"],
            dense=dense,
            filters=filters,
            layers=layers,
            kernel=weights["conv2d/kernel"].shape[0],
        ),
        "attrnn",
        weights,
        inputs["x"],
        {"convolved": "convolved", **{f"rnn_{n}": f"rnn_{n}" for n in range(layers)}},
    )
    heard = model.get_layer("attention").weights_of(found[f"rnn_{layers - 1}"])
    return {**found, "attention": heard.numpy()[:, 0]}
