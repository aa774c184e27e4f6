"""Which version of a model is served: the newest of a folder, looked at again and again while serving."""

import logging
from pathlib import Path

from kwscls.errors import KwsclsError

LOG = logging.getLogger(__name__)


def find(folder):
    """The versions that a folder holds.

    Args:
        folder: a run's, a SavedModel's, or one of numbered SavedModels as TensorFlow Serving takes it.

    Returns:
        version -> the SavedModel's folder. A run, or a SavedModel without a number for a name, is version 1.
    """
    folder = Path(folder)
    for place in (folder, folder / "saved_model"):
        if (place / "saved_model.pb").is_file():
            return {int(place.name) if place.name.isdecimal() else 1: place}
    if not folder.is_dir():
        return {}
    return {int(place.name): place for place in folder.iterdir()
            if place.name.isdecimal() and (place / "saved_model.pb").is_file()}


def name_of(folder):
    """The name under which a folder's model is served."""
    folder = Path(folder).absolute()
    if folder.name.isdecimal() or folder.name == "saved_model":
        folder = folder.parent
    return folder.name


class Versions:
    """The served version, and those that could not be loaded.

    Args:
        folder: see `find`.
        load: a function of (SavedModel's folder, version) that gives a servable or raises `KwsclsError`.

    Attributes:
        current: the servable that answers.
        broken: version -> why it could not be loaded.

    Raises:
        KwsclsError: no version can be loaded.
    """

    def __init__(self, folder, load):
        self.folder, self._load = Path(folder), load
        self.current, self.broken, self._seen = None, {}, {}
        there = find(folder)
        if not there:
            raise KwsclsError("holds no SavedModel" if self.folder.exists() else "does not exist", folder,
                              "name a run's folder, or one of numbered SavedModels")
        self.refresh()
        if self.current is None:
            raise KwsclsError(self.broken[max(there)])

    def refresh(self):
        """Load the newest version if it is not the one that answers; a newer one that is broken changes nothing.

        The old one answers until the new one is loaded, and ends with the last request that it has.
        """
        there = find(self.folder)
        self.broken = {version: why for version, why in self.broken.items() if version in there}
        for version in sorted(there, reverse=True):
            place = there[version]
            if self.current is not None and (self.current.version, self.current.folder) == (version, place):
                return
            changed = state_of(place)
            if version in self.broken and self._seen.get(version) == changed:
                continue
            self._seen[version] = changed
            try:
                self.current = self._load(place, version)
            except KwsclsError as error:
                self.broken[version] = str(error)
                LOG.error("version %d is not served: %s", version, error)
                continue
            self.broken.pop(version, None)
            LOG.warning("version %d is served now", version)
            return

    def status(self):
        """What TensorFlow Serving's status call tells about a model: a row a version."""
        rows = [(self.current.version, "AVAILABLE", "OK", "")]
        rows += [(version, "END", "INVALID_ARGUMENT", why) for version, why in self.broken.items()]
        return [{"version": str(version), "state": state, "status": {"error_code": code, "error_message": message}}
                for version, state, code, message in sorted(rows, reverse=True)]


def state_of(folder):
    """What changes while a model is copied or trained anew: of each of its files the path, size and time."""
    found = [(path, path.stat()) for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    return tuple((str(path), status.st_size, status.st_mtime_ns) for path, status in found)
