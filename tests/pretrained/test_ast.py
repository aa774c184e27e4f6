"""AST's weights in every spelling, checked against a forward pass in numpy on the original's names."""

import json

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.special import erf, softmax

from kwscls import convert, models, pretrained
from kwscls.errors import KwsclsError
from kwscls.pretrained.read import Source

WIDTH, HEADS, LABELS = 12, 3, ["no", "stop", "yes"]
SIZES = dict(hidden_size=WIDTH, heads=HEADS, layers=2, mlp_ratio=2, fstride=16, tstride=16, input_fdim=32)
SAMPLES = 6640  # 40 frames: 2 x 2 patches


def shapes(labels=3, places=4, colours=1):
    named = {"v.cls_token": (1, 1, WIDTH), "v.pos_embed": (1, 2 + places, WIDTH), "v.dist_token": (1, 1, WIDTH),
             "v.patch_embed.proj.weight": (WIDTH, colours, 16, 16), "v.patch_embed.proj.bias": (WIDTH,)}
    for block in ("v.blocks.0.", "v.blocks.1."):
        named |= {f"{block}{norm}.{part}": (WIDTH,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
        for layer, (units, inputs) in {"attn.qkv": (3 * WIDTH, WIDTH), "attn.proj": (WIDTH, WIDTH),
                                       "mlp.fc1": (2 * WIDTH, WIDTH), "mlp.fc2": (WIDTH, 2 * WIDTH)}.items():
            named |= {f"{block}{layer}.weight": (units, inputs), f"{block}{layer}.bias": (units,)}
    for layer in ("v.head", "v.head_dist"):
        named |= {f"{layer}.weight": (1000, WIDTH), f"{layer}.bias": (1000,)}
    named |= {f"{norm}.{part}": (WIDTH,) for norm in ("v.norm", "mlp_head.0") for part in ("weight", "bias")}
    return named | {"mlp_head.1.weight": (labels, WIDTH), "mlp_head.1.bias": (labels,)}


def original(**options):
    """Weights in the names of the paper's repository."""
    draw = np.random.default_rng(5).normal
    return {name: draw(0.1, 0.3, size=shape).astype(np.float32) for name, shape in shapes(**options).items()}


TRANSFORMERS = {"v.cls_token": "embeddings.cls_token", "v.dist_token": "embeddings.distillation_token",
                "v.pos_embed": "embeddings.position_embeddings",
                "v.patch_embed.proj": "embeddings.patch_embeddings.projection",
                "v.norm": "layernorm", "v.blocks.": "encoder.layer.", ".norm1": ".layernorm_before",
                ".norm2": ".layernorm_after", ".attn.proj": ".attention.output.dense",
                ".mlp.fc1": ".intermediate.dense", ".mlp.fc2": ".output.dense"}


def transformers(weights, release=4):
    """The same weights in transformers' names."""
    parts = [f"attention.{part}_proj" for part in "qkv"] if release == 5 else [
        f"attention.attention.{part}" for part in ("query", "key", "value")]
    renamed = {}
    for name, value in weights.items():
        if name.startswith("v.head"):
            continue
        pieces = dict(zip(parts, np.split(value, 3))) if ".attn.qkv" in name else {"attn.qkv": value}
        for part, piece in pieces.items():
            new = name.replace("attn.qkv", part)
            for old, spelled in TRANSFORMERS.items():
                new = new.replace(old, spelled)
            if release == 5:
                for old, spelled in ((".attention.output.dense", ".attention.o_proj"),
                                     (".intermediate.dense", ".mlp.fc1"), (".output.dense", ".mlp.fc2"),
                                     ("encoder.layer.", "layers.")):
                    new = new.replace(old, spelled)
            if name.startswith("mlp_head"):
                new = name.replace("mlp_head.0", "classifier.layernorm").replace("mlp_head.1", "classifier.dense")
            else:
                new = f"audio_spectrogram_transformer.{new}"
            renamed[new] = piece
    return renamed


def forward(weights, features):
    """Logits of AST in numpy, from standardised features [batch, frames, bands] without overlapping patches."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def norm(x, name, epsilon=1e-6):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * w[f"{name}.weight"] + w[
            f"{name}.bias"]

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    picture = features.transpose(0, 2, 1)  # [batch, bands, frames]
    rows, columns = picture.shape[1] // 16, picture.shape[2] // 16
    kernel = w["v.patch_embed.proj.weight"].sum(1)  # [width, 16, 16]
    patches = [np.einsum("bhw,dhw->bd", picture[:, 16 * row:16 * row + 16, 16 * column:16 * column + 16], kernel)
               for row in range(rows) for column in range(columns)]
    patches = np.stack(patches, 1) + w["v.patch_embed.proj.bias"]
    front = np.repeat(np.concatenate([w["v.cls_token"], w["v.dist_token"]], 1), len(features), 0)
    x = np.concatenate([front, patches], 1) + w["v.pos_embed"]
    for block in ("v.blocks.0", "v.blocks.1"):
        joint = linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv")
        query, key, value = (part.reshape(*x.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)
                             for part in np.split(joint, 3, -1))
        heard = softmax(query @ key.transpose(0, 1, 3, 2) / 2, -1) @ value  # heads of 4 features
        x = x + linear(heard.transpose(0, 2, 1, 3).reshape(x.shape), f"{block}.attn.proj")
        hidden = linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1")
        x = x + linear(hidden * (1 + erf(hidden / np.sqrt(2))) / 2, f"{block}.mlp.fc2")
    pooled = norm(x, "v.norm")[:, :2].mean(1)
    return linear(norm(pooled, "mlp_head.0", 1e-5), "mlp_head.1")


def model(labels=LABELS, **sizes):
    return models.build("ast", labels, SAMPLES, **(SIZES | sizes))


def logits(filled):
    features = np.random.default_rng(1).normal(size=(2, 40, 32)).astype(np.float32)
    behind = keras.Model(filled.get_layer("standardize").output, filled.outputs[0])
    return behind(features).numpy(), features


@pytest.mark.parametrize("spelled", [
    lambda w: w, lambda w: {f"module.{name}": value for name, value in w.items()}, transformers,
    lambda w: transformers(w, 5)], ids=["original", "module", "v4", "v5"])
def test_every_spelling_answers_as_numpy(spelled, tmp_path):
    weights = original()
    save_file(spelled(weights), tmp_path / "w.safetensors")
    filled = model()
    assert pretrained.load(filled, tmp_path / "w.safetensors") == []
    answer, features = logits(filled)
    np.testing.assert_allclose(answer, forward(weights, features[:, :32]), rtol=1e-4, atol=1e-5)


def test_no_weight_is_left_as_it_was():
    filled = model()
    before = {weight.path: weight.numpy() for weight in filled.trainable_weights}
    pretrained.fill(filled, Source(original()), "ast")
    assert all(np.all(weight.numpy() != before[weight.path]) for weight in filled.trainable_weights)


@pytest.mark.parametrize("name, change", [
    ("v.blocks.1.mlp.fc2.bias", None), ("v.extra", np.ones(3)), ("mlp_head.0.bias", None)])
def test_a_tensor_too_few_or_too_many_is_named(name, change):
    weights = original() | {name: change}
    if change is None:
        del weights[name]
    with pytest.raises(KwsclsError, match=name):
        pretrained.fill(model(), Source(weights), "ast")


def test_joint_projections_need_their_biases():
    with pytest.raises(KwsclsError, match="left over in the file: v.blocks.0.attn.qkv.bias"):
        pretrained.fill(model(qkv_bias=False), Source(original()), "ast")


def test_other_sizes_are_told_and_nothing_is_set():
    filled = model(hidden_size=24)
    before = filled.get_weights()
    with pytest.raises(KwsclsError, match="sizes differ"):
        pretrained.fill(filled, Source(original()), "ast")
    for old, new in zip(before, filled.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_weights_of_another_model_are_told():
    with pytest.raises(KwsclsError, match="of no origin known for ast"):
        pretrained.fill(model(), Source({"conv1.weight": np.ones(3)}, where="x.npz"), "ast")


def test_another_number_of_labels_gets_a_new_head_and_its_norm():
    filled = model(["a", "b"])
    start = filled.get_layer("logits").kernel.numpy()
    said, = pretrained.fill(filled, Source(original()), "ast")
    assert "head is new" in said
    np.testing.assert_array_equal(filled.get_layer("logits").kernel, start)
    np.testing.assert_array_equal(filled.get_layer("head_norm").gamma, 1)
    np.testing.assert_array_equal(filled.get_layer("norm").gamma, original()["v.norm.weight"])


def test_positions_of_another_clip_length_are_brought_here():
    weights = original(places=12 * 5)
    filled = models.build("ast", LABELS, SAMPLES, **(SIZES | dict(input_fdim=192, input_tdim=48)))  # 12 x 3 patches
    said, = pretrained.fill(filled, Source(weights), "ast")
    assert "12 x 5" in said and "12 x 3" in said
    grid = weights["v.pos_embed"][0, 2:].reshape(12, 5, WIDTH)[:, 1:4]
    np.testing.assert_array_equal(filled.get_layer("tokens").positions[2:], grid.reshape(-1, WIDTH))


def config(**more):
    return dict(hidden_size=WIDTH, num_attention_heads=HEADS, num_hidden_layers=2, intermediate_size=2 * WIDTH,
                patch_size=16, frequency_stride=16, time_stride=16, num_mel_bins=32, max_length=40,
                layer_norm_eps=1e-6, qkv_bias=True, hidden_act="gelu", **more)


def test_transformers_config_tells_the_grid_and_the_epsilon():
    filled = model(layer_norm_eps=1e-5, input_tdim=64)  # 2 x 4 patches
    said = pretrained.fill(filled, Source(transformers(original()), config()), "ast")
    assert len(said) == 2 and "2 x 2" in said[0] and "2 x 4" in said[0] and "1e-06" in said[1]


@pytest.mark.parametrize("change, says", [
    (dict(num_attention_heads=4), "num_attention_heads = 4, the model has 3; build the model with heads=4"),
    (dict(hidden_act="gelu_new"), "hidden_act = gelu_new, the model has gelu")])
def test_what_shapes_do_not_show_is_compared(change, says):
    with pytest.raises(KwsclsError, match=says):
        pretrained.fill(model(), Source(transformers(original()), config() | change), "ast")


def test_names_of_the_same_activation_are_the_same():
    filled = model(hidden_act="gelu_fast")
    assert pretrained.fill(filled, Source(transformers(original()), config() | {"hidden_act": "gelu_new"}), "ast") == []


def bare(weights, release=4):
    """What transformers' bare class keeps of the same weights."""
    return {name.removeprefix("audio_spectrogram_transformer."): value
            for name, value in transformers(weights, release).items() if not name.startswith("classifier")}


@pytest.mark.parametrize("release", [4, 5])
def test_the_bare_class_brings_no_head(release):
    filled, facts = model(), config()
    said, = pretrained.fill(filled, Source(bare(original(), release), facts), "ast")
    assert "head is new" in said
    np.testing.assert_array_equal(filled.get_layer("norm").gamma, original()["v.norm.weight"])
    assert pretrained.origin_of(Source(bare(original())), "ast").sizes_of(Source(bare(original()), facts))["heads"] == 3


def test_a_bare_deit_is_told_by_its_colours():
    source = Source(bare(original(places=9, colours=3)) | {"pooler.dense.bias": np.ones(3)})
    assert pretrained.origin_of(source, "ast").sizes_of(source) == {}
    assert "3 x 3" in pretrained.fill(model(), source, "ast")[0]


@pytest.mark.parametrize("told, statistics", [({}, (-6.5, 5.5)), ({"do_normalize": False}, (0.0, 0.5))])
def test_statistics_of_the_preprocessor(told, statistics):
    source = Source(bare(original()), config(preprocessor={"mean": -6.5, "std": 5.5, **told}))
    sizes = pretrained.origin_of(source, "ast").sizes_of(source)
    assert (sizes["mean"], sizes["std"]) == statistics


def test_the_preprocessors_sample_rate():
    source = Source(bare(original()), config(preprocessor={"sampling_rate": 8000}))
    assert pretrained.origin_of(source, "ast").sizes_of(source)["sample_rate"] == 8000
    assert "it learnt from recordings of 8000 Hz, and the model hears 16000 Hz" in pretrained.fill(model(), source, "ast")


@pytest.mark.parametrize("prefix", ["", "deit."])
def test_start_from_imagenet(prefix):
    weights = {name: value for name, value in original(places=9, colours=3).items() if not name.startswith("mlp_head")}
    trunk = {name.removeprefix("v."): value for name, value in weights.items()}
    if prefix:
        spelled = transformers(weights)
        trunk = {name.replace("audio_spectrogram_transformer.", "deit."): value for name, value in spelled.items()}
        trunk |= {"cls_classifier.weight": np.ones((5, WIDTH)), "distillation_classifier.bias": np.ones(5)}
    filled = model()
    said = pretrained.fill(filled, Source(trunk), "ast")
    assert "3 x 3" in said[0] and "head is new" in said[1]
    rgb = weights["v.patch_embed.proj.weight"]  # [width, 3, 16, 16]
    np.testing.assert_allclose(filled.get_layer("patches").kernel[:, :, 0], rgb.sum(1).transpose(1, 2, 0), rtol=1e-6)
    grid = weights["v.pos_embed"][0, 2:].reshape(3, 3, WIDTH)[:2, :2]  # cut at 3 // 2 - 2 // 2
    np.testing.assert_array_equal(filled.get_layer("tokens").positions[2:], grid.reshape(-1, WIDTH))


def folder(path, labels=LABELS):
    path.mkdir()
    facts = config(id2label={str(index): label for index, label in enumerate(labels)})
    (path / "config.json").write_text(json.dumps(facts))
    (path / "preprocessor_config.json").write_text(json.dumps({"mean": -6.5, "std": 5.5}))
    save_file(transformers(original()), path / "model.safetensors")
    return path


def test_converted_once_and_taken_by_name_and_labels(tmp_path, capsys):
    out = tmp_path / "ours.safetensors"
    assert convert.main([str(folder(tmp_path / "hub")), "--model", "ast", "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().err
    filled = model(LABELS[::-1])
    mean = filled.get_layer("standardize").mean.numpy()
    assert pretrained.load(filled, out) == []
    answer, features = logits(filled)
    np.testing.assert_allclose(answer[:, ::-1], forward(original(), features[:, :32]), rtol=1e-4, atol=1e-5)
    assert filled.get_layer("standardize").mean.numpy() == mean  # statistics are the data set's, not the file's


def test_our_own_weights_for_another_clip_length(tmp_path):
    first = model()
    pretrained.fill(first, Source(original()), "ast")
    first.save(tmp_path / "m.keras")
    longer = model(input_tdim=80)  # 2 x 5 patches
    said, = pretrained.load(longer, tmp_path / "m.keras")
    assert "2 x 2" in said and "2 x 5" in said
    np.testing.assert_array_equal(longer.get_layer("norm").gamma, first.get_layer("norm").gamma)


def test_our_own_weights_for_another_number_of_rows(tmp_path):
    first = model(fstride=8, input_tdim=48)  # 3 x 3 patches
    first.save(tmp_path / "m.keras")
    other = model(input_fdim=64, input_tdim=32)  # 4 x 2
    said, = pretrained.load(other, tmp_path / "m.keras")
    assert "3 x 3" in said and "4 x 2" in said


def own(filled, **config):
    return Source({weight.path: weight.numpy() for weight in filled.weights}, config)


@pytest.mark.parametrize("source, says", [
    (lambda: own(model(fstride=8, tstride=8)), "for 12 patches, which do not fill 5 rows"),  # 3 x 4
    (lambda: own(model(), model="ast", sizes=SIZES | {"heads": 4}), "heads = 4, the model has 3"),
    (lambda: own(model(), model="ast_small", sizes={"fstride": 16}), "heads = 6, the model has 3"),
    (lambda: Source({"logits/kernel": np.ones((4, 3)), "conv/kernel": np.ones((3, 4, 4))}), "left over.*conv/kernel"),
])
def test_our_own_weights_that_do_not_fit(source, says):
    with pytest.raises(KwsclsError, match=says):
        pretrained.fill(model(input_fdim=80), source(), "ast")


def test_our_own_runs_of_other_heads(tmp_path):
    model(heads=4).save(tmp_path / "m.keras")
    with pytest.raises(KwsclsError, match="heads = 4, the model has 3"):
        pretrained.load(model(), tmp_path / "m.keras")


@pytest.mark.parametrize("words", [["--model", "astt", "--out", "o.safetensors"], ["--model", "ast", "--out", "o.h5"]])
def test_convert_tells_what_is_wrong_in_one_line(tmp_path, capsys, words):
    assert convert.main([str(folder(tmp_path / "hub")), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("places, sizes", [
    (12 * 101, {"input_tdim": 1024, "fstride": 10, "tstride": 10}),
    (10 * 85, {"input_tdim": 1024, "fstride": 12, "tstride": 12}),
    (9 * 73, {"input_tdim": 1024, "fstride": 14, "tstride": 14}),
    (8 * 64, {"input_tdim": 1024, "fstride": 16, "tstride": 16}),
    (12 * 50, {"input_tdim": 506})])
def test_frames_and_strides_of_a_released_checkpoint(places, sizes):
    assert pretrained.origin_of(Source(original()), "ast").sizes_of(Source(original(places=places))) == sizes


def test_a_checkpoint_of_another_stride_is_brought_here():
    weights = original(places=10 * 85)
    said, = pretrained.fill(model(), Source(weights), "ast")
    assert "10 x 85" in said and "2 x 2" in said
    with pytest.raises(KwsclsError, match="for 13 patches, which do not fill 12 rows"):
        pretrained.fill(model(), Source(original(places=13)), "ast")
