"""Class folders, in folders of splits or folds or with splits in them: what the names of folders tell of each recording."""

import dataclasses

from kwscls import console
from kwscls.data import folder_names, folder_tables, walk
from kwscls.data.manifest import NOISE_FOLDERS, Recording, read, split_named
from kwscls.errors import KwsclsError


def recordings(folder, places):
    """The recordings of class folders: `label/clip`, `label/group/clip`, the same below splits or folds, `label/train/clip`.

    Args:
        folder: in which they lie.
        places: the folders in it.

    Raises:
        KwsclsError: class folders lie in several splits, but sounds lie beside them.
    """
    if folds := _folds(places):
        return [dataclasses.replace(one, fold=fold) for place, fold in folds.items() for label in walk.folders(place)
                for one in _class_folder(label, None)] + walk.noises(folder)
    splits = _splits(places)
    if _are_splits(folder, places, splits):
        return _split_folders(places, splits)
    return _listed(folder, _with_inner_splits([one for place in places for one in _class_folder(place, None)]))


def _splits(places):
    """The split that each folder is called like; where none is called train, that which a word in its name tells, if all tell
    one and the same class folders lie in them: train_data and test_data."""
    exact = {place: split for place in places if (split := split_named(place.name))}
    meant = [place for place in places if place.name not in NOISE_FOLDERS]
    if "train" in exact.values() or not folder_names.are_parts([place.name for place in meant]) or not _have_the_same(meant):
        return exact
    told = folder_names.splits([place.name for place in meant])
    return {place: told[place.name] for place in meant if place.name in told}


def _folds(places):
    """The fold that each folder is called like, if all are and the same class folders lie in them; else none."""
    meant = [place for place in places if place.name not in NOISE_FOLDERS]
    folds = {place: folder_names.fold(place.name) for place in meant}
    return folds if len(folds) > 1 and all(folds.values()) and _have_the_same(meant) else {}


def _have_the_same(places):
    """Whether two or more folders of the same names lie in all of several folders."""
    found = [{inner.name for inner in walk.folders(place) if walk.holds_sounds(inner)} for place in places]
    return bool(found) and len(set.intersection(*found)) > 1


def _are_splits(folder, places, splits):
    """Whether folders in a folder are splits, train among them, and beside them nothing but noise.

    Raises:
        KwsclsError: class folders lie in several splits, but sounds lie beside them.
    """
    if "train" not in splits.values():
        return False
    others = [place for place in places if place not in splits and place.name not in (*NOISE_FOLDERS, "noise")
              and walk.holds_sounds(place)]
    if others and len(set(splits.values())) > 1 and any(walk.folders(place) for place in splits):
        raise KwsclsError(f"holds {', '.join(place.name for place in splits)} as if they were splits, but also "
                          f"{others[0].name}", folder, "move that elsewhere, or write a manifest.csv")
    return not others


def _split_folders(places, splits):
    """The recordings of split folders: of the table in each, or of its class folders; and of folders of noise."""
    made = []
    places = {folder_tables.descend(place): splits.get(place) for place in places}
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
