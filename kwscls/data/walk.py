"""What lies in a folder and below it: sounds, folders that are meant, recordings of noise."""

import os
from pathlib import Path

from kwscls.data.manifest import NOISE, NOISE_FOLDERS, SUFFIXES, Recording


def paths(folder):
    """All files below a folder, also by way of links to folders, sorted; hidden ones and macOS's shadows left out."""
    made, seen = [], set()
    for place, inner, files in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))  # a link to it would go on for ever
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "__MACOSX"
                          and not (os.path.islink(one := os.path.join(place, name)) and os.path.realpath(one) in seen))
        made += [Path(place) / name for name in sorted(files) if not name.startswith(".")]
    return made


def folders(folder):
    """The folders in a folder that are meant, sorted."""
    return [Path(entry.path) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
            if entry.is_dir() and not entry.name.startswith(".") and entry.name != "__MACOSX"]


def holds_sounds(folder):
    """Whether there are sound files below a folder."""
    return any(path.suffix.lower() in SUFFIXES for path in paths(folder))


def sounds(folder):
    """The sound files below a folder, but for those in its folders of noise."""
    return [path for path in paths(folder)
            if path.suffix.lower() in SUFFIXES and path.relative_to(folder).parts[0] not in NOISE_FOLDERS]


def clips(place):
    """The files below a folder but for words about them."""
    return [path for path in paths(place) if path.suffix.lower() in SUFFIXES
            or not path.name.lower().startswith(("readme", "license", "licence", "attribution"))]


def noises(folder):
    """The recordings of the folders of noise in a folder."""
    return [one for place in folders(folder) if place.name in NOISE_FOLDERS for one in noise(place)]


def noise(place):
    """The recordings of a folder of noise."""
    return [Recording(path, (NOISE,)) for path in clips(place)]
