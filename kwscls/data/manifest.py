"""The manifest: which recordings there are, with their labels, splits and groups; from a table or from a folder."""

import csv
import dataclasses
import io
import json
import os
import re
from pathlib import Path

from kwscls import files
from kwscls.data import storage
from kwscls.errors import KwsclsError

NOISE = "_background_noise_"
"""The label of recordings that hold noise only; it is none of the classes."""

SPLITS = ("train", "validation", "test")

SPLIT_NAMES = {
    "train": ("train", "training", "tr"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation", "tt"),
}

COLUMNS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "fname", "audio", "audio_path",
             "audio_file", "audio_filepath", "wav", "wav_path", "clip", "slice_file_name", "recording"),
    "labels": ("labels", "label", "category", "class", "class_name", "classname", "classid", "word", "keyword",
               "command", "tags", "tag", "target"),
    "split": ("split", "set", "subset", "partition"),
    "fold": ("fold",),
    "group": ("group", "speaker", "speaker_id", "speakerid", "spk", "spk_id", "client_id", "user", "user_id", "session",
              "src_file", "source_id"),
    "seconds": ("seconds", "duration", "length", "duration_s"),
}
"""What a column may be called; of several that fit, the one named first here counts."""

MANIFESTS = ("manifest.csv", "manifest.jsonl", "metadata.csv", "metadata.jsonl")
NOISE_FOLDERS = (NOISE, "_noise_", "background_noise")
FOLDERS = (".", "audio", "clips", "wav", "wavs", "../audio", "..")
"""Where a table's paths may start, beginning with the table's own folder."""


@dataclasses.dataclass(frozen=True)
class Recording:
    """A row of the manifest.

    Args:
        path: the sound file, or its address, see `storage.address`.
        labels: names of its labels, most often one.
        split: "train", "validation" or "test", where that is given.
        fold: the name of its fold, where the corpus comes in folds.
        group: what must not be torn apart by a split: a speaker, a session, an original recording.
        seconds: its length, where it is given.
    """

    path: Path
    labels: tuple[str, ...]
    split: str | None = None
    fold: str | None = None
    group: str | None = None
    seconds: float | None = None

    @property
    def noise(self):
        """Whether it is a recording of noise, which has no class."""
        return self.labels == (NOISE,)


def load(place, pattern=None):
    """The recordings of a table, or of a folder with a table in it, or of a folder without.

    Args:
        place: a CSV or JSON Lines file, or a folder.
        pattern: for files without class folders, a regular expression with the named groups `label` and, if there is
            more to read from the name, `group`, `split` and `fold`.

    Returns:
        A list of `Recording`, in the table's or the paths' order.

    Raises:
        KwsclsError: there is nothing there, or it cannot be read as recordings with labels.
    """
    place = Path(place)
    if storage.is_remote(place) or place.is_file():
        return read(place)
    if not place.is_dir():
        raise KwsclsError("does not exist", place, "name a folder of recordings or a manifest")
    table = next((place / name for name in MANIFESTS if (place / name).is_file()), None)
    return read(table) if table else scan(place, pattern)


def read(path):
    """The recordings of a table in CSV (first line: column names) or JSON Lines; paths are relative to it.

    Raises:
        KwsclsError: it is missing, empty, lacks a column, or a row lacks its path or label.
    """
    path = Path(path)
    rows = _rows(path)
    if not rows:
        raise KwsclsError("lists no recordings", path)
    names = {name.strip().lower(): name for name in rows[0] if name}
    columns = {}
    for what, known in COLUMNS.items():
        columns[what] = next((names[name] for name in known if name in names), None)
    for what, remedy in (("path", "path, file or filename"), ("labels", "label, labels, class or category")):
        if columns[what] is None:
            raise KwsclsError(f"has no column for the {what.rstrip('s')}", path,
                              f"call one {remedy}; it has {', '.join(names.values())}")
    start = _start(path, [row.get(columns["path"]) for row in rows])
    made, seen = [], {}
    for number, row in enumerate(rows, 2 if path.suffix == ".csv" else 1):
        made.append(_recording({what: row.get(column) for what, column in columns.items()}, start, f"{path}:{number}"))
        if made[-1].path in seen:
            raise KwsclsError(f"lists {made[-1].path.name} again, first in line {seen[made[-1].path]}",
                              f"{path}:{number}", "several labels of a clip go into one row: dog;rain")
        seen[made[-1].path] = number
    return made


def write(path, recordings):
    """Write recordings as CSV, paths relative to the table where they are below it."""
    path = Path(path)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("path", "label", "split", "fold", "group", "seconds"))
    for one in recordings:
        place = one.path.relative_to(path.parent) if one.path.is_relative_to(path.parent) else one.path
        seconds = "" if one.seconds is None else f"{one.seconds:.4f}"
        given = [value or "" for value in (one.split, one.fold, one.group)]
        table.writerow((place.as_posix(), ";".join(one.labels), *given, seconds))
    files.write_text(path, text.getvalue())


def scan(folder, pattern=None):
    """The recordings of a folder of class folders, of split folders of class folders, or of files named by a pattern.

    `label/clip` and `label/group/clip` are understood, below `train`, `validation` and `test` too; a folder that holds
    nothing but one such folder is looked into. Lists named `testing_list.txt` and `validation_list.txt`, as Speech
    Commands has them, give the splits.

    Raises:
        KwsclsError: there are no recordings, or no labels can be told.
    """
    folder = Path(folder)
    top = _descend(folder)
    if pattern:
        return _by_pattern(top, pattern)
    places = _folders(top)
    split_of = {place: _split(place.name, None) for place in places}
    made = []
    if "train" in split_of.values() and all(_folders(place) for place in places if split_of[place]):
        for place, split in split_of.items():
            if split:
                made += [one for label in _folders(place) for one in _class_folder(label, split)]
            elif place.name in (*NOISE_FOLDERS, "noise"):
                made += _class_folder(place, None)
    else:
        made = [one for place in places for one in _class_folder(place, None)]
        made = _listed(top, made)
    if made:
        return made
    if any(path.suffix.lower() in SUFFIXES for path in _paths(top)):
        raise KwsclsError("holds recordings but no class folders", folder,
                          "sort them into a folder for each label, write a manifest.csv, or tell with --pattern how "
                          "names hold the label, as in '(?P<label>[^_]+)_(?P<group>[^_]+)_'")
    raise KwsclsError("holds no recordings", folder, "it should hold a folder for each label")


SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff")


def labels_of(recordings):
    """The names of all labels of recordings but the noise, sorted.

    Raises:
        KwsclsError: there are fewer than two, or one that cannot name a folder.
    """
    labels = sorted({label for one in recordings if not one.noise for label in one.labels})
    for label in labels:
        if not label.strip() or label.startswith(".") or re.search(r'[/\\\0\n;|]', label):
            raise KwsclsError(f"the label {label!r} cannot name a folder", None, "rename it")
    if len(labels) < 2:
        only = f"only the label {labels[0]}" if labels else "no labels"
        raise KwsclsError(f"there is {only}; a classifier needs two or more", None,
                          "give each label a folder of its own, or look at the column of labels")
    return labels


def _rows(path):
    """The rows of a table as dicts of text to text."""
    try:
        text = storage.read(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except (UnicodeDecodeError, OSError) as error:
        raise KwsclsError("cannot be read as text", path, "a manifest is CSV or JSON Lines in UTF-8") from error
    if path.suffix.lower() in (".jsonl", ".json", ".ndjson"):
        return [_object(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    first = text.split("\n", 1)[0]
    mark = max(",\t;", key=first.count)
    try:
        return [row for row in csv.DictReader(io.StringIO(text), delimiter=mark) if any(row.values())]
    except csv.Error as error:
        raise KwsclsError(f"is no CSV table ({error})", path) from error


def _object(line, where):
    try:
        row = json.loads(line)
    except ValueError as error:
        raise KwsclsError("is not JSON", where, "each line of a JSON Lines manifest is one object") from error
    if not isinstance(row, dict):
        raise KwsclsError("is no JSON object", where, 'write {"path": ..., "label": ...}')
    return row


def _recording(values, start, where):
    """A recording from the values of a row."""
    name, labels = str(values["path"] or "").strip(), _labels(values["labels"])
    if not name:
        raise KwsclsError("has no path", where)
    if not labels:
        raise KwsclsError("has no label", where)
    if labels[0] in NOISE_FOLDERS:
        labels = (NOISE,)
    fold, group = (None if values[key] in (None, "") else str(values[key]).strip() for key in ("fold", "group"))
    try:
        seconds = float(values["seconds"]) if values["seconds"] not in (None, "") else None
    except ValueError:
        seconds = None  # a length such as "0:01" is not needed: the file itself tells
    split = str(values["split"] or "").strip()
    split = _split(split, where) if split else None
    path = Path(name) if storage.is_remote(name) else Path(os.path.normpath(start / name))
    return Recording(path, labels, split, fold, group, seconds)


def _labels(value):
    """Labels from a cell: one, several with ; or | between, or a JSON list."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            pass  # a label that happens to begin with a bracket
    if value is None or isinstance(value, dict):
        return ()
    parts = value if isinstance(value, list) else re.split(r"[;|]", str(value))
    return tuple(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


def _split(name, where):
    """The split that a name stands for; None, or an error at `where`, if it stands for none."""
    for split, names in SPLIT_NAMES.items():
        if name.lower() in names:
            return split
    if where is not None:
        raise KwsclsError(f"the split {name!r} is none of {', '.join(SPLITS)}", where)
    return None


def _start(path, names):
    """The folder that a table's paths are relative to: the first of the usual ones in which the first files exist."""
    if storage.is_remote(path):
        return path.parent
    some = [str(name) for name in names[:20] if name]
    for folder in FOLDERS:
        if any((path.parent / folder / name).is_file() for name in some):
            return Path(os.path.abspath(path.parent / folder))
    return Path(os.path.abspath(path.parent))


def _paths(folder):
    """All files below a folder, sorted; hidden ones and macOS's shadows left out."""
    made = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        made += [Path(place) / name for name in sorted(names) if not name.startswith(".")]
    return made


def _folders(folder):
    """The folders in a folder that are meant, sorted."""
    return [Path(entry.path) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
            if entry.is_dir() and not entry.name.startswith(".") and entry.name != "__MACOSX"]


def _descend(folder):
    """The folder itself, or the one that is all it holds, as archives have it."""
    folder = Path(os.path.abspath(folder))
    while len(inner := _folders(folder)) == 1 and _folders(inner[0]) and inner[0].name not in NOISE_FOLDERS \
            and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        folder = inner[0]
    return folder


def _class_folder(place, split):
    """The recordings of a class folder: `clip` or `group/clip`."""
    noise = place.name in NOISE_FOLDERS or split is None and place.name == "noise" and (place.parent / "train").is_dir()
    made = []
    for path in _paths(place):
        if path.name.lower().startswith(("readme", "license", "licence", "attribution")):
            continue
        inner = path.relative_to(place).parts
        made.append(Recording(path, (NOISE if noise else place.name,), None if noise else split,
                              group=inner[0] if len(inner) > 1 and not noise else None))
    return made


def _listed(folder, recordings):
    """Recordings with the splits of the lists that Speech Commands brings, if they are there."""
    lists = {split: folder / name for split, name in
             (("validation", "validation_list.txt"), ("test", "testing_list.txt"))}
    if not all(path.is_file() for path in lists.values()):
        return recordings
    split_of = {line.strip(): split for split, path in lists.items()
                for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
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
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        found = form.search(name) if path.suffix.lower() in SUFFIXES else None
        if found:
            parts = {"path": name, "group": None, "split": None, "fold": None, "seconds": None, **found.groupdict()}
            made.append(_recording({**parts, "labels": parts["label"]}, folder, path))
    if not made:
        raise KwsclsError(f"no file's name fits the pattern {pattern}", folder)
    return made
