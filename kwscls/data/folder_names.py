"""What names of folders and tables tell: that data lies there, which split or fold, or nothing about the labels."""

import re

from kwscls.data.manifest import SPLIT_NAMES, split_named

DATA = {"data", "dataset", "datasets", "audio", "sounds", "recordings", "clips", "wav", "wavs"}
DATA_WORDS = {"data", "dataset", "datasets", "corpus", "audio"}
"""What the folder of the recordings is called where a project's programs lie beside it, and words in such a name."""
NOTHING = DATA | DATA_WORDS | {name for names in SPLIT_NAMES.values() for name in names}
"""Words in the names of folders whose recordings may have any label."""


def is_data(name):
    """Whether a project may call the folder of its recordings so."""
    return name.lower() in DATA or not DATA_WORDS.isdisjoint(_words(name))


def fold(name):
    """The number in a name such as fold1, or None."""
    found = re.fullmatch(r"fold[_ ]?(\d+)", name, re.IGNORECASE)
    return found and found[1]


def splits(names):
    """The split that a word in each of several names tells, without those that tell none: train_data is train.

    What is for development is to learn from, where nothing else is.
    """
    told = {name: split for name in names if (split := next(filter(None, map(split_named, _words(name))), None))}
    if "train" not in told.values():
        told = {name: "train" if split == "validation" else split for name, split in told.items()}
    return told


def are_parts(names):
    """Whether all of several folders are called like folds, or like splits that differ, and so none like a label."""
    told = splits(names)
    return all(map(fold, names)) or len(told) == len(names) and len(set(told.values())) > 1


def tells_no_label(name):
    """Whether a folder is called like data, splits or folds."""
    return bool(fold(name)) or not NOTHING.isdisjoint(_words(name))


def _words(name):
    return re.findall("[a-z]+", name.lower())
