"""Unpacking what strangers packed: a ZIP or tar archive is unpacked whole, or refused whole."""

import gzip
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from kwscls import console, files
from kwscls.errors import KwsclsError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_RATIO = 100  # unpacked bytes per packed byte; recordings stay below 10
MAX_FREE = 64 << 20  # unpacked bytes that need no ratio: silence packs well
MAX_MEMBERS = 2_000_000
MAX_NAME = 255  # bytes of a file's name that disks take
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError, ValueError,
           RuntimeError)


def is_archive(path):
    """Whether a path is named as an archive."""
    return str(path).lower().endswith(SUFFIXES)


def unpack(archive, folder):
    """Unpack an archive into a new folder.

    Refused before anything is written: absolute paths, `..`, links, devices, two members of one name, a file that is a
    folder too, names that no disk takes, more than `MAX_RATIO` unpacked bytes per packed byte.

    Args:
        archive: a ZIP or tar file, compressed or not.
        folder: the folder to be; it appears only when all is unpacked.

    Raises:
        KwsclsError: the archive is missing, damaged or refused, or the disk is full.
    """
    archive = Path(archive)
    if not archive.is_file():
        raise KwsclsError("does not exist", archive)
    opened = zipfile.ZipFile if zipfile.is_zipfile(archive) else tarfile.open
    try:
        with opened(archive) as packed:
            limit = max(MAX_FREE, MAX_RATIO * archive.stat().st_size)
            members = _zip_members(packed) if isinstance(packed, zipfile.ZipFile) else _tar_members(packed, limit)
            _require_harmless(archive, members, limit)
            with files.writing_folder(folder) as beside, console.progress(transient=True) as bar:
                for name, size, open_member in bar.track(members, description=f"unpacking {archive.name}"):
                    target = beside.joinpath(*PurePosixPath(name).parts)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with open_member() as source, open(target, "wb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
                    if target.stat().st_size != size:
                        raise KwsclsError(f"holds {name} with another size than it says", archive, "get it again")
                if isinstance(packed, tarfile.TarFile):
                    _read_to_end(packed.fileobj, limit)
    except DAMAGED as error:
        raise _refusal(archive, error) from error
    except OSError as error:
        if error.errno is not None:  # the disk's
            raise
        raise _refusal(archive, error) from error  # bzip2's word for damage


def _refusal(archive, error):
    return KwsclsError(f"is no archive that can be unpacked ({error})", archive, "get it again")


def _read_to_end(file, limit):
    """Read what follows a tar archive's last member: only then gzip compares its checksum."""
    for _ in range(0, limit, 1 << 20):
        if not file.read(1 << 20):
            return
    raise ValueError("it goes on behind its last file")


def _zip_members(packed):
    """(name, size, function that opens it) of each file; a name that is refused keeps its place for the check."""
    made = []
    for info in packed.infolist():
        kind = info.external_attr >> 16 & 0o170000
        if kind not in (0, 0o100000, 0o040000):
            raise ValueError(f"{info.filename} is a link or a device")
        if not info.is_dir():
            made.append((info.filename.replace("\\", "/"), info.file_size, lambda info=info: packed.open(info)))
    return made


def _tar_members(packed, limit):
    made, total = [], 0
    for info in packed:
        if not (info.isfile() or info.isdir()):
            raise ValueError(f"{info.name} is a link or a device")
        if info.isfile():
            made.append((info.name, info.size, lambda info=info: packed.extractfile(info)))
        total += info.size
        if len(made) > MAX_MEMBERS or total > limit:
            break  # to list the rest would mean to unpack it
    return made


def _require_harmless(archive, members, limit):
    """Refuse an archive with a member that would be written elsewhere, or that grows beyond reason."""
    if not members:
        raise KwsclsError("holds no files", archive)
    if len(members) > MAX_MEMBERS:
        raise KwsclsError(f"holds more than {MAX_MEMBERS} files", archive)
    seen = set()
    for name, _, _ in members:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0] or "\0" in name:
            raise KwsclsError(f"would write outside its folder: {name!r}", archive, "it is refused; do not trust it")
        if path in seen:
            raise KwsclsError(f"holds {name!r} twice", archive, "it is refused; do not trust it")
        if any(len(os.fsencode(part)) > MAX_NAME for part in path.parts):
            raise KwsclsError(f"holds a file whose name is longer than {MAX_NAME} bytes: {path.name[:40]!r}...", archive)
        seen.add(path)
    folders = {path.parent for path in seen}
    folders |= {place for folder in folders for place in folder.parents}
    if both := seen & folders:
        raise KwsclsError(f"holds {str(min(both))!r} as a file and as a folder", archive, "it is refused; do not trust it")
    if sum(size for _, size, _ in members) > limit:
        raise KwsclsError(f"would grow from {archive.stat().st_size:,} to more than {limit:,} bytes", archive,
                          "it is refused; do not trust it")
