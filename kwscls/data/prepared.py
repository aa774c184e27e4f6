"""What a prepared folder says about its clips: their files from its class folders, all else from its manifest."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from kwscls.data.manifest import Recording, read
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


def split_clips(folder):
    """The clips of a split, in the order of their class folders and names.

    A clip with several labels lies in the folder of the first; the manifest of the prepared folder has them all.

    Args:
        folder: the split's folder in a prepared folder.

    Returns:
        A list of `Recording`. Without a manifest, or where it does not list a clip, its label is its class folder.

    Raises:
        KwsclsError: there is no such folder, or nothing in it.
    """
    folder = Path(folder)
    table = folder.parent / "manifest.csv"
    rows = _rows(table, table.stat().st_mtime_ns) if table.is_file() else {}
    paths = [path for name in class_folders(folder) for path in sorted((folder / name).glob("*.wav"))]
    return [dataclasses.replace(rows[place], path=path) if (place := path.absolute()) in rows else
            Recording(path, (path.parent.name,), folder.name) for path in paths]


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


@functools.lru_cache(4)
def _rows(table, changed):
    """The rows of a manifest by their paths; read once as long as it does not change."""
    return {row.path: row for row in read(table)}
