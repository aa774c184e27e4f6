"""AudioSet's lists: pieces of videos with machine names of labels, told in a table of their own; many clips are missing.

    # Segments csv created Sun Mar  5 10:54:31 2017
    # num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882
    # YTID, start_seconds, end_seconds, positive_labels
    --PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"

The names of the labels stand in `class_labels_indices.csv` beside it. Recordings are files named by the video, by the
video and where the piece begins (in seconds or milliseconds), or by both ends, wherever they lie beside or below the list.
"""

import csv
import re
from pathlib import Path

from kwscls import console
from kwscls.data.manifest import SUFFIXES, Recording
from kwscls.errors import KwsclsError

NAMES = "class_labels_indices.csv"
LISTS = "*_segments.csv"
TOP = 5
"""Lines at the start of a list among which the one with the column names must be."""


def is_list(path):
    """Whether a path is a list of segments as AudioSet publishes it."""
    path = Path(path)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return any(re.match(r"#\s*YTID\b", line) for _, line in zip(range(TOP), file))


def lists(place):
    """The lists that a path names: itself, or those in a folder, sorted; none where there is none."""
    place = Path(place)
    return [path for path in (sorted(place.glob(LISTS)) if place.is_dir() else [place]) if is_list(path)]


def read(*paths):
    """The recordings of lists that are there, with their labels by name; a list named after "eval" is test.

    Args:
        *paths: lists of one folder, which also holds or has beside it `class_labels_indices.csv`.

    Returns:
        A list of `Recording`; the group is the video.

    Raises:
        KwsclsError: a line is not as it should be, two pieces of a video have but one file, the labels' names are missing,
            or not one recording is there.
    """
    folder = Path(paths[0]).parent
    names, sounds = _names(folder), _sounds(folder)
    made, missing, taken = [], 0, {}
    for path in paths:
        split = "test" if "eval" in Path(path).name.lower() else "train"
        for video, start, end, marks, where in _segments(path):
            unknown = [mark for mark in marks if mark not in names]
            if unknown:
                raise KwsclsError(f"{NAMES} does not name the label {unknown[0]}", where)
            sound = next((sounds[name] for name in _file_names(video, start, end) if name in sounds), None)
            if sound is None:
                missing += 1
                continue
            if sound in taken:
                raise KwsclsError(f"{sound.name} is also the recording of {taken[sound]}", where,
                                  f"take one of the lines out, or name the files by their pieces, as in {video}_{start:g}.wav")
            taken[sound] = where
            made.append(Recording(sound, tuple(names[mark] for mark in marks), split, group=video))
    if not made:
        raise KwsclsError(f"not one of its {missing} recordings is beside or below it", paths[0],
                          "name the files by the video, as in --PJHxphWEs.wav or --PJHxphWEs_30.wav")
    if missing:
        console.say(f"{missing} of {missing + len(made)} recordings of {', '.join(Path(path).name for path in paths)} are "
                    "not here and are left out")
    return made


def _names(folder):
    """Machine names of labels to readable ones; what could not name a folder in them is replaced."""
    table = next((place / NAMES for place in (folder, folder.parent, folder / "metadata") if (place / NAMES).is_file()), None)
    if table is None:
        raise KwsclsError(f"has no {NAMES} beside its lists", folder, "AudioSet publishes it with them")
    rows = [row for _, row in _rows(table)]
    head = rows[0] if rows else []
    if not {"mid", "display_name"} <= set(head):
        raise KwsclsError("has no columns mid and display_name", table, "its first line is index,mid,display_name")
    mark, name = head.index("mid"), head.index("display_name")
    return {row[mark]: re.sub(r"[/\\;|]", "-", row[name]) for row in rows[1:] if len(row) == len(head)}


def _sounds(folder):
    """Sound files below a folder by their stems."""
    return {path.stem: path.absolute() for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES}


def _segments(path):
    """(video, start, end, machine names, place for errors) of each line."""
    for number, row in _rows(path):
        if not row or row[0].startswith("#"):
            continue
        where = f"{path}:{number}"
        try:
            video, start, end, marks = row
            yield video, float(start), float(end), [mark.strip() for mark in marks.split(",") if mark.strip()], where
        except ValueError as error:
            raise KwsclsError("is no line of AudioSet's lists", where,
                              'one is: YTID, start, end, "/m/09x0r,/t/dd00088"') from error


def _rows(path):
    """The number of its line and the cells of each row of a table."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, skipinitialspace=True)
        try:
            for row in rows:
                yield rows.line_num, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise KwsclsError(f"is no CSV table in UTF-8 ({error})", path) from error


def _file_names(video, start, end):
    """The stems that people give the file of a piece, those with its place first."""
    ends = (f"{start:.3f}_{end:.3f}", f"{start:g}_{end:g}", f"{1000 * start:.0f}_{1000 * end:.0f}",
            f"{start:.3f}", f"{start:g}", f"{1000 * start:.0f}")
    return [f"{before}{video}_{place}" for place in ends for before in ("", "Y")] + [video, f"Y{video}"]
