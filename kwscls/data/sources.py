"""What `--data` may name: a corpus, a folder, a manifest or an archive; found, unpacked, listed and fingerprinted."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

from kwscls import files
from kwscls.data import archives, audioset, corpora, folder_tables, layouts, manifest, parts, storage
from kwscls.errors import KwsclsError


@dataclasses.dataclass(frozen=True)
class Source:
    """Where recordings come from.

    Args:
        name: what the prepared folder is called by default.
        place: a folder, manifest or archive; None for a corpus that has to be downloaded.
        corpus: its name in `CORPORA`, or None.
    """

    name: str
    place: Path | None
    corpus: str | None = None

    @property
    def packed(self):
        """Whether there is an archive to unpack first."""
        return self.place is None or archives.is_archive(self.place) and self.place.is_file()

    def recordings(self, pattern=None, label_column=None, scratch=None):
        """The recordings, see `layouts.load`, an archive being unpacked below the folder `scratch` first."""
        place = self.place
        if self.packed:
            place = scratch / "source"
            if not place.exists():
                archives.unpack(self.place or corpora.download(self.corpus), place)
        if self.corpus and not (pattern or label_column) and place.is_dir():
            return corpora.recordings(self.corpus, place)
        lists = None if label_column else audioset.lists(place)
        found = audioset.read(*lists) if lists else layouts.load(place, pattern, label_column)
        top = folder_tables.descend(place) if place.is_dir() else place
        if (top / "report.json").is_file() and (top / "manifest.csv").is_file():  # it was prepared: noise lies apart
            found += [manifest.Recording(path.absolute(), (manifest.NOISE,)) for path in sorted((top / "noise").glob("*.wav"))]
        return found

    def checksum(self):
        """The archive's SHA-256: as published, or computed where nobody publishes it; None without an archive."""
        if not self.packed:
            return None
        published = corpora.corpus(self.corpus).sha256 if self.place is None else None
        return published or files.sha256(self.place or corpora.download(self.corpus))

    def stamp(self, recordings=None):
        """A text that changes when the source does: by names, sizes and times of change, without reading the sounds."""
        if self.place is None:
            entry = corpora.corpus(self.corpus)
            return json.dumps([entry.url, entry.sha256])
        if self.packed:
            state = self.place.stat()
            return json.dumps([str(self.place.resolve()), state.st_size, state.st_mtime_ns])
        digest = hashlib.sha256()
        for one in recordings:
            try:
                state = os.stat(parts.parted(one.path)[0])
                size, time = state.st_size, state.st_mtime_ns
            except OSError:
                size = time = None
            digest.update(json.dumps([str(one.path), one.labels, one.split, one.fold, one.group, size, time]).encode())
        return digest.hexdigest()


def find(data, source=None):
    """The source that a word names.

    Args:
        data: a corpus' name, or the path of a folder, a manifest or an archive. A path that is there comes first.
        source: where a corpus lies on this machine: its folder or its archive.

    Raises:
        KwsclsError: there is no such thing.
    """
    data = str(data)
    if source is not None:
        corpora.corpus(data)
        if not Path(source).exists():
            raise KwsclsError("does not exist", f"--source {source}")
        return Source(data, _absolute(source), data)
    if data in ("spoken_words", "data/spoken_words") and not (Path(data) / "manifest.csv").is_file():
        place = corpora.EMBEDDED / "spoken_words"
        if not place.is_dir():
            raise KwsclsError("the embedded corpus belongs to the repository, which is not here", data,
                              "install kwscls from its checkout, or name other data")
        return Source("spoken_words", place, "spoken_words")
    place = Path(data).expanduser()
    if storage.exists(place) and data != "":
        return Source(_name(_absolute(place)), _absolute(place))
    if "/" in data or place.suffix in (".csv", ".jsonl") or archives.is_archive(data):
        raise KwsclsError("does not exist", data, "name a folder, a manifest, an archive or a corpus")
    corpora.corpus(data)
    return Source(data, None, data)


def _absolute(path):
    if storage.is_remote(path):
        return Path(path)
    return Path(os.path.abspath(Path(path).expanduser()))


def _name(place):
    """What to call the data of a folder, manifest or archive."""
    if place.is_dir():
        return place.name or "recordings"
    name = place.name
    for suffix in sorted((*archives.SUFFIXES, ".csv", ".jsonl", ".json"), key=len, reverse=True):
        if name.lower().endswith(suffix):
            name = name[:-len(suffix)]
            break
    return place.parent.name if name in ("manifest", "metadata", "meta") and place.parent.name else name
