"""The published keyword nets: parameter counts, shapes on the way, weights of every origin."""

import math

import keras
import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.models import build, kwt, matchboxnet, tcresnet
from kwscls.pretrained import fill, keyword_nets
from kwscls.pretrained.read import Source

COUNTS = {  # trainable, 12 labels; checked against the originals' own files
    "bcresnet_1": 9232,
    "bcresnet_1_5": 17154,
    "bcresnet_2": 27284,
    "bcresnet_3": 54168,
    "bcresnet_6": 187812,
    "bcresnet_8": 321068,
    "kwt_1": 607308,
    "kwt_2": 2394252,
    "kwt_3": 5360844,
    "matchboxnet_3x1x64": 74892,
    "matchboxnet_3x2x64": 90444,
    "tcresnet8": 65168,
    "tcresnet14_1_5": 303000,
    "dscnn_s": 23180,
    "dscnn_m": 136580,
    "dscnn_l": 413736,
    "attrnn": 200433,
    "mhattrnn": 756689,
}
WITH_STATISTICS = {
    "tcresnet8": 65920,
    "tcresnet8_1_5": 145392,
    "tcresnet14": 137024,
    "tcresnet14_1_5": 304752,
}
FEATURES = {
    "bcresnet_1": (101, 40),
    "kwt_1": (98, 40),
    "matchboxnet_3x1x64": (101, 64),
    "tcresnet8": (98, 40),
    "dscnn_s": (49, 10),
    "attrnn": (125, 80),
    "mhattrnn": (98, 40),
}


def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_as_many_as_published(name):
    model = build(name, 12, 16000)
    assert count(model.trainable_weights) == COUNTS[name]
    if name in FEATURES:
        assert model.get_layer("features").output.shape[1:] == FEATURES[name]


@pytest.mark.parametrize(
    "name, labels, parameters",
    [
        ("kwt_1", 35, 608803),
        ("kwt_2", 35, 2397219),
        ("kwt_3", 35, 5365283),
        ("matchboxnet_3x1x64", 30, 77214),
        ("matchboxnet_3x1x64", 35, 77859),
        ("matchboxnet_3x2x64", 30, 92766),
        ("matchboxnet_3x2x64", 35, 93411),
        ("attrnn", 36, 201225),
    ],
)
def test_and_with_other_labels(name, labels, parameters):
    assert count(build(name, labels, 16000).trainable_weights) == parameters


@pytest.mark.parametrize("name", WITH_STATISTICS)
def test_tc_resnets_published_sizes_count_statistics_and_a_second_head(name):
    model = build(name, 12, 16000)
    second_head = 2 * model.embedding.shape[-1]
    assert count(model.weights) + second_head == WITH_STATISTICS[name]


def test_matchboxnet_pads_to_128_frames_on_both_sides_and_leaves_longer_clips():
    padding = build("matchboxnet_3x1x64", 5, 16000).get_layer("padding")
    assert padding.padding == (13, 14) and padding.output.shape[1] == 128
    names = [
        layer.name for layer in build("matchboxnet_3x1x64", 5, 32000, filters=4, ends=4).layers
    ]
    assert "padding" not in names


def test_bands_that_do_not_fit_the_sub_bands_are_named():
    with pytest.raises(KwsclsError, match="sub-bands"):
        build("bcresnet_1", 3, 16000, bands=32)
    assert build("bcresnet_1", 3, 16000, bands=80).output_shape == (None, 3)


def test_unknown_choices_are_named():
    with pytest.raises(KwsclsError, match="no kind of attention"):
        build("kwt_1", 3, 16000, attention_type="space")
    with pytest.raises(KwsclsError, match="no recurrent layer"):
        build("attrnn", 3, 16000, rnn="rnn")
    with pytest.raises(KwsclsError, match="no room for a patch"):
        build("kwt_1", 3, 1600, attention_type="patch", patch_size=(20, 40))


def draw(shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.2, shape).astype(np.float32)


def kwt_tensors(frames, width, layers, labels, extra):
    """A made-up checkpoint of KWT with 7 coefficients."""
    shapes = {
        "pos_emb": (1, frames + extra, width),
        "patch_proj/kernel": (7, width),
        "patch_proj/bias": (width,),
    }
    shapes |= {f"{name}_emb": (1, 1, width) for name in ("class", "distill")[:extra]}
    for n in range(layers):
        block = f"enc_layers/{n}/"
        shapes |= {
            f"{block}att/{part}_dense/kernel": (width, width) for part in ("query", "key", "value")
        }
        shapes |= {
            block + "att/combine_heads/kernel": (width, width),
            block + "att/combine_heads/bias": (width,),
            block + "ffn/layer_with_weights-0/kernel": (width, 8),
            block + "ffn/layer_with_weights-0/bias": (8,),
            block + "ffn/layer_with_weights-1/kernel": (8, width),
            block + "ffn/layer_with_weights-1/bias": (width,),
        }
        shapes |= {
            f"{block}layernorm{k}/{name}": (width,) for k in (1, 2) for name in ("gamma", "beta")
        }
    named = {
        f"layer_with_weights-0/{name}": draw(shape, seed)
        for seed, (name, shape) in enumerate(shapes.items())
    }
    for head in range(1, extra + 1):
        named |= {
            f"layer_with_weights-{head}/layer_with_weights-0/kernel": draw((width, labels), head),
            f"layer_with_weights-{head}/layer_with_weights-0/bias": draw((labels,), head),
        }
    return named


def test_a_distilled_kwt_answers_with_the_mean_of_two_heads():
    tensors = kwt_tensors(frames=5, width=6, layers=1, labels=4, extra=2)
    features = keras.Input((5, 7))
    model = keras.Model(
        features,
        kwt.body(features, 4, d_model=6, mlp_dim=8, heads=2, num_layers=1, distill_token=True),
    )
    fill(
        model,
        Source({f"{name}/.ATTRIBUTES/VARIABLE_VALUE": value for name, value in tensors.items()}),
        "kwt",
    )
    x = draw((3, 5, 7))
    tokens = keras.Model(features, model.get_layer("time_block_0").output)(x).numpy()
    heads = [
        tokens[:, n] @ tensors[f"layer_with_weights-{n + 1}/layer_with_weights-0/kernel"]
        + tensors[f"layer_with_weights-{n + 1}/layer_with_weights-0/bias"]
        for n in (0, 1)
    ]
    np.testing.assert_allclose(model(x), (heads[0] + heads[1]) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind, tokens", [("freq", 7), ("both", 5), ("patch", 2)])
def test_other_kinds_of_tokens(kind, tokens):
    features = keras.Input((5, 7))
    model = keras.Model(
        features,
        kwt.body(
            features,
            3,
            d_model=6,
            mlp_dim=8,
            heads=1,
            num_layers=1,
            attention_type=kind,
            patch_size=(2, 7),
            approximate_gelu=True,
            prenorm=True,
        ),
    )
    axis = kwt.AXES[kind][0]
    assert model.get_layer(f"{axis}_positions").output.shape[1] == tokens + 1
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(draw((2, 5, 7))), model(draw((2, 5, 7))))


def test_patches_are_read_frames_first():
    features = keras.Input((4, 6))
    patches = keras.Model(features, kwt._tokens(features, "patch", (2, 3)))
    x = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    assert patches(x).numpy()[0].tolist() == [
        [0, 1, 2, 6, 7, 8],
        [3, 4, 5, 9, 10, 11],
        [12, 13, 14, 18, 19, 20],
        [15, 16, 17, 21, 22, 23],
    ]


def test_a_tensor_too_many_is_named():
    features = keras.Input((9, 4))
    model = keras.Model(
        features, matchboxnet.body(features, 3, kernels=(3,), filters=2, ends=2, end_kernels=(3, 3))
    )
    with pytest.raises(KwsclsError, match="not in the file"):
        fill(
            model, Source({"encoder.encoder.0.mconv.0.conv.weight": draw((4, 1, 3))}), "matchboxnet"
        )


def test_a_checkpoint_of_slim_may_begin_with_its_step():
    features = keras.Input((12, 5))
    model = keras.Model(features, tcresnet.body(features, 3, widths=(4, 6)))
    shapes = {weight.path: tuple(weight.shape) for weight in model.weights}
    source = Source({"global_step": np.zeros((), np.int64), "TCResNet8/conv0/weights": np.zeros(1)})
    for pair in keyword_nets.tcresnet(model, source).pairs:
        shape = shapes[pair.weight]
        middle = (1, 1) if pair.weight == "logits/kernel" else (1,)
        source.tensors[pair.names] = draw(shape if len(shape) == 1 else (*shape[:-2], *middle, *shape[-2:]))
    assert fill(model, source, "tcresnet") == []
