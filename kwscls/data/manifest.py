"""The manifest: which recordings there are, with their labels, splits and groups, as a table tells it."""

import csv
import dataclasses
import io
import itertools
import json
import os
import re
from pathlib import Path, PurePosixPath

from kwscls import console, files
from kwscls.data import parts, storage, table_places
from kwscls.data.rows import column_names, read_rows, rows_if_table
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
             "audio_file", "audio_filepath", "wav", "wav_path", "clip", "slice_file_name", "recording", "link"),
    "labels": ("labels", "label", "category", "class", "class_name", "classname", "classid", "word", "keyword",
               "command", "tags", "tag", "target", "scene_label", "event_label", "primary_label", "species", "emotion", "genre",
               "instrument", "intent"),
    "split": ("split", "set", "subset", "partition"),
    "fold": ("fold",),
    "group": ("speaker", "speaker_id", "speakerid", "speaker_name", "spk", "spk_id", "client_id", "user", "user_id",
              "actor", "actor_id", "subject", "subject_id", "participant", "participant_id", "patient", "patient_id",
              "group", "session", "src_file", "source_id"),
    "seconds": ("seconds", "duration", "length", "duration_s"),
    "start": ("start", "start_s", "start_time", "start_seconds", "onset", "begin", "begin_time"),
    "end": ("end", "end_s", "end_time", "end_seconds", "offset", "stop"),
}
"""What a column may be called; of several that fit, the one named first here counts."""

SEVERAL = ("labels", "tags")
"""Columns in which a comma without a space stands between labels, as in FSD50K."""

SEGMENTS = ("path", "start", "end", "label")
"""The columns of a table of segments, see `frames`."""

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".caf", ".sph")
NO_SOUNDS = (".7z", ".bmp", ".bz2", ".css", ".csv", ".db", ".doc", ".docx", ".eaf", ".gif", ".gz", ".h5", ".htm", ".html",
             ".ini", ".ipynb", ".jpeg", ".jpg", ".js", ".json", ".jsonl", ".lab", ".lnk", ".log", ".m", ".mat", ".md", ".mid",
             ".midi", ".npy", ".npz", ".pdf", ".phn", ".pkl", ".png", ".py", ".rar", ".sh", ".srt", ".svg", ".tar", ".textgrid",
             ".tgz", ".trs", ".tsv", ".txt", ".url", ".vtt", ".webp", ".wrd", ".xls", ".xlsx", ".xml", ".xz", ".yaml", ".yml",
             ".zip")
"""Suffixes of what lies beside sounds: such files take no clip's place in a split."""

NOISE_FOLDERS = (NOISE, "_noise_", "background_noise")


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


def read(path, label_column=None, places=None):
    """The recordings of a table in CSV (first line: column names) or JSON Lines; paths are relative to it.

    The rows of a table of segments (path, start, end, label), or of one that lists a file several times, with columns for
    start and end, are parts of recordings, see `parts`; what is cut from one recording is of one group.

    Args:
        path: the table.
        label_column: the column that holds the labels, where it is called otherwise than in `COLUMNS` or is one of several;
            rows in which it is empty are left out.
        places: where the files lie, by name, if not where the table says: a dict of names to paths.

    Raises:
        KwsclsError: it is missing, empty, lacks a column, or a row lacks its path or label.
    """
    path = Path(path)
    rows = read_rows(path)
    if not rows:
        raise KwsclsError("lists no recordings", path)
    cells = dict.fromkeys(itertools.chain.from_iterable(row for _, row in rows))  # JSON's rows need not name the same
    first, names = _names(rows[0][1]), _names(cells)
    columns = _columns(first, names)
    if label_column:
        columns["labels"] = _called(label_column, names, path)
        rows = _labelled(rows, columns["labels"], path)
    for what, remedy in (("path", "path, file or filename"),
                         ("labels", "label, labels, class or category, or name it with prepare --label-column")):
        if columns[what] is None:
            raise KwsclsError(f"has no column for the {what.rstrip('s')}", path,
                              f"call one {remedy}; it has {', '.join(names.values())}")
    values = [_values(row, columns) for _, row in rows]
    if str(columns["labels"]).strip().lower() in SEVERAL:
        values = [{**value, "labels": _with_semicolons(value["labels"])} for value in values]
    if places:
        values = [{**value, "path": places.get(_file_name(value["path"]), value["path"])} for value in values]
    start, values = table_places.start(path, values)
    often = len({str(value["path"]).strip() for value in values}) < len(values)
    if columns["start"] and columns["end"] and (often or set(SEGMENTS) <= names.keys()):
        values = [_part(value, f"{path}:{number}") for (number, _), value in zip(rows, values)]
    made, seen = [], {}
    for (number, row), value in zip(rows, values):
        if more := [cell for cell in row.get(None, ()) if cell.strip()]:
            raise KwsclsError(f"has more cells than the first line: {more[0]!r}", f"{path}:{number}",
                              "put a cell that holds a comma in quotes")
        made.append(recording(value, start, f"{path}:{number}"))
        if made[-1].path in seen:
            raise KwsclsError(f"lists {made[-1].path.name} again, first in line {seen[made[-1].path]}", f"{path}:{number}",
                              "several labels of a clip go into one row, dog;rain; parts of it want columns start and end")
        seen[made[-1].path] = number
    return _split_by_folders(made, values)


def columns_of(path, label_column=None):
    """What each of `COLUMNS` is called in a table, or None; arguments as of `read`."""
    names = _names(column_names(path))
    columns = _columns(names)
    return {**columns, "labels": names.get(_plain(label_column))} if label_column else columns


def lists(path, label_column=None, places=None):
    """Whether a table names recordings, some of the first of which are there, and their labels; arguments as of `read`."""
    columns = columns_of(path, label_column)
    if None in (columns["path"], columns["labels"]):
        return False
    some = [_values(row, columns) for _, row in rows_if_table(path)[:20]]
    if places:
        return 2 * sum(_file_name(one["path"]) in places for one in some) > len(some)
    return table_places.found(path, some)


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


def _names(cells):
    """The names of columns by what they are compared by."""
    return {_plain(name): name for name in cells if name}


def _plain(name):
    """What a column's name is compared by: Speaker ID is speaker_id."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _columns(*found):
    """What each of `COLUMNS` is called in a table, or None; of several dicts of names, the first counts first."""
    return {what: next((names[name] for names in found for name in known if name in names), None)
            for what, known in COLUMNS.items()}


def _called(column, names, path):
    """The column of a table that is called so.

    Raises:
        KwsclsError: there is none.
    """
    if _plain(column) not in names:
        raise KwsclsError(f"has no column {column}", path, f"it has {', '.join(names.values())}")
    return names[_plain(column)]


def _labelled(rows, column, path):
    """The rows that have a label in a column.

    Raises:
        KwsclsError: none has.
    """
    made = [(number, row) for number, row in rows if _labels(row.get(column))]
    if not made:
        raise KwsclsError(f"has nothing in the column {column}", path)
    if len(made) < len(rows):
        console.say(f"note: {path}: {len(rows) - len(made)} of {len(rows)} rows have no {column} and are left out")
    return made


def recording(values, start, where):
    """A recording from the values of a row.

    Args:
        values: of the columns that `COLUMNS` names.
        start: the folder that its path is relative to.
        where: the row's place, for errors.

    Raises:
        KwsclsError: it has no path or no label, or its split is none.
    """
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
    name_of_split = str(values["split"] or "").strip()
    split = split_named(name_of_split)
    if name_of_split and split is None:
        raise KwsclsError(f"the split {name_of_split!r} is none of {', '.join(SPLITS)}", where)
    path = Path(name) if storage.is_remote(name) else Path(os.path.normpath(start / name))
    return Recording(path, labels, split, fold, group, seconds)


def _part(values, where):
    """The values of a row that means a part of a recording."""
    name = str(values["path"] or "").strip()
    part = name and parts.part(name, values["start"], values["end"], where)
    whole = _file_name(name) if os.path.isabs(name) else name  # splits must not depend on where the folder lies
    return {**values, "path": part, "group": values["group"] or whole, "seconds": None}


def _split_by_folders(recordings, values):
    """Recordings with the splits that are the first folders of all their paths, train among them, if no row tells any."""
    told = [None if one.noise else split_named(str(value["path"]).strip().split("/")[0]) for one, value in zip(recordings, values)]
    meant = {split for one, split in zip(recordings, told) if not one.noise}
    if None in meant or "train" not in meant or any(one.split or one.fold for one in recordings):
        return recordings
    return [dataclasses.replace(one, split=split) for one, split in zip(recordings, told)]


def _values(row, columns):
    """The values of a row by what they are."""
    made = {what: row.get(column) if column else None for what, column in columns.items()}
    return {**made, "path": made["path"] and as_posix(made["path"])}


def as_posix(name):
    """A cell's path as it is written here, be it from Windows."""
    name = str(name)
    return name if "/" in name else name.replace("\\", "/")


def _with_semicolons(value):
    """A cell's labels with semicolons for the commas between them; JSON's lists have commas of their own."""
    return re.sub(r",(?=\S)", ";", value) if isinstance(value, str) and not value.lstrip().startswith("[") else value


def _file_name(path):
    """What a cell calls a file, without folders."""
    return PurePosixPath(str(path or "").strip()).name


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


def split_named(name):
    """The split that a name stands for, or None."""
    return next((split for split, names in SPLIT_NAMES.items() if name.lower() in names), None)
