"""Tables that name recordings which lie in other folders, as research publishes them: ESC-50, FSD50K."""

import collections

from kwscls.data import folder_names, folder_tables, walk
from kwscls.data.manifest import lists


def recordings(folder, label_column=None):
    """The recordings that tables there, or one or two folders below, list by name; none where folders of sounds may be the
    labels.

    Of several folders with such tables the least deep counts. A table's name tells the split of rows that have none.

    Args:
        folder: a folder whose own tables list nothing by the place where it lies.
        label_column: the column of the labels, see `manifest.read`; it comes before class folders.

    Raises:
        KwsclsError: a clip is in two of the tables.
    """
    sounds = walk.sounds(folder)
    holders = {path.parent for path in sounds} - {folder}
    if not sounds or not label_column and not all(folder_names.tells_no_label(place.name) for place in holders):
        return []
    places = _places(sounds)
    for place in _folders_apart(folder, sounds):
        if tables := [path for path in folder_tables.tables(place) if lists(path, label_column, places)]:
            chosen = _with_splits(tables)
            return folder_tables.recordings_of(folder, chosen, label_column, places) if chosen else []
    return []


def _folders_apart(folder, sounds):
    """The folder, and those one or two below it in which no sounds lie, the least deep first."""
    apart = {path.parent for path in walk.paths(folder)} - {place for path in sounds for place in path.parents} | {folder}
    return sorted((place for place in apart if len(place.relative_to(folder).parts) <= 2),
                  key=lambda place: (len(place.parts), place))


def _places(sounds):
    """Where sounds lie, by their names with and without suffix, but for those of several."""
    names = collections.Counter(name for path in sounds for name in {path.name, path.stem})
    return {name: path for path in sounds for name in (path.name, path.stem) if names[name] == 1}


def _with_splits(tables):
    """The tables that count, and the split that each one's name tells: those that tell one, or the only one."""
    named = folder_names.splits([path.stem for path in tables])
    if "train" in named.values():
        return {path: named[path.stem] for path in tables if path.stem in named}
    return dict.fromkeys(tables) if len(tables) == 1 else {}
