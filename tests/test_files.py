"""Writing that never leaves half a file."""

import errno
import hashlib
import os

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


def test_a_folder_where_a_file_is_to_be_is_told_in_one_line(tmp_path):
    (tmp_path / "a.png" / "kept").mkdir(parents=True)
    with pytest.raises(KwsclsError, match="a.png: cannot be written: it is a folder"):
        files.write_text(tmp_path / "a.png", "new")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.png", "kept"]


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
    for place in (tmp_path, tmp_path / "a.json" / "b.json"):
        with pytest.raises(KwsclsError, match="cannot be read"):
            files.read_json(place)


def test_checksum(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 1000000)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 1000000).hexdigest()


def test_names_as_long_as_a_disk_takes(tmp_path):
    files.write_text(tmp_path / ("a" * 251 + ".txt"), "whole")
    with files.writing_folder(tmp_path / ("b" * 255)):
        pass
    with files.writing_folder(tmp_path / ("b" * 255), overwrite=True):
        pass
    assert sorted(len(path.name) for path in tmp_path.iterdir()) == [255, 255]


def test_bytes_that_are_no_utf_8_come_back_from_json(tmp_path):
    files.write_json(tmp_path / "a.json", ["caf\udce9"])
    assert files.read_json(tmp_path / "a.json") == ["caf\udce9"]


def test_an_old_folder_comes_back_where_the_new_one_cannot_take_its_place(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(FileNotFoundError):
        files.replace_folder(tmp_path / "nowhere", tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_links_stay_links(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    with files.writing_folder(tmp_path / "link", overwrite=True) as beside:
        (beside / "new").touch()
    assert (tmp_path / "link").is_symlink() and (tmp_path / "disk" / "new").exists()
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(KwsclsError, match="is a link to nothing"):
        with files.writing_folder(tmp_path / "dangling"):
            pass


def test_the_umask_is_kept_and_never_set(tmp_path, monkeypatch):
    mask = os.umask(0)
    os.umask(mask)
    monkeypatch.delattr(os, "umask")  # which is the process' own, so that threads would set it for each other
    files.write_text(tmp_path / "a", "")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask
