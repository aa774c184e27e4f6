"""A model's blocks: every layer in one of them, the papers' tables again, and a picture."""

import json

import keras
import matplotlib.image
import pytest

from kwscls import models
from kwscls.errors import KwsclsError
from kwscls.models import __main__ as verb
from kwscls.models import diagram
from kwscls.models.classifier import AudioClassifier, waveform_input


@pytest.mark.parametrize("name,expected", [
    ("resnet18", {"stem": 1, "stage1_block0": 2, "stage2_block0": 1, "stage2_block1": 1, "stage4_block1": 1}),
    ("yamnet", {"layer8": 5, "layer13": 1, "layer14": 1}),
    ("kwt_1", {"time_block_0": 12}),
])
def test_the_papers_tables(name, expected):
    model = models.build(name, 8, 16000)
    found = {one.name: one for one in diagram.blocks(model)}
    assert {block: found[block].times for block in expected} == expected
    assert sum(one.parameters * one.times for one in found.values()) == model.count_params()
    assert list(found)[0] == "waveform" and list(found)[-1] == "logits" and found["logits"].shape == "8"
    boxes = list(found.values())
    assert boxes[diagram.frontend(boxes) - 1].shape == {
        "resnet18": "64 x 98 x 1", "yamnet": "96 x 64 x 1", "kwt_1": "98 x 40"}[name]
    assert all(one.sources for one in list(found.values())[1:])


def branched():
    layers = keras.layers
    waveform = waveform_input(40)
    x = layers.Reshape((10, 4), name="picture")(waveform)
    left, right = layers.Dense(3, name="left")(x), layers.Dense(3, name="right")(x)
    x = layers.Concatenate(name="both")([left, right])
    logits = layers.Dense(2, name="logits")(layers.GlobalAveragePooling1D(name="pool")(x))
    return AudioClassifier(waveform, logits, name="branched")


def test_branches_and_the_picture(tmp_path):
    model = branched()
    sources = {one.name: one.sources for one in diagram.blocks(model)}
    assert sources["both"] == ["left", "right"] and sources["left"] == sources["right"] == ["picture"]
    diagram.draw(model, tmp_path / "model.png")
    picture = matplotlib.image.imread(tmp_path / "model.png")
    assert picture.shape[0] > 600 and (picture[..., :3] < 0.5).any()


def test_the_command(tmp_path, capsys):
    assert verb.main(["--model", "tcresnet8", "--diagram", str(tmp_path / "model.svg")]) == 0
    printed = capsys.readouterr()
    assert "block0" in printed.out and "65,632" in printed.out and "wrote" in printed.err
    assert "│ tcresnet8 │ 98 x 40 │" in printed.out
    assert (tmp_path / "model.svg").read_text().startswith("<?xml")
    assert verb.main(["--diagram", "model.png"]) == 2
    assert "name it with --model" in capsys.readouterr().err


def test_the_command_draws_beside_json_too(tmp_path, capsys):
    assert verb.main(["--model", "tcresnet8", "--json", "--diagram", str(tmp_path / "model.PNG")]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["parameters"] == 65632 and "model.PNG" in printed.err
    assert matplotlib.image.imread(tmp_path / "model.PNG", format="png").shape[0] > 600


@pytest.mark.parametrize("name", ["model", "model.foo", ".png"])
def test_a_name_of_no_kind_of_picture_is_refused_before_anything_is_built(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(verb, "made", None)
    assert verb.main(["--model", "tcresnet8", "--diagram", str(tmp_path / name)]) == 2
    printed = capsys.readouterr()
    assert f"{name}: is no picture's name" in printed.err and ".svg" in printed.err and not printed.out
    with pytest.raises(KwsclsError, match="is no picture's name"):
        diagram.draw(branched(), tmp_path / name)
    assert not list(tmp_path.iterdir())
