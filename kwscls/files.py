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
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "a part of the path is a file",
    errno.ENAMETOOLONG: "a part of the path is longer than names may be",
}
_UMASK = os.umask(0)  # it can be read only by setting it, which threads would do at once, so it is read when this is imported
os.umask(_UMASK)
_BESIDE = ".kwscls-"  # so begins what is in the making; short, as the name that it gets may be as long as names can be


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
        handle, name = tempfile.mkstemp(prefix=_BESIDE, suffix=path.suffix, dir=path.parent)
        os.close(handle)
        os.chmod(name, 0o666 & ~_UMASK)
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
        KwsclsError: the folder exists or is a link to nothing, the disk is full, or the place cannot be written.
    """
    path = settled(path)
    if path.exists() and not overwrite:
        raise KwsclsError("exists already", path, "choose another name or pass --overwrite")
    with _mendable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=_BESIDE, dir=path.parent))
        os.chmod(beside, 0o777 & ~_UMASK)
        try:
            yield beside
            replace_folder(beside, path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def replace_folder(source, target):
    """Put the folder `source` where `target` is to be; an older `target` disappears only afterwards, and a link stays one."""
    source, target = Path(source), settled(target)
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=_BESIDE, dir=target.parent))
        os.rename(target, old / target.name)
    try:
        os.rename(source, target)
    except OSError:
        if old:
            os.rename(old / target.name, target)
            old.rmdir()
        raise
    if old:
        shutil.rmtree(old)


def settled(path):
    """The place that a folder to be has: what a link leads to, and where `.` is.

    Raises:
        KwsclsError: it is a link to nothing, or the root of all folders.
    """
    path = Path(path)
    if path.is_symlink() and not path.exists():
        raise KwsclsError("is a link to nothing", path, "take it away or choose another name")
    if path.is_symlink() or path.name in ("", ".."):
        path = path.resolve()
    if not path.name:
        raise KwsclsError("cannot be replaced", path, "choose another place")
    return path


def write_bytes(path, data):
    """Write bytes to `path`, whole or not at all."""
    with writing(path) as beside:
        beside.write_bytes(data)


def write_text(path, text):
    """Write text to `path` in UTF-8, whole or not at all; bytes of file names that are none are escaped, as JSON does it."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path, value):
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path):
    """Read a JSON file.

    Raises:
        KwsclsError: the file is missing, cannot be read or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except OSError as error:  # such as a folder
        raise KwsclsError(f"cannot be read: {error.strerror}", path) from error
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
