"""Folders of recordings as people have them: what tables in them, or the names of folders and files, tell of each recording."""

import collections
import dataclasses
import os
import re
from pathlib import Path

from kwscls import console
from kwscls.data import far_tables, folder_names, folder_tables, headers, label_tracks, names, storage, walk
from kwscls.data.manifest import NO_SOUNDS, NOISE_FOLDERS, SUFFIXES, Recording, read, recording, split_named
from kwscls.errors import KwsclsError


def load(place, pattern=None, label_column=None):
    """The recordings of a table, or of a folder with tables in it or in a folder apart, or of a folder without.

    Args:
        place: a CSV or JSON Lines file, or a folder.
        pattern: for files without class folders, a regular expression with the named groups `label` and, if there is
            more to read from the name, `group`, `split` and `fold`.
        label_column: the column of a table that holds the labels, see `manifest.read`; then a folder must have a table.

    Returns:
        A list of `Recording`, in the table's or the paths' order.

    Raises:
        KwsclsError: there is nothing there, or it cannot be read as recordings with labels.
    """
    place = Path(place)
    if pattern and label_column:
        raise KwsclsError("names hold the labels or a column does", f"--pattern {pattern} --label-column {label_column}",
                          "leave one out")
    if storage.is_remote(place) or place.is_file():
        return read(place, label_column)
    if not place.is_dir():
        raise KwsclsError("does not exist", place, "name a folder of recordings or a manifest")
    top = descend(place)
    table = folder_tables.manifest_in(top) if label_column else folder_tables.labelling_manifest(top)
    if table or pattern:
        return read(table, label_column) if table else scan(place, pattern)
    if tables := folder_tables.listing(top, label_column):
        return folder_tables.recordings_of(top, tables, label_column)
    if made := far_tables.recordings(top, label_column):
        return made
    if label_column:
        raise KwsclsError(f"holds no table, or several, that list recordings and have the column {label_column}", place,
                          "name the table itself")
    return folder_tables.with_groups_told(top, scan(place))


def scan(folder, pattern=None):
    """The recordings of a folder of class folders, of split folders of class folders, or of files named by a pattern.

    `label/clip` and `label/group/clip` are understood, below `train`, `validation` and `test` too, and so is
    `label/train/clip`; where one such folder lies among others that hold no sounds, or noise only, that one is meant. A
    split may be a table with its files instead. Lists named `testing_list.txt` and `validation_list.txt`, as Speech
    Commands has them, give the splits. Where folders tell nothing, names of well-known corpora do, see `names`, or label
    tracks beside the recordings, see `label_tracks`, or names that are a label and a number.

    Raises:
        KwsclsError: there are no recordings, or no labels can be told.
    """
    folder = Path(folder)
    top = descend(folder)
    if pattern:
        return _by_pattern(top, pattern)
    if made := _named(top):
        return made
    places = walk.folders(top)
    if inner := _only_holder(places) or _data_among_others(top, places):
        return load(inner) + walk.noises(top)
    if _are_splits(top, places):
        made = _split_folders(places)
    else:
        made = _listed(top, _with_inner_splits([one for place in places for one in _class_folder(place, None)]))
    sounds = walk.sounds(top)
    labels = {one.labels for one in made if not one.noise and one.path.suffix.lower() in SUFFIXES}
    if len(labels) < 2 and (told := label_tracks.recordings(sounds) or _counted(top, sounds)):
        return told + walk.noises(top)
    if any(not one.noise for one in made):
        return _with_telling_groups(top, made)
    if sounds:
        raise KwsclsError("holds recordings but no class folders", folder,
                          "sort them into a folder for each label, write a manifest.csv, or tell with --pattern how "
                          "names hold the label, as in '(?P<label>[^_]+)_(?P<group>[^_]+)_'")
    raise KwsclsError("holds no recordings", folder, "it should hold a folder for each label")


def descend(folder):
    """The folder itself, or the one that is all it holds, as archives have it; one with a manifest is not left."""
    folder = Path(os.path.abspath(folder))
    while len(inner := walk.folders(folder)) == 1 and inner[0].name not in NOISE_FOLDERS \
            and not folder_tables.manifest_in(folder) and (walk.folders(inner[0]) or folder_tables.manifest_in(inner[0])) \
            and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        folder = inner[0]
    return folder


def _only_holder(places):
    """The only folder of several that holds sounds, in folders of its own or with a table; None if others may hold some too."""
    holders = [place for place in places if place.name not in NOISE_FOLDERS and walk.holds_sounds(place)]
    others = [place for place in places if place.name not in NOISE_FOLDERS and place not in holders]
    if len(holders) != 1 or len(places) < 2:
        return None
    if not any(map(walk.holds_sounds, walk.folders(holders[0]))) and not folder_tables.manifest_in(holders[0]):
        return None
    beside = [path for place in others for path in walk.paths(place) if path.suffix.lower() not in NO_SOUNDS and path.is_file()]
    return None if any(map(headers.is_sound, beside)) else holders[0]


def _data_among_others(top, places):
    """The folder called like data whose folders hold the sounds, where a few lie beside it, in a project's examples or as
    they were sent in; None if there is none, or a folder beside it may be a label or a part of the data.
    """
    inner = {place: [one.name for one in walk.folders(place) if one.name not in NOISE_FOLDERS and walk.holds_sounds(one)]
             for place in places if place.name not in NOISE_FOLDERS}
    meant = [place for place, classes in inner.items() if len(classes) > 1]
    if len(meant) != 1 or not folder_names.is_data(meant[0].name) or any(split_named(place.name) for place in places):
        return None
    others = [place for place in inner if place != meant[0]]
    if any(folder_names.is_data(place.name) or {one.name for one in walk.folders(place)} & set(inner[meant[0]]) for place in others):
        return None
    console.say(f"note: {top}: labels as the folders in {meant[0].name} say: {_some(inner[meant[0]])}; what lies beside it, "
                f"in {_some(place.name for place in others)}, is left out")
    return meant[0]


def _are_splits(folder, places):
    """Whether folders in a folder are splits, train among them, and beside them nothing but noise.

    Raises:
        KwsclsError: class folders lie in several splits, but sounds lie beside them.
    """
    splits = {place: split for place in places if (split := split_named(place.name))}
    if "train" not in splits.values():
        return False
    others = [place for place in places if place not in splits and place.name not in (*NOISE_FOLDERS, "noise")
              and walk.holds_sounds(place)]
    if others and len(set(splits.values())) > 1 and any(walk.folders(place) for place in splits):
        raise KwsclsError(f"holds {', '.join(place.name for place in splits)} as if they were splits, but also "
                          f"{others[0].name}", folder, "move that elsewhere, or write a manifest.csv")
    return not others


def _split_folders(places):
    """The recordings of split folders: of the table in each, or of its class folders; and of folders of noise."""
    made = []
    places = {descend(place): split_named(place.name) for place in places}
    taught = {label.name for place, split in places.items() if split == "train" for label in walk.folders(place)}
    for place, split in places.items():
        if split is None:
            made += walk.noise(place) if place.name in (*NOISE_FOLDERS, "noise") else []
        elif table := folder_tables.labelling_manifest(place):
            made += [dataclasses.replace(one, split=None if one.noise else split) for one in read(table)]
        elif (labels := walk.folders(place)) and (len(labels) > 1 or labels[0].name in taught):
            made += [one for label in labels for one in _class_folder(label, split)]
        elif split == "train":
            return []  # nothing can be learnt
        elif walk.holds_sounds(place):
            console.say(f"note: {place}: holds recordings but no class folders, and is left out")
    return made


def _class_folder(place, split):
    """The recordings of a class folder: `clip` or `group/clip`."""
    if place.name in NOISE_FOLDERS:
        return walk.noise(place)
    inner = {path: path.relative_to(place).parts[:-1] for path in walk.clips(place)}
    return [Recording(path, (place.name.strip(),), split, group=parts[0] if parts else None) for path, parts in inner.items()]


def _with_inner_splits(recordings):
    """Recordings with the splits of `label/train/clip`, if all that was taken for their groups are names of splits."""
    splits = {one.group: one.group and split_named(one.group) for one in recordings if not one.noise}
    if None in splits.values() or "train" not in splits.values():
        return recordings
    return [one if one.noise else dataclasses.replace(
        one, split=splits[one.group], group=None if one.path.parent.name == one.group else one.path.parent.name)
        for one in recordings]


def _named(top):
    """The recordings of a well-known corpus whose names alone hold the labels, and its noises; or None."""
    sounds = walk.sounds(top)
    made, form = names.labelled(sounds) or (None, None)
    if made is None:
        return None
    _say_named(top, f"in the names of {form.corpus}", made, sounds)
    return made + walk.noises(top)


def _counted(top, sounds):
    """Recordings that are called by their label and a number; or none."""
    made = names.counted(sounds)
    if made:
        _say_named(top, "the names begin, before a number", made, sounds)
    return made


def _say_named(top, where, made, sounds):
    strays = f"; {len(sounds) - len(made)} files that are called otherwise are left out" if len(made) < len(sounds) else ""
    console.say(f"note: {top}: labels as {where}: {_some({one.labels[0] for one in made})}{strays}")


def _with_telling_groups(top, recordings):
    """Recordings without the groups that folders told, if one of several has most of the clips: that is a language or a place.

    Where folders of the same names lie in all class folders, it is said which were taken for the labels.
    """
    sizes, labels = collections.Counter(one.group for one in recordings if one.group), collections.defaultdict(set)
    for one in recordings:
        if one.group:
            labels[one.group].add(one.labels[0])
    outer = set().union(*labels.values())
    if len(outer) > 1 and len(sizes) <= len(outer) and all(found == outer for found in labels.values()):
        example = "(?P<group>[^/]+)/(?P<label>[^/]+)/"
        console.say(f"note: {top}: {_some(outer)} are taken for the labels; if {_some(sizes)} are, add --pattern '{example}'")
    if len(sizes) not in (0, 2) and max(sizes.values()) > sum(not one.noise for one in recordings) / 2:
        return [dataclasses.replace(one, group=None) for one in recordings]
    return recordings


def _some(words):
    """The first of several names, in words."""
    words = sorted(words)
    return ", ".join(words[:4]) + (" ..." if len(words) > 4 else "")


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
    for path in walk.paths(folder):
        name = path.relative_to(folder).as_posix()
        found = form.search(name) if path.suffix.lower() in SUFFIXES else None
        if found:
            parts = {"path": name, "group": None, "split": None, "fold": None, "seconds": None, **found.groupdict()}
            made.append(recording({**parts, "labels": parts["label"]}, folder, path))
    if not made:
        raise KwsclsError(f"no file's name fits the pattern {pattern}", folder)
    return made
