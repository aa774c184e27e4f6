"""Files of this machine, and files elsewhere: addresses such as gs://bucket/words are read and written by tf.io.gfile."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from kwscls import files
from kwscls.errors import KwsclsError

BLOCK = 1 << 20


def address(path):
    """A path as text; an address keeps its two slashes, of which pathlib leaves one."""
    return re.sub(r"^([a-z][a-z0-9]+):/+", r"\1://", os.fspath(path))


def is_remote(path):
    """Whether a path is an address: gs://, hdfs://, s3://, or another scheme that TensorFlow knows here."""
    return "://" in address(path)


def read(path):
    """The contents of a file.

    Raises:
        OSError: it cannot be read.
    """
    return read_piece(path) if is_remote(path) else Path(path).read_bytes()


def read_piece(path, start=0, size=-1):
    """So many bytes of a file from a place on; all that follow where `size` is -1.

    Raises:
        OSError: it cannot be read.
    """
    if not is_remote(path):
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(size)
    with _as_os_error(path), _gfile().GFile(address(path), "rb") as file:
        file.seek(start)
        return file.read(size)


def write(path, contents):
    """Write bytes to a file, whole or not at all; its folder is made."""
    if is_remote(path):
        with writing(path) as beside, _gfile().GFile(beside, "wb") as file:
            file.write(contents)
    else:
        files.write_bytes(path, contents)


@contextlib.contextmanager
def writing(path):
    """Give a path as text beside `path` to write to; it takes its place only if the block succeeds."""
    if not is_remote(path):
        with files.writing(path) as beside:
            yield str(beside)
        return
    require(path)
    there = address(path)
    beside = f"{there}.{os.getpid()}.unfinished"
    try:
        _gfile().makedirs(os.path.dirname(there))
        yield beside
        _gfile().rename(beside, there, overwrite=True)
    except BaseException:
        with contextlib.suppress(_op_error()):
            _gfile().remove(beside)
        raise


@contextlib.contextmanager
def writing_here(path):
    """As `writing`, but the path beside is always one of this machine, and its file is sent to an address at the end."""
    if not is_remote(path):
        with files.writing(path) as beside:
            yield str(beside)
        return
    with writing(path) as beside, tempfile.TemporaryDirectory() as room:
        yield os.path.join(room, os.path.basename(path))
        _gfile().copy(os.path.join(room, os.path.basename(path)), beside, overwrite=True)


def exists(path):
    """Whether there is such a file or folder."""
    if not is_remote(path):
        return Path(path).exists()
    require(path)
    return _gfile().exists(address(path))


def size(path):
    """The bytes of a file, or None where there is none."""
    try:
        with _as_os_error(path):
            return _gfile().stat(address(path)).length if is_remote(path) else os.stat(path).st_size
    except OSError:
        return None


def remove(path):
    """Take a file away, if it is there."""
    if not is_remote(path):
        Path(path).unlink(missing_ok=True)
    elif exists(path):
        _gfile().remove(address(path))


def remove_folder(path):
    """Take a folder away with all that is in it, if it is there."""
    if not is_remote(path):
        shutil.rmtree(path, ignore_errors=True)
    elif exists(path):
        _gfile().rmtree(address(path))


def sha256(path):
    """The SHA-256 of a file's contents, in hexadecimal."""
    if not is_remote(path):
        return files.sha256(path)
    digest = hashlib.sha256()
    with _gfile().GFile(address(path), "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def require(path):
    """Refuse an address of a kind that TensorFlow does not know here.

    Raises:
        KwsclsError: it does not know its scheme.
    """
    scheme = address(path).split("://")[0] if is_remote(path) else ""
    if scheme not in _gfile().get_registered_schemes():
        with contextlib.suppress(ImportError):
            import tensorflow_io  # noqa: F401 which registers s3, hdfs and others
    known = sorted(name for name in _gfile().get_registered_schemes() if name)
    if scheme and scheme not in known:
        raise KwsclsError(f"is an address of an unknown kind, {scheme}", address(path), f"known are {', '.join(known)}")


@contextlib.contextmanager
def _as_os_error(path):
    """Tell TensorFlow's errors about files as Python does."""
    if not is_remote(path):
        yield
        return
    require(path)
    try:
        yield
    except _op_error() as error:
        raise OSError(None, error.message, address(path)) from error


def _gfile():
    import tensorflow as tf

    return tf.io.gfile


def _op_error():
    import tensorflow as tf

    return tf.errors.OpError
