"""Writing that never leaves half a file."""

import errno
import hashlib

import pytest

from kwscls import files
from kwscls.errors import KwsclsError


def test_a_file_appears_whole(tmp_path):
    files.write_json(tmp_path / "deep" / "a.json", {"a": [1, "ä"]})
    assert files.read_json(tmp_path / "deep" / "a.json") == {"a": [1, "ä"]}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(RuntimeError):
        with files.writing(tmp_path / "a.txt") as beside:
            beside.write_text("new")
            raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"),
                                   ValueError("h5py: No space left on device"), PermissionError(errno.EACCES, "no")])
def test_a_full_disk_is_told_in_one_line(tmp_path, error):
    with pytest.raises(KwsclsError, match="cannot be written.*free space"):
        with files.writing_folder(tmp_path / "run"):
            raise error
    assert not list(tmp_path.iterdir())


def test_a_true_full_disk(tmp_path):
    with pytest.raises(KwsclsError, match="the disk is full"):
        with files.writing(tmp_path / "a"):
            with open("/dev/full", "w") as full:
                full.write("x")


def test_a_folder_is_replaced_only_on_request(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").touch()
    with pytest.raises(KwsclsError, match="exists already"):
        with files.writing_folder(tmp_path / "run"):
            pass
    with files.writing_folder(tmp_path / "run", overwrite=True) as beside:
        (beside / "new").touch()
        assert (tmp_path / "run" / "old").exists()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_is_no_json(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(KwsclsError, match="not valid JSON"):
        files.read_json(tmp_path / "a.json")
    with pytest.raises(KwsclsError, match="does not exist"):
        files.read_json(tmp_path / "b.json")


def test_checksum(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 1000000)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 1000000).hexdigest()
