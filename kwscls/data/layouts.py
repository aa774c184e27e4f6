"""Folders of recordings as people have them: what tables in them, or the names of folders and files, tell of each recording."""

import collections
import dataclasses
import re
from pathlib import Path

from kwscls import console
from kwscls.data import class_folders, far_tables, folder_names, folder_tables, headers, label_tracks, names, parts, storage, walk
from kwscls.data.manifest import NO_SOUNDS, NOISE_FOLDERS, SUFFIXES, read, recording, split_named
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
    outer = folder_tables.way(place)
    top = outer[-1]
    table = folder_tables.manifest_in(top) if label_column else folder_tables.labelling_manifest(top)
    if table or pattern:
        return read(table, label_column) if table else scan(place, pattern)
    for folder in outer:
        if tables := folder_tables.listing(folder, label_column):
            return folder_tables.recordings_of(folder, tables, label_column)
    for folder in outer:
        if made := far_tables.recordings(folder, label_column):
            return made
    if label_column:
        raise KwsclsError(f"holds no table, or several, that list recordings and have the column {label_column}", place,
                          "name the table itself")
    made = scan(place)
    for folder in outer:
        made = folder_tables.with_more_told(folder, made)
    return made


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
    top = folder_tables.descend(folder)
    if pattern:
        return _by_pattern(top, pattern)
    if made := _named(top):
        return made
    places = walk.folders(top)
    if inner := _only_holder(places) or _data_among_others(top, places):
        return load(inner) + walk.noises(top)
    sounds = walk.sounds(top)
    made = class_folders.recordings(top, places)
    labels = {one.labels for one in made if not one.noise and one.path.suffix.lower() in SUFFIXES}
    if told := _tracked(top, sounds, labels) or (_counted(top, sounds) if len(labels) < 2 else []):
        return told + walk.noises(top)
    if len(labels) > 1 and folder_names.are_parts([label for label, *_ in labels]):
        raise KwsclsError(f"its folders are called {_some(label for label, *_ in labels)}, which tell no labels", folder,
                          "list the recordings with their labels and splits in a manifest.csv, or tell with python -m "
                          "kwscls.prepare --pattern how paths hold them, as in '(?P<label>[^/]+)/[^/]+$'")
    if any(not one.noise for one in made):
        return _with_telling_groups(top, made)
    if sounds:
        raise KwsclsError("holds recordings but no class folders", folder,
                          "sort them into a folder for each label, write a manifest.csv, or tell with python -m "
                          "kwscls.prepare --pattern how names hold the label, as in '(?P<label>[^_]+)_(?P<group>[^_]+)_'")
    raise KwsclsError("holds no recordings", folder, "it should hold a folder for each label")


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


def _named(top):
    """The recordings of a well-known corpus whose names alone hold the labels, and its noises; or None."""
    sounds = walk.sounds(top)
    made, form = names.labelled(sounds) or (None, None)
    if made is None:
        return None
    _say_named(top, f"in the names of {form.corpus}", made, sounds)
    return made + walk.noises(top)


def _tracked(top, sounds, labels):
    """The parts of recordings that label tracks name, where folders tell no labels, or most recordings have a track and these
    tell several; else none."""
    told = label_tracks.recordings(sounds)
    tracked = {parts.parted(one.path)[0] for one in told}
    if len(labels) > 1 and (2 * len(tracked) <= len(sounds) or len({one.labels for one in told}) < 2):
        return []
    if told:
        console.say(f"note: {top}: labels as the tracks beside {len(tracked)} of {len(sounds)} recordings say")
    return told


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
        console.say(f"note: {top}: {_some(outer)} are taken for the labels; if {_some(sizes)} are, python -m kwscls.prepare "
                    f"--pattern '{example}' takes them")
    if len(sizes) not in (0, 2) and max(sizes.values()) > sum(not one.noise for one in recordings) / 2:
        if len(sizes) > 1:
            console.say(f"note: {top}: {max(sizes, key=sizes.get)} holds most of the clips, so {_some(sizes)} are not taken for "
                        "speakers; if they are, python -m kwscls.prepare --pattern '(?P<label>[^/]+)/(?P<group>[^/]+)/' takes them")
        return [dataclasses.replace(one, group=None) for one in recordings]
    return recordings


def _some(words):
    """The first of several names, in words."""
    words = sorted(words)
    return ", ".join(words[:4]) + (" ..." if len(words) > 4 else "")


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
            values = {"path": name, "group": None, "split": None, "fold": None, "seconds": None, **found.groupdict()}
            made.append(recording({**values, "labels": values["label"]}, folder, path))
    if not made:
        raise KwsclsError(f"no file's name fits the pattern {pattern}", folder)
    return made
