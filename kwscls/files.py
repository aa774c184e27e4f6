"""Writing that never leaves half a file: everything is written beside its place, then renamed."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from kwscls.errors import KwsclsError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a part of the path is a file",
}


@contextlib.contextmanager
def writing(path):
    """Give a temporary path beside `path` to write to; it takes its place only if the block succeeds.

    Args:
        path: the file to be; its folder is made.

    Raises:
        KwsclsError: the disk is full, or the place cannot be written.
    """
    path = Path(path)
    with _mendable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        os.chmod(name, 0o666 & ~_umask())
        try:
            yield Path(name)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


@contextlib.contextmanager
def writing_folder(path, overwrite=False):
    """Give a temporary folder beside `path` to fill; it takes its place only if the block succeeds.

    Args:
        path: the folder to be.
        overwrite: whether a folder that is there already may be replaced.

    Raises:
        KwsclsError: the folder exists, the disk is full, or the place cannot be written.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise KwsclsError("exists already", path, "choose another name or pass --overwrite")
    with _mendable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        os.chmod(beside, 0o777 & ~_umask())
        try:
            yield beside
            replace_folder(beside, path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def replace_folder(source, target):
    """Put the folder `source` where `target` is to be; an older `target` disappears only afterwards."""
    source, target = Path(source), Path(target)
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        os.rename(target, old / target.name)
    os.rename(source, target)
    if old:
        shutil.rmtree(old)


def write_bytes(path, data):
    """Write bytes to `path`, whole or not at all."""
    with writing(path) as beside:
        beside.write_bytes(data)


def write_text(path, text):
    """Write text to `path` in UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path, value):
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path):
    """Read a JSON file.

    Raises:
        KwsclsError: the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except ValueError as error:
        raise KwsclsError(f"is not valid JSON ({error})", path) from error


def sha256(path):
    """The SHA-256 of a file's contents, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def _mendable(path):
    """Tell a full or forbidden disk in one line, whoever met it (TensorFlow and h5py raise errors of their own)."""
    try:
        yield
    except KwsclsError:
        raise
    except Exception as error:
        reason = _REASONS.get(getattr(error, "errno", None))
        if reason is None and "No space left on device" in str(error):
            reason = _REASONS[errno.ENOSPC]
        if reason is None:
            raise
        raise KwsclsError(f"cannot be written: {reason}", path, "free space or choose another place") from error


def _umask():
    current = os.umask(0)
    os.umask(current)
    return current
