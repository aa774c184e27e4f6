"""The runner itself: a case made here is read, sliced, compared, and refused where it is wrong."""

import hashlib
import json
import zlib

import numpy as np
import pytest

from kwscls.errors import KwsclsError
from tests.reference import comparison, recipe
from tests.reference.__main__ import main

NAME = "layer.weight"


def write(path, family="toy", sha256=None, slices=None, output=None):
    key = [7, zlib.crc32(NAME.encode())]
    noise = np.random.Generator(np.random.Philox(key=key)).standard_normal((2, 3))
    weight = (2 + 0.5 * np.abs(noise)).astype(np.float32)
    entries = [{"name": NAME, "shape": [2, 3], "mean": 2, "std": 0.5, "abs": True},
               {"name": "kept", "shape": [2], "mean": 0, "std": 1, "abs": False}]
    kept = np.array([1.5, -2.5], np.float32)
    digest = hashlib.sha256(weight.tobytes() + kept.tobytes()).hexdigest()
    meta = {"family": family, "config": {}, "seed": 7, "weights": entries, "weights_sha256": sha256 or digest,
            "notes": {"text": "", "slices": slices or {}}}
    np.savez(path, meta=json.dumps(meta), **{"weight.kept": kept, "input.x": np.ones(2, np.float32),
                                             "output.y": weight if output is None else output})
    return weight


def run_with(monkeypatch, answers):
    class Toy:
        @staticmethod
        def run(meta, weights, inputs):
            return answers(weights)
    monkeypatch.setattr(comparison, "_adapter", lambda family, path: Toy)


def test_weights_are_drawn_and_kept(tmp_path):
    weight = write(tmp_path / "a.npz")
    case = recipe.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(case.weights[NAME], weight)
    np.testing.assert_array_equal(case.weights["kept"], [1.5, -2.5])
    assert list(case.inputs) == ["x"] and list(case.outputs) == ["y"]


@pytest.mark.parametrize("spoil", ["sha", "absent", "garbage"])
def test_a_bad_file_is_one_line(tmp_path, spoil):
    path = tmp_path / "a.npz"
    if spoil == "sha":
        write(path, sha256="0" * 64)
    elif spoil == "garbage":
        path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(KwsclsError):
        recipe.read(path)


def test_outputs_are_sliced_before_they_are_compared(tmp_path, monkeypatch):
    whole = np.arange(12, dtype=np.float32).reshape(2, 6)
    write(tmp_path / "a.npz", slices={"y": [None, [0, None, 2]]}, output=whole[:, ::2])
    run_with(monkeypatch, lambda weights: {"y": whole})
    assert comparison.compare(tmp_path / "a.npz")[0].error == 0


@pytest.mark.parametrize("wrong", [
    lambda w: {}, lambda w: {"y": w * np.nan}, lambda w: {"y": w[:1]}, lambda w: {"y": w[0]},
    lambda w: {"y": w * 1.001}])
def test_wrong_answers_fail(tmp_path, monkeypatch, wrong, capsys):
    write(tmp_path / "a.npz")
    run_with(monkeypatch, lambda weights: wrong(weights[NAME]))
    assert main([str(tmp_path / "a.npz")]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_whole_numbers_are_compared_exactly(tmp_path, monkeypatch):
    write(tmp_path / "a.npz", output=np.array([100000, 2], np.int32))
    run_with(monkeypatch, lambda weights: {"y": np.array([100001, 2])})
    assert not comparison.compare(tmp_path / "a.npz")[0].good


def test_right_answers_pass(tmp_path, monkeypatch):
    write(tmp_path / "a.npz")
    run_with(monkeypatch, lambda weights: {"y": weights[NAME] + np.float32(1e-5)})
    assert main([str(tmp_path / "a.npz")]) == 0


def test_an_unknown_family_is_one_line(tmp_path, capsys):
    write(tmp_path / "a.npz", family="no-such-family")
    assert main([str(tmp_path / "a.npz")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "no-such-family" in said
