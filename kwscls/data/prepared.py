"""What a prepared folder says about its clips: their files from its class folders, all else from its manifest.

A folder of shards answers the same; a clip's path is then where its file would lie, and `read_bytes` finds it.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from kwscls.data import shards, storage
from kwscls.data.corrections import corrected
from kwscls.data.corrections import read as read_corrections
from kwscls.data.manifest import SPLITS, Recording, read
from kwscls.data.splits import shared
from kwscls.errors import KwsclsError


def class_folders(folder):
    """The names of the class folders in a split's folder, sorted.

    Raises:
        KwsclsError: there is no such folder, or nothing in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise KwsclsError("is no folder", folder, "prepare the data with python -m kwscls.prepare")
    names = sorted(place.name for place in folder.iterdir() if place.is_dir() and any(place.glob("*.wav")))
    if not names:
        raise KwsclsError("holds no class folders with WAV files", folder, "prepare it with python -m kwscls.prepare")
    return names


def class_files(folder, names):
    """The WAV files in class folders: the folders in the order of `names`, the files of each sorted."""
    return [path for name in names for path in sorted((Path(folder) / name).glob("*.wav"))]


def has_split(folder, name):
    """Whether a prepared folder holds a split of this name."""
    if shards.is_sharded(folder):
        return shards.read_index(folder)["splits"].get(name, {}).get("clips", 0) > 0
    return (Path(folder) / name).is_dir()


def split_clips(folder, corrections=None):
    """The clips of a split, in the order of their class folders and names; those of shards in theirs.

    A clip with several labels lies in the folder of the first; the manifest of the prepared folder has them all.

    Args:
        folder: the split's folder in a prepared folder.
        corrections: a table of clips to drop or relabel, see `corrections`; or None.

    Returns:
        A list of `Recording`. Without a manifest, or where it does not list a clip, its label is its class folder.

    Raises:
        KwsclsError: there is no such folder, or nothing in it, or the corrections are not as they should be.
    """
    folder = Path(folder)
    table = folder.parent / "manifest.csv"
    rows = _rows(table, table.stat().st_mtime_ns) if table.is_file() else {}
    if shards.is_sharded(folder.parent):
        top = folder.parent.absolute()
        clips = [dataclasses.replace(row, path=folder.parent / row.path.relative_to(top))
                 for row in rows.values() if row.split == folder.name]
        if not clips:
            raise KwsclsError("holds no clips", folder, "prepare the data with python -m kwscls.prepare")
    else:
        paths = class_files(folder, class_folders(folder))
        clips = [dataclasses.replace(rows[place], path=path) if (place := path.absolute()) in rows else
                 Recording(path, (path.parent.name,), folder.name) for path in paths]
    return corrected(clips, read_corrections(corrections), corrections) if corrections else clips


def shared_groups(folder):
    """The groups (speakers, source recordings) of a prepared folder that are in several splits, as `splits.shared` tells."""
    if shards.is_sharded(folder):
        return shards.read_index(folder)["shared_groups"]
    places = [Path(folder) / split for split in SPLITS]
    return shared([clip for place in places if place.is_dir() for clip in split_clips(place)])


def read_bytes(path):
    """The bytes of a clip's WAV file, wherever it lies.

    Raises:
        KwsclsError: it cannot be read.
    """
    if shards.home(path):
        return shards.read_clip(path)
    try:
        return storage.read(path)
    except OSError as error:
        raise KwsclsError("cannot be read: " + (error.strerror or str(error)).lower(), path) from error


def file_contents(paths):
    """A `tf.data.Dataset` of the bytes of clips' WAV files, in order; reading errors are TensorFlow's."""
    import tensorflow as tf

    found = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    return found.map(contents_of(paths), num_parallel_calls=tf.data.AUTOTUNE)


def contents_of(paths):
    """An operation that reads the bytes of one of some paths, all of files or all in shards."""
    import tensorflow as tf

    if not len(paths) or not shards.home(paths[0]):
        return tf.io.read_file

    def read(path):
        return tf.ensure_shape(tf.numpy_function(_read_named, [path], tf.string), [])

    return read


def label_names(clips):
    """The names of all labels that clips have, sorted."""
    return sorted({label for clip in clips for label in clip.labels})


def label_marks(clips, labels, where=None):
    """Which labels each clip has.

    Args:
        clips: a list of `Recording`.
        labels: the names, in order.
        where: what an error is about.

    Returns:
        bool [clips, labels].

    Raises:
        KwsclsError: a clip has a label that is not among them.
    """
    unknown = sorted(set(label_names(clips)) - set(labels))
    if unknown:
        raise KwsclsError(f"holds labels that the model does not know: {', '.join(unknown)}", where,
                          f"it knows {', '.join(labels)}")
    places = {label: place for place, label in enumerate(labels)}
    marks = np.zeros((len(clips), len(labels)), bool)
    for row, clip in enumerate(clips):
        marks[row, [places[label] for label in clip.labels]] = True
    return marks


def _read_named(path):
    return shards.read_clip(np.asarray(path).item().decode())


@functools.lru_cache(4)
def _rows(table, changed):
    """The rows of a manifest by their paths; read once as long as it does not change."""
    return {row.path: row for row in read(table)}
