"""Folders of recordings as people have them: what tables in them, or the names of folders and files, tell of each recording."""

import dataclasses
import os
import re
from pathlib import Path

from kwscls import console
from kwscls.data import storage
from kwscls.data.manifest import NOISE, NOISE_FOLDERS, SUFFIXES, Recording, read, recording, split_named
from kwscls.errors import KwsclsError

MANIFESTS = ("manifest.csv", "manifest.jsonl", "metadata.csv", "metadata.jsonl")


def load(place, pattern=None):
    """The recordings of a table, or of a folder with a table in it, or of a folder without.

    Args:
        place: a CSV or JSON Lines file, or a folder.
        pattern: for files without class folders, a regular expression with the named groups `label` and, if there is
            more to read from the name, `group`, `split` and `fold`.

    Returns:
        A list of `Recording`, in the table's or the paths' order.

    Raises:
        KwsclsError: there is nothing there, or it cannot be read as recordings with labels.
    """
    place = Path(place)
    if storage.is_remote(place) or place.is_file():
        return read(place)
    if not place.is_dir():
        raise KwsclsError("does not exist", place, "name a folder of recordings or a manifest")
    top = descend(place)
    table = _table(top) or (None if pattern else _table_beside_audio(top))
    return read(table) if table else scan(place, pattern)


def scan(folder, pattern=None):
    """The recordings of a folder of class folders, of split folders of class folders, or of files named by a pattern.

    `label/clip` and `label/group/clip` are understood, below `train`, `validation` and `test` too, and so is
    `label/train/clip`; a folder that holds nothing but one such folder is looked into. A split may be a table with its
    files instead. Lists named `testing_list.txt` and `validation_list.txt`, as Speech Commands has them, give the splits.

    Raises:
        KwsclsError: there are no recordings, or no labels can be told.
    """
    folder = Path(folder)
    top = descend(folder)
    if pattern:
        return _by_pattern(top, pattern)
    places = _folders(top)
    if _are_splits(top, places):
        made = _split_folders(places)
    else:
        made = _listed(top, _with_inner_splits([one for place in places for one in _class_folder(place, None)]))
    if made:
        return made
    if _holds_sounds(top):
        raise KwsclsError("holds recordings but no class folders", folder,
                          "sort them into a folder for each label, write a manifest.csv, or tell with --pattern how "
                          "names hold the label, as in '(?P<label>[^_]+)_(?P<group>[^_]+)_'")
    raise KwsclsError("holds no recordings", folder, "it should hold a folder for each label")


def _table(folder):
    """The manifest in a folder, or None."""
    return next((folder / name for name in MANIFESTS if (folder / name).is_file()), None)


def _table_beside_audio(folder):
    """The only table in meta or metadata of a folder whose sounds all lie in audio, as ESC-50 has it, or None."""
    if not (folder / "audio").is_dir():
        return None
    metas = [place for place in _folders(folder) if place.name in ("meta", "metadata")]
    tables = [path for place in metas for path in _paths(place) if path.suffix.lower() == ".csv"]
    others = [place for place in _folders(folder) if place.name != "audio"]
    return tables[0] if len(tables) == 1 and not any(_holds_sounds(place) for place in others) else None


def _paths(folder):
    """All files below a folder, sorted; hidden ones and macOS's shadows left out."""
    made = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        made += [Path(place) / name for name in sorted(names) if not name.startswith(".")]
    return made


def _folders(folder):
    """The folders in a folder that are meant, sorted."""
    return [Path(entry.path) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
            if entry.is_dir() and not entry.name.startswith(".") and entry.name != "__MACOSX"]


def _holds_sounds(folder):
    """Whether there are sound files below a folder."""
    return any(path.suffix.lower() in SUFFIXES for path in _paths(folder))


def descend(folder):
    """The folder itself, or the one that is all it holds, as archives have it; one with a manifest is not left."""
    folder = Path(os.path.abspath(folder))
    while len(inner := _folders(folder)) == 1 and inner[0].name not in NOISE_FOLDERS and not _table(folder) \
            and (_folders(inner[0]) or _table(inner[0])) \
            and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        folder = inner[0]
    return folder


def _are_splits(folder, places):
    """Whether folders in a folder are splits, train among them, and beside them nothing but noise.

    Raises:
        KwsclsError: class folders lie in several splits, but sounds lie beside them.
    """
    splits = {place: split for place in places if (split := split_named(place.name))}
    if "train" not in splits.values():
        return False
    others = [place for place in places if place not in splits and place.name not in (*NOISE_FOLDERS, "noise")
              and _holds_sounds(place)]
    if others and len(set(splits.values())) > 1 and any(_folders(place) for place in splits):
        raise KwsclsError(f"holds {', '.join(place.name for place in splits)} as if they were splits, but also "
                          f"{others[0].name}", folder, "move that elsewhere, or write a manifest.csv")
    return not others


def _split_folders(places):
    """The recordings of split folders: of the table in each, or of its class folders; and of folders of noise."""
    made = []
    for place in places:
        split = split_named(place.name)
        if split is None:
            noises = _clips(place) if place.name in (*NOISE_FOLDERS, "noise") else ()
            made += [Recording(path, (NOISE,)) for path in noises]
        elif table := _table(place):
            made += [dataclasses.replace(one, split=None if one.noise else split) for one in read(table)]
        elif labels := _folders(place):
            made += [one for label in labels for one in _class_folder(label, split)]
        elif split == "train":
            return []  # nothing can be learnt
        elif _holds_sounds(place):
            console.say(f"note: {place}: holds recordings but no class folders, and is left out")
    return made


def _clips(place):
    """The files below a folder but for words about them."""
    return [path for path in _paths(place) if path.suffix.lower() in SUFFIXES
            or not path.name.lower().startswith(("readme", "license", "licence", "attribution"))]


def _class_folder(place, split):
    """The recordings of a class folder: `clip` or `group/clip`."""
    if place.name in NOISE_FOLDERS:
        return [Recording(path, (NOISE,)) for path in _clips(place)]
    inner = {path: path.relative_to(place).parts[:-1] for path in _clips(place)}
    return [Recording(path, (place.name.strip(),), split, group=parts[0] if parts else None) for path, parts in inner.items()]


def _with_inner_splits(recordings):
    """Recordings with the splits of `label/train/clip`, if all that was taken for their groups are names of splits."""
    splits = {one.group: one.group and split_named(one.group) for one in recordings if not one.noise}
    if None in splits.values() or "train" not in splits.values():
        return recordings
    return [one if one.noise else dataclasses.replace(
        one, split=splits[one.group], group=None if one.path.parent.name == one.group else one.path.parent.name)
        for one in recordings]


def _listed(folder, recordings):
    """Recordings with the splits of the lists that Speech Commands brings, if they are there."""
    lists = {split: folder / name for split, name in
             (("validation", "validation_list.txt"), ("test", "testing_list.txt"))}
    if not all(path.is_file() for path in lists.values()):
        return recordings
    try:
        split_of = {line.strip(): split for split, path in lists.items()
                    for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()}
    except UnicodeDecodeError as error:
        raise KwsclsError("holds a list of splits that is no text in UTF-8", folder, "save it as UTF-8") from error
    return [one if one.noise else dataclasses.replace(
        one, split=split_of.get(one.path.relative_to(folder).as_posix(), "train")) for one in recordings]


def _by_pattern(folder, pattern):
    """Recordings whose labels stand in their names."""
    try:
        form = re.compile(pattern)
    except re.error as error:
        raise KwsclsError(f"is no regular expression ({error})", f"--pattern {pattern}") from error
    if "label" not in form.groupindex:
        raise KwsclsError("has no group named label", f"--pattern {pattern}", "write (?P<label>...)")
    made = []
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        found = form.search(name) if path.suffix.lower() in SUFFIXES else None
        if found:
            parts = {"path": name, "group": None, "split": None, "fold": None, "seconds": None, **found.groupdict()}
            made.append(recording({**parts, "labels": parts["label"]}, folder, path))
    if not made:
        raise KwsclsError(f"no file's name fits the pattern {pattern}", folder)
    return made
