"""The manifest: which recordings there are, with their labels, splits and groups; from a table or from a folder."""

import csv
import dataclasses
import io
import itertools
import json
import os
import re
from pathlib import Path

from kwscls import console, files
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
    top = descend(place)
    table = _table(top) or (None if pattern else _table_beside_audio(top))
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
    cells = dict.fromkeys(itertools.chain.from_iterable(row for _, row in rows))  # JSON's rows need not name the same
    names = {name.strip().lower(): name for name in cells if name}
    columns = {}
    for what, known in COLUMNS.items():
        columns[what] = next((names[name] for name in known if name in names), None)
    for what, remedy in (("path", "path, file or filename"), ("labels", "label, labels, class or category")):
        if columns[what] is None:
            raise KwsclsError(f"has no column for the {what.rstrip('s')}", path,
                              f"call one {remedy}; it has {', '.join(names.values())}")
    values = [{what: row.get(column) if column else None for what, column in columns.items()} for _, row in rows]
    start, values = _start(path, values)
    made, seen = [], {}
    for (number, row), value in zip(rows, values):
        if more := [cell for cell in row.get(None, ()) if cell.strip()]:
            raise KwsclsError(f"has more cells than the first line: {more[0]!r}", f"{path}:{number}",
                              "put a cell that holds a comma in quotes")
        made.append(_recording(value, start, f"{path}:{number}"))
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

    `label/clip` and `label/group/clip` are understood, below `train`, `validation` and `test` too, and so is
    `label/train/clip`; a folder that holds nothing but one such folder is looked into. A split may be a table with its
    files instead. Lists named `testing_list.txt` and `validation_list.txt`, as Speech Commands has them, give the splits.

    Raises:
        KwsclsError: there are no recordings, or no labels can be told.
    """
    folder = Path(folder)
    top = descend(folder)
    if pattern:
        return _by_pattern(top, pattern)
    places = _folders(top)
    if _are_splits(top, places):
        made = _split_folders(places)
    else:
        made = _listed(top, _with_inner_splits([one for place in places for one in _class_folder(place, None)]))
    if made:
        return made
    if _holds_sounds(top):
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
    """The rows of a table, each with the number of its line, as dicts of text to text."""
    try:
        text = storage.read(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except (UnicodeDecodeError, OSError) as error:
        raise KwsclsError("cannot be read as text", path, "a manifest is CSV or JSON Lines in UTF-8") from error
    if path.suffix.lower() in (".jsonl", ".json", ".ndjson"):
        return [(number, _object(line, f"{path}:{number}"))
                for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = re.match(r"[^\r\n]*", text)[0]
    mark = max(",\t;", key=first.count)
    quoting = csv.QUOTE_NONE if mark == "\t" and OPEN_QUOTE.search(text) else csv.QUOTE_MINIMAL
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, quoting=quoting)
    try:  # the line is the inner reader's: DictReader's stays behind when it skips blank ones
        return [(table.reader.line_num, row) for row in table if any(any(cell or ()) for cell in row.values())]
    except csv.Error as error:
        raise KwsclsError(f"is no CSV table ({error})", path) from error


OPEN_QUOTE = re.compile(r'(?:^|\t)"(?!(?:[^"\t\r\n]|"")*"(?:[\t\r\n]|\Z))', re.MULTILINE)
"""A cell between tabs that begins with a quote and does not end with it: there quotes are letters, as in Common Voice."""


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
    if re.search(r"[\0\ud800-\udc7f\udd00-\udfff]", name):  # between them: bytes of old names that are no UTF-8
        raise KwsclsError(f"the path {name!r} cannot name a file", where)
    if not labels:
        raise KwsclsError("has no label", where)
    labels = tuple(label for label in labels if label not in NOISE_FOLDERS) or (NOISE,)
    fold, group = (None if values[key] in (None, "") else str(values[key]).strip() for key in ("fold", "group"))
    try:
        seconds = float(values["seconds"]) if values["seconds"] not in (None, "") else None
    except (TypeError, ValueError):
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


def _start(path, values):
    """The folder that a table's paths are relative to, and the rows' values, with the folder of the fold in their paths
    where files lie in such (UrbanSound8K): the first of the usual places in which the first files exist."""
    if storage.is_remote(path):
        return path.parent, values
    if (start := _place(path, values)) is None and values[0]["fold"]:
        inner = [{**one, "path": one["path"] and f"fold{one['fold']}/{one['path']}"} for one in values]
        if start := _place(path, inner):
            return start, inner
    return start or Path(os.path.abspath(path.parent)), values


def _place(path, values):
    """The first of the usual folders in which the first files of a table exist, or None."""
    some = [str(one["path"]) for one in values[:20] if one["path"]]
    for folder in FOLDERS:
        if any(os.path.isfile(path.parent / folder / name) for name in some):  # unlike Path's, False for what is no name
            return Path(os.path.abspath(path.parent / folder))
    return None


def _table(folder):
    """The manifest in a folder, or None."""
    return next((folder / name for name in MANIFESTS if (folder / name).is_file()), None)


def _table_beside_audio(folder):
    """The only table in meta or metadata of a folder whose sounds all lie in audio, as ESC-50 has it, or None."""
    if not (folder / "audio").is_dir():
        return None
    metas = [place for place in _folders(folder) if place.name in ("meta", "metadata")]
    tables = [path for place in metas for path in _paths(place) if path.suffix.lower() == ".csv"]
    others = [place for place in _folders(folder) if place.name != "audio"]
    return tables[0] if len(tables) == 1 and not any(_holds_sounds(place) for place in others) else None


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


def _holds_sounds(folder):
    """Whether there are sound files below a folder."""
    return any(path.suffix.lower() in SUFFIXES for path in _paths(folder))


def descend(folder):
    """The folder itself, or the one that is all it holds, as archives have it; one with a manifest is not left."""
    folder = Path(os.path.abspath(folder))
    while len(inner := _folders(folder)) == 1 and inner[0].name not in NOISE_FOLDERS and not _table(folder) \
            and (_folders(inner[0]) or _table(inner[0])) \
            and not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        folder = inner[0]
    return folder


def _are_splits(folder, places):
    """Whether folders in a folder are splits, train among them, and beside them nothing but noise.

    Raises:
        KwsclsError: class folders lie in several splits, but sounds lie beside them.
    """
    splits = {place: split for place in places if (split := _split(place.name, None))}
    if "train" not in splits.values():
        return False
    others = [place for place in places if place not in splits and place.name not in (*NOISE_FOLDERS, "noise")
              and _holds_sounds(place)]
    if others and len(set(splits.values())) > 1 and any(_folders(place) for place in splits):
        raise KwsclsError(f"holds {', '.join(place.name for place in splits)} as if they were splits, but also "
                          f"{others[0].name}", folder, "move that elsewhere, or write a manifest.csv")
    return not others


def _split_folders(places):
    """The recordings of split folders: of the table in each, or of its class folders; and of folders of noise."""
    made = []
    for place in places:
        split = _split(place.name, None)
        if split is None:
            noises = _clips(place) if place.name in (*NOISE_FOLDERS, "noise") else ()
            made += [Recording(path, (NOISE,)) for path in noises]
        elif table := _table(place):
            made += [dataclasses.replace(one, split=None if one.noise else split) for one in read(table)]
        elif labels := _folders(place):
            made += [one for label in labels for one in _class_folder(label, split)]
        elif split == "train":
            return []  # nothing can be learnt
        elif _holds_sounds(place):
            console.say(f"note: {place}: holds recordings but no class folders, and is left out")
    return made


def _clips(place):
    """The files below a folder but for words about them."""
    return [path for path in _paths(place) if path.suffix.lower() in SUFFIXES
            or not path.name.lower().startswith(("readme", "license", "licence", "attribution"))]


def _class_folder(place, split):
    """The recordings of a class folder: `clip` or `group/clip`."""
    if place.name in NOISE_FOLDERS:
        return [Recording(path, (NOISE,)) for path in _clips(place)]
    inner = {path: path.relative_to(place).parts[:-1] for path in _clips(place)}
    return [Recording(path, (place.name.strip(),), split, group=parts[0] if parts else None) for path, parts in inner.items()]


def _with_inner_splits(recordings):
    """Recordings with the splits of `label/train/clip`, if all that was taken for their groups are names of splits."""
    splits = {one.group: one.group and _split(one.group, None) for one in recordings if not one.noise}
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
