"""wav2vec 2.0's weights of every class, checked against a forward pass in numpy on transformers' names, and back."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.special import erf, softmax

from kwscls import convert, models, pretrained
from kwscls.errors import KwsclsError
from kwscls.models.wav2vec2 import Body, wav2vec2
from kwscls.models.wav2vec2_pretraining import Codebook, wav2vec2_pretraining
from kwscls.pretrained.read import Source, read
from kwscls.pretrained.wav2vec2 import settings, to_transformers

SIZES = dict(conv_dim=(6, 6), conv_kernel=(10, 3), conv_stride=(5, 2), hidden_size=8, num_hidden_layers=2,
             num_attention_heads=2, intermediate_size=12, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2,
             classifier_proj_size=5)
SAMPLES = 200
WAVEFORMS = np.random.default_rng(0).normal(size=(2, SAMPLES)).astype(np.float32)


def built(head="clip", labels=3, **changes):
    """A model whose weights are all away from their start."""
    keras.utils.set_random_seed(1)
    model = wav2vec2(labels, SAMPLES, head=head, **{**SIZES, **changes})
    draw = np.random.default_rng(2)
    model.set_weights([weight + draw.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


def forward(t, waveform, stable):
    """Logits of one clip, from tensors in transformers' names."""
    def linear(x, name):
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    def norm(x, name):
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return scaled * t[f"{name}.weight"] + t[f"{name}.bias"]

    def gelu(x):
        return x * (1 + erf(x / np.sqrt(2))) / 2

    def convolve(x, kernel, stride, groups=1):
        size, each = kernel.shape[2], kernel.shape[0] // groups
        inputs = kernel.shape[1]
        return np.array([[np.sum(x[first:first + size, out // each * inputs:][:, :inputs] * kernel[out].T)
                          for out in range(kernel.shape[0])] for first in range(0, len(x) - size + 1, stride)])

    x = ((waveform - waveform.mean()) / np.sqrt(waveform.var() + 1e-7))[:, None]
    for index, stride in enumerate(SIZES["conv_stride"]):
        name = f"wav2vec2.feature_extractor.conv_layers.{index}"
        x = convolve(x, t[f"{name}.conv.weight"], stride)
        if index == 0:
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
            x = x * t[f"{name}.layer_norm.weight"] + t[f"{name}.layer_norm.bias"]
        x = gelu(x)
    x = linear(norm(x, "wav2vec2.feature_projection.layer_norm"), "wav2vec2.feature_projection.projection")
    position = "wav2vec2.encoder.pos_conv_embed.conv."
    direction = t[position + "weight_v"]
    kernel = direction * t[position + "weight_g"] / np.sqrt((direction**2).sum((0, 1), keepdims=True))
    around = convolve(np.pad(x, [(2, 2), (0, 0)]), kernel, 1, groups=2)[:-1] + t[position + "bias"]
    x = x + gelu(around)
    x = x if stable else norm(x, "wav2vec2.encoder.layer_norm")
    for index in range(SIZES["num_hidden_layers"]):
        name = f"wav2vec2.encoder.layers.{index}"

        def attend(x):
            q, k, v = (linear(x, f"{name}.attention.{part}_proj").reshape(len(x), 2, 4) for part in "qkv")
            weights = softmax(np.einsum("qhd,khd->hqk", q, k) / 2, axis=-1)
            return linear(np.einsum("hqk,khd->qhd", weights, v).reshape(len(x), 8), f"{name}.attention.out_proj")

        def think(x):
            hidden = gelu(linear(x, f"{name}.feed_forward.intermediate_dense"))
            return linear(hidden, f"{name}.feed_forward.output_dense")

        if stable:
            x = x + attend(norm(x, f"{name}.layer_norm"))
            x = x + think(norm(x, f"{name}.final_layer_norm"))
        else:
            x = norm(x + attend(x), f"{name}.layer_norm")
            x = norm(x + think(x), f"{name}.final_layer_norm")
    x = norm(x, "wav2vec2.encoder.layer_norm") if stable else x
    return linear(linear(x, "projector").mean(0), "classifier")


@pytest.mark.parametrize("stable", [False, True])
def test_answers_are_those_of_the_formulas_on_transformers_names(stable):
    model = built(do_stable_layer_norm=stable)
    tensors = {name: value.astype(np.float64) for name, value in to_transformers(model).items()}
    wanted = [forward(tensors, one, stable) for one in WAVEFORMS]
    np.testing.assert_allclose(model(WAVEFORMS), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, dict(feat_extract_norm="layer", conv_bias=True),
                                     dict(use_weighted_layer_sum=True), dict(head="frames")])
def test_out_and_in_again(changes):
    model = built(**changes)
    other = wav2vec2(3, SAMPLES, **{**SIZES, **changes})
    assert pretrained.fill(other, Source(to_transformers(model)), "wav2vec2") == []
    np.testing.assert_array_equal(other(WAVEFORMS), model(WAVEFORMS))


def test_the_newer_spelling_and_the_bare_class():
    model = built()
    tensors = {name: value for name, value in to_transformers(model).items() if name.startswith("wav2vec2.")}
    tensors = {name.removeprefix("wav2vec2.").replace("weight_g", "parametrizations.weight.original0").replace(
        "weight_v", "parametrizations.weight.original1"): value for name, value in tensors.items()}
    other = wav2vec2(3, SAMPLES, **SIZES)
    assert pretrained.fill(other, Source(tensors), "wav2vec2") == ["the head is new: the file has none of this kind"]
    states = [keras.Model(one.input, one.get_layer("encoder_layer_1").output)(WAVEFORMS) for one in (model, other)]
    np.testing.assert_array_equal(*states)


def test_a_transcriber_becomes_a_classifier():
    tensors = to_transformers(built("frames", labels=32))
    ctc = {name.replace("classifier", "lm_head"): value for name, value in tensors.items()}
    model = wav2vec2(3, SAMPLES, **SIZES)
    before = model.get_layer("logits").kernel.numpy()
    assert "new" in pretrained.fill(model, Source(ctc), "wav2vec2")[0]
    np.testing.assert_array_equal(model.get_layer("logits").kernel, before)
    np.testing.assert_array_equal(model.get_layer("mask").embedding, tensors["wav2vec2.masked_spec_embed"])
    frames = wav2vec2(5, SAMPLES, head="frames", **SIZES)
    assert "32 labels, the model 5" in pretrained.fill(frames, Source(ctc), "wav2vec2")[0]


def test_a_pretrained_folder_starts_a_classifier(tmp_path):
    sizes = {**wav2vec2.__kwdefaults__, **SIZES}
    body = Body(**{field.name: sizes[field.name] for field in dataclasses.fields(Body)})
    model = wav2vec2_pretraining(SAMPLES, body, Codebook(2, 4, 6, 6))
    (tmp_path / "config.json").write_text(json.dumps(dataclasses.asdict(body)))
    save_file(to_transformers(model), tmp_path / "model.safetensors")
    classifier = wav2vec2(3, SAMPLES, **SIZES)
    assert len(pretrained.load(classifier, tmp_path)) == 1
    np.testing.assert_array_equal(classifier.get_layer("encoder_layer_1").get_weights()[0],
                                  model.get_layer("encoder_layer_1").get_weights()[0])
    again = wav2vec2_pretraining(SAMPLES, body, Codebook(2, 4, 6, 6))
    assert pretrained.fill(again, Source(to_transformers(model)), "wav2vec2") == []
    np.testing.assert_array_equal(again.get_layer("quantizer").codebook, model.get_layer("quantizer").codebook)


def test_a_file_without_the_vector_for_hidden_frames():
    tensors = to_transformers(built())
    del tensors["wav2vec2.masked_spec_embed"]
    said = pretrained.fill(wav2vec2(3, SAMPLES, **SIZES), Source(tensors), "wav2vec2")
    assert said == ["the vector for hidden frames is new"]
    without = wav2vec2(3, SAMPLES, mask_time_prob=0.0, **SIZES)
    assert pretrained.fill(without, Source(to_transformers(built())), "wav2vec2") == []


def test_a_config_that_shapes_do_not_show_is_compared():
    source = Source(to_transformers(built()), {"num_attention_heads": 4})
    with pytest.raises(KwsclsError, match="num_attention_heads = 4, the model has 2"):
        pretrained.fill(wav2vec2(3, SAMPLES, **SIZES), source, "wav2vec2")


def test_names_of_the_same_activation_are_the_same():
    model = built(hidden_act="swish", feat_extract_activation="gelu_new")
    source = Source(to_transformers(model), {"hidden_act": "silu", "feat_extract_activation": "gelu_fast"})
    assert pretrained.fill(built(hidden_act="swish", feat_extract_activation="gelu_new"), source, "wav2vec2") == []
    with pytest.raises(KwsclsError, match="hidden_act = silu, the model has gelu"):
        pretrained.fill(built(feat_extract_activation="gelu_new"), source, "wav2vec2")


def test_what_is_left_over_is_named():
    tensors = {**to_transformers(built()), "wav2vec2.adapter.layers.0.conv.weight": np.zeros(3, np.float32)}
    with pytest.raises(KwsclsError, match="left over in the file: wav2vec2.adapter.layers.0.conv.weight"):
        pretrained.fill(wav2vec2(3, SAMPLES, **SIZES), Source(tensors), "wav2vec2")


def test_any_config_converts(tmp_path):
    model = built(conv_stride=(4, 2), hidden_act="relu")
    facts = {**SIZES, "conv_stride": [4, 2], "hidden_act": "relu"}
    (tmp_path / "config.json").write_text(json.dumps(facts))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"do_normalize": False, "sampling_rate": 8000}))
    save_file(to_transformers(model), tmp_path / "model.safetensors")
    out = tmp_path / "ours.safetensors"
    assert convert.main([str(tmp_path), "--model", "wav2vec2_base", "--out", str(out)]) == 0
    assert read(out).config["sizes"]["normalize"] is False and read(out).config["sample_rate"] == 8000
    again = wav2vec2(3, SAMPLES, **{**SIZES, "conv_stride": (4, 2), "hidden_act": "relu"})
    assert pretrained.load(again, out) == []
    np.testing.assert_array_equal(again(WAVEFORMS), model(WAVEFORMS))


def test_what_the_preprocessor_did_otherwise_is_told():
    did = {"preprocessor": {"do_normalize": False, "sampling_rate": 8000}}
    rate, level = pretrained.fill(built(), Source(to_transformers(built()), did), "wav2vec2")
    assert rate == "it learnt from recordings of 8000 Hz, and the model hears 16000 Hz"
    assert level == ("its clips were not brought to zero mean and unit variance, as the model's are: --size normalize=False builds "
                     "one like it")
    alike = built(normalize=False, sample_rate=8000)
    assert pretrained.fill(alike, Source(to_transformers(alike), did), "wav2vec2") == []


def test_a_config_gives_the_sizes():
    config = {**SIZES, "conv_dim": [6, 6], "vocab_size": 32, "model_type": "wav2vec2"}
    sizes = settings(config)
    assert sizes["conv_dim"] == (6, 6) and "vocab_size" not in sizes
    assert models.build("wav2vec2_base", 3, SAMPLES, **sizes).get_layer("logits").kernel.shape == (5, 3)
