"""PyTorch's files: what torch.save wrote is read, and nothing that is no tensor."""

import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.errors import KwsclsError
from kwscls.pretrained import torch_file
from tests.pretrained.torch_files import LEGACY, TENSORS, ZIP


@pytest.mark.parametrize("content", [ZIP, LEGACY], ids=["zip", "legacy"])
def test_reads_what_torch_wrote(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    found = torch_file.load(tmp_path / "a.pth")
    assert found["epoch"] == 3 and found["lr"] == 0.1
    assert {name: tensor.astype(np.float64).tolist() for name, tensor in found["state_dict"].items()} == {
        f"module.{name}": value for name, value in TENSORS.items()}
    assert found["state_dict"]["module.h"].dtype == np.float16


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def zipped(path, pickled, compression=zipfile.ZIP_STORED, **more):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        for name, data in more.items():
            file.writestr(f"archive/{name}", data)


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_no_code_runs(tmp_path, kind):
    pickled = pickle.dumps({"weight": Evil(tmp_path / "harm")})
    if kind == "zip":
        zipped(tmp_path / "a.pth", pickled)
    else:
        (tmp_path / "a.pth").write_bytes(pickled)
    with pytest.raises(KwsclsError, match="system"):
        torch_file.load(tmp_path / "a.pth")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["builtins eval", "os system", "torch load", "torch._utils _rebuild_sparse_tensor",
                                  "numpy.core.multiarray _reconstruct", "functools partial", "collections Counter"])
def test_other_names_are_refused(tmp_path, name):
    module, function = name.split()
    zipped(tmp_path / "a.pth", f"c{module}\n{function}\n.".encode())
    with pytest.raises(KwsclsError, match="no part of a tensor"):
        torch_file.load(tmp_path / "a.pth")


def with_tensor(offset, shape, strides, floats=4):
    """A pickle of one tensor on a storage of so many floats, written opcode by opcode."""
    def numbers(values):
        return b"(" + b"".join(f"I{value}\n".encode() for value in values) + b"t"
    storage = (b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + f"I{floats}\n".encode()
               + b"tQ")
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + f"I{offset}\n".encode() + numbers(shape)
            + numbers(strides) + b"I00\n" + b"ccollections\nOrderedDict\n)R" + b"tR.")


def text(value):
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


@pytest.mark.parametrize("offset, shape, strides, value", [
    (0, (2, 2), (2, 1), [[0, 1], [2, 3]]), (1, (3,), (1,), [1, 2, 3]), (3, (), (), 3),
    (0, (0, 5), (5, 1), np.zeros((0, 5)))])
def test_views_of_a_storage(tmp_path, offset, shape, strides, value):
    zipped(tmp_path / "a.pth", with_tensor(offset, shape, strides), **{"data/0": np.arange(4, dtype="<f4").tobytes()})
    np.testing.assert_array_equal(torch_file.load(tmp_path / "a.pth"), value)


@pytest.mark.parametrize("offset, shape, strides", [
    (0, (5,), (1,)), (3, (2,), (1,)), (-1, (2,), (1,)), (0, (2,), (-1,)), (0, (2,), (4,)), (0, (10**12,), (0,)),
    (0, (2, 2), (1,)), (10**18, (1,), (1,))])
def test_views_beyond_their_storage_are_refused(tmp_path, offset, shape, strides):
    zipped(tmp_path / "a.pth", with_tensor(offset, shape, strides), **{"data/0": np.arange(4, dtype="<f4").tobytes()})
    with pytest.raises(KwsclsError):
        torch_file.load(tmp_path / "a.pth")


def test_compressed_files_are_refused(tmp_path):
    zipped(tmp_path / "a.pth", with_tensor(0, (4,), (1,)), zipfile.ZIP_DEFLATED, **{"data/0": bytes(1 << 20)})
    with pytest.raises(KwsclsError, match="compressed"):
        torch_file.load(tmp_path / "a.pth")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutilated_files_are_read_or_refused(tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from([ZIP, LEGACY])))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("torch") / "a.pth"
    path.write_bytes(bytes(content[:data.draw(st.integers(1, len(content)))]))
    try:
        torch_file.load(path)
    except KwsclsError as error:
        assert "\n" not in str(error)


def test_other_files_are_refused(tmp_path):
    for content in (b"", b"hello", b"\x80\x02."):
        (tmp_path / "a.pth").write_bytes(content)
        with pytest.raises(KwsclsError):
            torch_file.load(tmp_path / "a.pth")
