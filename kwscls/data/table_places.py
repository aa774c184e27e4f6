"""Where the files that a table lists lie, in folders as people have them beside tables."""

import os
from pathlib import Path

from kwscls.data import storage
from kwscls.errors import KwsclsError

FOLDERS = (".", "audio", "clips", "wav", "wavs", "../audio", "..")
"""Where a table's paths may start, beginning with the table's own folder."""


def start(path, values):
    """The folder that a table's paths are relative to, and the rows' values, with the folder of the fold in their paths
    where files lie in such (UrbanSound8K): the first of the usual places in which the first files exist."""
    if storage.is_remote(path):
        return path.parent, values
    if (begin := _place(path, values)) is None and values[0]["fold"]:
        inner = [{**one, "path": one["path"] and f"fold{one['fold']}/{one['path']}"} for one in values]
        if begin := _place(path, inner):
            return begin, inner
    return begin or _folder_beside(path, values) or Path(os.path.abspath(path.parent)), values


def found(path, values):
    """Whether the first files of a table's rows exist somewhere beside it."""
    return (_place(path, values) or _folder_beside(path, values)) is not None


def _place(path, values):
    """The first of the usual folders in which the first files of a table exist, or None."""
    some = _first_names(values)
    for folder in FOLDERS:
        if any(os.path.isfile(path.parent / folder / name) for name in some):  # unlike Path's, False for what is no name
            return Path(os.path.abspath(path.parent / folder))
    return None


def _folder_beside(path, values):
    """The folder beside a table that holds all of its first files, whatever it is called, or None; of several, the one that
    the table is called like.

    Raises:
        KwsclsError: it is called like none of several.
    """
    some = _first_names(values)
    folders = [Path(entry.path) for entry in sorted(os.scandir(os.path.abspath(path.parent)), key=lambda entry: entry.name)
               if entry.is_dir() and some and all(os.path.isfile(os.path.join(entry.path, name)) for name in some)]
    named = [folder for folder in folders if folder.name.lower() in path.stem.lower()] or folders
    if len(named) > 1:
        raise KwsclsError(f"may mean the files in {named[0].name} or those in {named[1].name}", path,
                          "write the folder into its paths, as in " + f"{named[0].name}/{some[0]}")
    return next(iter(named), None)


def _first_names(values):
    return [str(one["path"]) for one in values[:20] if one["path"]]
