"""Weights from every kind of file, and a line of help for the others."""

import json
import sys

import keras
import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from kwscls.errors import KwsclsError
from kwscls.models.classifier import AudioClassifier, waveform_input
from kwscls.pretrained.read import read
from tests.pretrained.torch_files import LEGACY, TENSORS, ZIP

A = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_safetensors_of_any_float(tmp_path):
    save_file({"a": A, "half": A.astype(np.float16), "brain": A.astype(ml_dtypes.bfloat16), "count": np.array([7])},
              tmp_path / "w.safetensors")
    found = read(tmp_path / "w.safetensors").tensors
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        "a": np.float32, "half": np.float32, "brain": np.float32, "count": np.int64}
    for name in ("a", "half", "brain"):
        np.testing.assert_array_equal(found[name], A)


def test_our_own_metadata_comes_with_safetensors(tmp_path):
    facts = {"model": "cnn", "labels": ["no", "yes"]}
    save_file({"a": A}, tmp_path / "w.safetensors", metadata={"kwscls": json.dumps(facts)})
    found = read(tmp_path / "w.safetensors")
    assert found.labels == ["no", "yes"] and found.config == facts


def test_npz(tmp_path):
    np.savez(tmp_path / "w.npz", **{"module.a": A, "module.b": A.astype(np.float64)})
    found = read(tmp_path / "w.npz").tensors
    assert list(found) == ["a", "b"] and found["b"].dtype == np.float32  # DataParallel's prefix is gone


def test_npz_with_objects_is_refused(tmp_path):
    np.savez(tmp_path / "w.npz", a=np.array([{"x": 1}], object))
    with pytest.raises(KwsclsError, match="no plain npz"):
        read(tmp_path / "w.npz")


def test_keras_file(tmp_path):
    waveform = waveform_input(4)
    model = AudioClassifier(waveform, keras.layers.Dense(2, name="logits")(waveform), labels=["no", "yes"])
    model.save(tmp_path / "m.keras")
    found = read(tmp_path / "m.keras")
    assert set(found.tensors) == {"logits/kernel", "logits/bias"} and found.labels == ["no", "yes"]


def test_keras_file_with_a_lambda_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(KwsclsError, match="cannot be loaded"):
        read(tmp_path / "m.keras")


def transformers_folder(folder, config, **parts):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    for name, tensors in parts.items():
        save_file(tensors, folder / f"{name}.safetensors")
    return folder


def test_a_folder_of_transformers(tmp_path):
    config = {"hidden_size": 3, "id2label": {str(i): f"word {i}" for i in reversed(range(12))}}
    found = read(transformers_folder(tmp_path / "m", config, model={"a": A}))
    assert found.config["hidden_size"] == 3 and found.labels == [f"word {i}" for i in range(12)]
    np.testing.assert_array_equal(found.tensors["a"], A)


def test_placeholder_labels_are_none(tmp_path):
    config = {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}
    assert read(transformers_folder(tmp_path / "m", config, model={"a": A})).labels is None


def test_a_folder_in_parts(tmp_path):
    folder = transformers_folder(tmp_path / "m", {}, part1={"a": A}, part2={"b": A + 1})
    index = {"weight_map": {"a": "part1.safetensors", "b": "part2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert set(read(folder).tensors) == {"a", "b"}


@pytest.mark.parametrize("part", ["../x.safetensors", "/etc/x.safetensors"])
def test_an_index_must_stay_in_its_folder(tmp_path, part):
    folder = transformers_folder(tmp_path / "m", {})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": part}}))
    with pytest.raises(KwsclsError, match="out of the folder"):
        read(folder)


@pytest.mark.parametrize("content", [ZIP, LEGACY], ids=["zip", "legacy"])
def test_pickles_only_when_allowed(tmp_path, content):
    (tmp_path / "m.pth").write_bytes(content)
    with pytest.raises(KwsclsError, match="--allow-pickle"):
        read(tmp_path / "m.pth")
    found = read(tmp_path / "m.pth", allow_pickle=True).tensors
    assert {name: tensor.tolist() for name, tensor in found.items()} == TENSORS


def test_pickles_in_a_folder_only_when_allowed(tmp_path):
    folder = transformers_folder(tmp_path / "m", {})
    (folder / "pytorch_model.bin").write_bytes(ZIP)
    with pytest.raises(KwsclsError, match="--allow-pickle"):
        read(folder)
    assert set(read(folder, allow_pickle=True).tensors) == set(TENSORS)


def test_whatever_else_is_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "w.h5").write_bytes(b"\x89HDF")
    (tmp_path / "w.safetensors").write_bytes(b"\xff" * 40)
    (tmp_path / "w.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "w.keras").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "none.npz")
    for name in ("absent.npz", "empty", "w.h5", "w.safetensors", "w.npz", "w.keras", "none.npz"):
        with pytest.raises(KwsclsError) as told:
            read(tmp_path / name)
        assert "\n" not in str(told.value) and name.split(".")[0] in str(told.value)


def test_the_hub_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(KwsclsError, match=r"pip install 'kwscls\[hub\]'"):
        read("hf:owner/name")


@pytest.mark.parametrize("allow", [False, True])
def test_only_what_is_read_comes_from_the_hub(monkeypatch, tmp_path, allow):
    hub = pytest.importorskip("huggingface_hub")
    asked = {}

    def snapshot_download(repository, **options):
        asked.update(options, repository=repository)
        return str(transformers_folder(tmp_path / "m", {}, model={"a": A}))

    monkeypatch.setattr(hub, "snapshot_download", snapshot_download)
    assert set(read("hf:owner/name@v2", allow_pickle=allow).tensors) == {"a"}
    assert asked["repository"] == "owner/name" and asked["revision"] == "v2"
    assert any(pattern.endswith(".bin") for pattern in asked["allow_patterns"]) == allow
    assert "model.safetensors" in asked["allow_patterns"]


def test_what_the_hub_does_not_give_is_one_line(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def snapshot_download(repository, **options):
        raise OSError("no\nconnection")

    monkeypatch.setattr(hub, "snapshot_download", snapshot_download)
    with pytest.raises(KwsclsError, match="hf:owner/name"):
        read("hf:owner/name")
