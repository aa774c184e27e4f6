"""Archives: unpacked whole, or refused whole."""

import errno
import io
import stat
import tarfile
import zipfile

import numpy as np
import pytest

from kwscls.data import archives
from kwscls.errors import KwsclsError


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members:
            packed.writestr(name, data)
    return path


def tarred(path, members):
    with tarfile.open(path, "w:gz") as packed:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return path


MAKERS = [(zipped, "a.zip"), (tarred, "a.tar.gz")]


@pytest.mark.parametrize("make, name", MAKERS)
def test_unpacks(tmp_path, make, name):
    archive = make(tmp_path / name, [("./x/yes/a.wav", b"one"), ("x/no/b.wav", b"two")])
    archives.unpack(archive, tmp_path / "out")
    assert {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
            for path in (tmp_path / "out").rglob("*.wav")} == {"x/yes/a.wav": b"one", "x/no/b.wav": b"two"}


@pytest.mark.parametrize("make, name", MAKERS)
@pytest.mark.parametrize("member", ["/etc/x.wav", "../x.wav", "a/../../x.wav", "..\\x.wav", "C:/x.wav"])
def test_refuses_what_writes_elsewhere(tmp_path, make, name, member):
    archive = make(tmp_path / name, [("a.wav", b"one"), (member, b"two")])
    with pytest.raises(KwsclsError, match="would write outside its folder"):
        archives.unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_refuses_links_and_devices_in_tar(tmp_path, kind):
    link = tarfile.TarInfo("a.wav")
    link.type, link.linkname = kind, "/etc/passwd"
    with pytest.raises(KwsclsError, match="a link or a device"):
        archives.unpack(tarred(tmp_path / "a.tar.gz", [("b.wav", b"one"), (link, b"")]), tmp_path / "out")


def test_refuses_links_in_zip(tmp_path):
    link = zipfile.ZipInfo("a.wav")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(KwsclsError, match="a link or a device"):
        archives.unpack(zipped(tmp_path / "a.zip", [(link, b"/etc/passwd")]), tmp_path / "out")


@pytest.mark.parametrize("make, name", MAKERS)
def test_refuses_absurd_growth(tmp_path, make, name, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FREE", 1000)
    with pytest.raises(KwsclsError, match="would grow from"):
        archives.unpack(make(tmp_path / name, [("a.wav", bytes(1_000_000))]), tmp_path / "out")


@pytest.mark.parametrize("make, name", MAKERS)
def test_refuses_the_same_name_twice_and_nothing_at_all(tmp_path, make, name):
    with pytest.warns(UserWarning) if make is zipped else pytest.MonkeyPatch.context():
        archive = make(tmp_path / name, [("a.wav", b"one"), ("a.wav", b"two")])
    with pytest.raises(KwsclsError, match="holds 'a.wav' twice"):
        archives.unpack(archive, tmp_path / "out")
    with pytest.raises(KwsclsError, match="holds no files"):
        archives.unpack(make(tmp_path / f"empty{name}", []), tmp_path / "out")


@pytest.mark.parametrize("make, name", MAKERS)
def test_refuses_what_is_cut_off(tmp_path, make, name):
    archive = make(tmp_path / name, [(f"{number}.wav", bytes(range(256)) * 40) for number in range(20)])
    archive.write_bytes(archive.read_bytes()[:-150])
    with pytest.raises(KwsclsError, match="is no archive that can be unpacked"):
        archives.unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_refuses_what_is_no_archive(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(KwsclsError, match="is no archive that can be unpacked"):
        archives.unpack(tmp_path / "a.zip", tmp_path / "out")
    with pytest.raises(KwsclsError, match="does not exist"):
        archives.unpack(tmp_path / "b.zip", tmp_path / "out")


NOISE = bytes(np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8))


def damaged(path, place):
    """A file with a byte changed."""
    contents = bytearray(path.read_bytes())
    contents[place] ^= 255
    path.write_bytes(contents)
    return path


@pytest.mark.parametrize("kind, place", [("gz", 25_000), ("gz", -8), ("bz2", 25_000), ("xz", 25_000)])
def test_a_flipped_bit_in_a_tar_is_noticed(tmp_path, kind, place):
    with tarfile.open(tmp_path / f"a.tar.{kind}", f"w:{kind}") as packed:
        info = tarfile.TarInfo("a.wav")
        info.size = len(NOISE)
        packed.addfile(info, io.BytesIO(NOISE))
    with pytest.raises(KwsclsError, match="is no archive that can be unpacked"):
        archives.unpack(damaged(tmp_path / f"a.tar.{kind}", place), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_flipped_bit_in_a_zip_is_noticed(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", kind) as packed:
        packed.writestr("a.wav", NOISE)
    with pytest.raises(KwsclsError, match="is no archive that can be unpacked"):
        archives.unpack(damaged(tmp_path / "a.zip", 25_000), tmp_path / "out")


def test_an_error_of_the_disk_is_no_damage(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archives.shutil, "copyfileobj", full)
    with pytest.raises(KwsclsError, match="the disk is full"):
        archives.unpack(zipped(tmp_path / "a.zip", [("a.wav", b"one")]), tmp_path / "out")


@pytest.mark.parametrize("make, name", MAKERS)
@pytest.mark.parametrize("members, message", [((("a", b"1"), ("a/b/c.wav", b"2")), "holds 'a' as a file and as a folder"),
                                              (((f"a/{'n' * 300}.wav", b"1"),), "longer than 255 bytes")])
def test_refuses_names_that_no_disk_takes(tmp_path, make, name, members, message):
    with pytest.raises(KwsclsError, match=message):
        archives.unpack(make(tmp_path / name, members), tmp_path / "out")


def test_members_named_on_windows_lie_in_folders(tmp_path):
    packed = zipped(tmp_path / "win.zip", [])
    with zipfile.ZipFile(packed, "w") as made:
        info = zipfile.ZipInfo("x")
        info.filename = "words\\dog\\a.wav"
        made.writestr(info, b"sound")
    archives.unpack(packed, tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.wav")] == ["words/dog/a.wav"]
