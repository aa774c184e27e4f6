"""Tables in a folder that list its recordings: which ones, and what they say."""

import dataclasses
import os
from pathlib import Path, PurePosixPath

from kwscls import console
from kwscls.data import walk
from kwscls.data.manifest import NOISE_FOLDERS, SPLITS, SUFFIXES, as_posix, columns_of, lists, read, split_named
from kwscls.data.rows import rows_if_table
from kwscls.errors import KwsclsError

TABLES = (".csv", ".tsv", ".jsonl")
MANIFESTS = ("manifest.csv", "manifest.jsonl", "metadata.csv", "metadata.jsonl")


def manifest_in(folder):
    """The manifest in a folder, or None."""
    return next((folder / name for name in MANIFESTS if (folder / name).is_file()), None)


def descend(folder):
    """The folder itself, or the one that is all it holds, as archives have it; one with a manifest is not left."""
    folder = Path(os.path.abspath(folder))
    while len(inner := walk.folders(folder)) == 1 and inner[0].name not in NOISE_FOLDERS \
            and not manifest_in(folder) and (walk.folders(inner[0]) or manifest_in(inner[0])) \
            and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        folder = inner[0]
    return folder


def way(place):
    """The folders from a place down to the one that is all it holds, see `descend`, the outermost first."""
    top, place = descend(place), Path(os.path.abspath(place))
    return [folder for folder in reversed((top, *top.parents)) if folder.is_relative_to(place)]


def labelling_manifest(folder):
    """The manifest in a folder, or None; where that has no column for the label and class folders beside it tell them, None too."""
    table = manifest_in(folder)
    if not table:
        return None
    columns = columns_of(table)
    meant = columns["path"] or table.stem == "metadata"  # a manifest without paths is a mistake
    if columns["labels"] is None and meant and _classed(folder):
        console.say(f"note: {table}: has no column for the label; the folders tell them")
        return None
    return table


def listing(folder, label_column=None):
    """The tables in a folder that list its recordings: those that are called like splits, or the only one; empty where
    there are none, or class folders tell the labels.

    Args:
        folder: a folder without a manifest.
        label_column: the column of the labels, see `manifest.read`; it comes before class folders.

    Returns:
        A dict of the table's path to its split or None.
    """
    return _split_tables(folder, label_column) or _only_table(folder, label_column)


def recordings_of(folder, tables, label_column, places=None):
    """The recordings of tables, each with its own split or else its table's, and the noises in the folder.

    Args:
        folder: in which the tables lie.
        tables: as of `listing`.
        label_column: as of `listing`.
        places: where the files lie, by name, see `manifest.read`.

    Raises:
        KwsclsError: a clip is in two of them.
    """
    made, seen = [], {}
    for table, split in tables.items():
        for one in read(table, label_column, places):
            if one.path in seen:
                raise KwsclsError(f"lists {one.path.name}, which is in {seen[one.path].name} too", table, "leave it out of one")
            seen[one.path] = table
            made.append(one if one.split or one.noise else dataclasses.replace(one, split=split))
    console.say(f"note: {folder}: labels{' and splits' * any(tables.values())} as {', '.join(path.name for path in tables)} "
                f"{'say' if len(tables) > 1 else 'says'}")
    return made + [one for one in walk.noises(folder) if one.path not in seen]


def with_more_told(folder, recordings):
    """Recordings of class folders with the speakers or sources, splits and folds that the only table beside the folders tells.

    Args:
        folder: where the table may lie.
        recordings: as the class folders tell them.
    """
    found = {table: told for table in tables(folder) if (told := _told(table))}
    if len(found) != 1:
        return recordings
    (table, told), = found.items()
    ends = [_listed_end(one.path, told) for one in recordings]
    known = [(one, told[end]) for one, end in zip(recordings, ends) if end]
    if len({end for end in ends if end}) < len(known) or 2 * len(known) <= len(recordings):  # names that two share, or another table
        return recordings
    columns, used = columns_of(table), _used([more for one, more in known if not one.noise])
    if used:
        console.say(f"note: {folder}: {' and '.join(columns[what] for what in used)} as {table.name} says, for {len(known)} of "
                    f"{len(recordings)} recordings")
    if 2 * sum(more.get("labels") not in (None, *one.labels) for one, more in known) > len(known):
        console.say(f"note: {table}: its column {columns['labels']} is not used, as the folders tell other labels; python -m "
                    f"kwscls.prepare --label-column {columns['labels']} takes it")
    return [dataclasses.replace(one, **{what: value for what, value in told.get(end, {}).items() if what in used})
            for one, end in zip(recordings, ends)]


def _used(told):
    """Which of group, split and fold are taken from what a table tells of files: splits if each file has one, train among them."""
    used = [what for what in ("group", "split", "fold") if any(what in more for more in told)]
    if {"train"} < {more.get("split") for more in told} <= set(SPLITS):
        return used
    return [what for what in used if what != "split"]


def _told(table):
    """What a table tells of each file, by the file's path as it stands there: group, split, fold, labels; a dict of dicts."""
    columns = columns_of(table)
    made = {}
    for _, row in rows_if_table(table) if columns["path"] else ():
        cells = {what: str(row.get(columns[what]) or "").strip() for what in ("group", "split", "fold", "labels") if columns[what]}
        more = {what: split_named(cell) if what == "split" else cell for what, cell in cells.items() if cell}
        if more and row.get(columns["path"]):
            made[PurePosixPath(as_posix(row[columns["path"]]).strip()).as_posix()] = more
    return made


def _listed_end(path, listed):
    """The longest end of a path that is listed, or None."""
    parts = path.parts
    return next((end for first in range(len(parts)) if (end := "/".join(parts[first:])) in listed), None)


def _split_tables(folder, label_column):
    """The tables in a folder that are called like splits, train among them, and list recordings: table to split."""
    named = {path: split_named(path.stem) for path in tables(folder)}
    found = {path: split for path, split in named.items() if split and lists(path, label_column)}
    return found if "train" in found.values() else {}


def _only_table(folder, label_column):
    """The only table in a folder that lists recordings, with no split, where no class folders tell the labels; else empty."""
    if _classed(folder) and not label_column:
        return {}
    found = {path: None for path in tables(folder) if lists(path, label_column)}
    return found if len(found) == 1 else {}


def _classed(folder):
    """Whether folders in a folder, or in its only one with sounds, may tell labels."""
    places = [place for place in walk.folders(folder) if place.name not in NOISE_FOLDERS and walk.holds_sounds(place)]
    return len(places) > 1 or any(map(walk.holds_sounds, (inner for place in places for inner in walk.folders(place))))


def tables(folder):
    """The tables in a folder, sorted."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLES and path.is_file())
