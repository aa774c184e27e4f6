"""A table that says of clips that they are dropped or get another label: what `suspects` writes and people edit.

    path,label,action,becomes,why,score
    train/no/0a7c_nohash_0.wav,no,relabel,go,probably go,0.91
    train/up/17bb_nohash_1.wav,up,drop,,silent,1.00
"""

import csv
import dataclasses
import io
from pathlib import Path

from kwscls import console, files
from kwscls.errors import KwsclsError

ACTIONS = ("keep", "drop", "relabel")
COLUMNS = ("path", "label", "action", "becomes", "why", "score")


def read(path):
    """What a table says: path -> None for a clip that is dropped, or its new labels.

    Raises:
        KwsclsError: it is missing or no table, lacks a column, a row has no path, an action is unknown, or a relabelled
            clip has no new label.
    """
    path = Path(path)
    if not path.is_file():
        raise KwsclsError("does not exist", path, "python -m kwscls.suspects writes such a table")
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        try:
            if not {"path", "action"} <= set(rows.fieldnames or ()):
                raise KwsclsError("has no columns path and action", path, f"its first line is {','.join(COLUMNS)}")
            said = [_row(row, f"{path}:{rows.reader.line_num}") for row in rows]
        except (UnicodeDecodeError, csv.Error) as error:
            raise KwsclsError(f"is no CSV table in UTF-8 ({error})", path) from error
    return {clip: labels for clip, action, labels in said if action != "keep"}


def write(path, rows):
    """Write a table of rows, dicts with some of `COLUMNS`; what else they hold is left out."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    files.write_text(path, text.getvalue())


def row(clip, labels):
    """The row of a clip that gets other labels, or is dropped where they are None."""
    return {"path": clip, "action": "drop" if labels is None else "relabel", "becomes": ";".join(labels or ())}


def _row(row, where):
    """The path, the action and the new labels, or None, of a row."""
    clip, action, becomes = ((row.get(name) or "").strip() for name in ("path", "action", "becomes"))
    labels = tuple(part.strip() for part in becomes.split(";") if part.strip())
    if not clip:
        raise KwsclsError("has no path", where)
    if action not in ACTIONS:
        raise KwsclsError(f"the action {action!r} is none of {', '.join(ACTIONS)}", where)
    if action == "relabel" and not labels:
        raise KwsclsError("a relabelled clip needs a label in the column becomes", where)
    return clip, action, labels if action == "relabel" else None


def corrected(clips, table, where=None, names=None):
    """Clips as a table wants them; rows that fit no clip are told.

    Args:
        clips: a list of `Recording`, all there are or those of one split.
        table: what `read` returned; a path in it is the end of a clip's path, or its place in the prepared folder.
        where: the table's file, for errors.
        names: that place of each clip, by its path, where the clips are not prepared yet.

    Returns:
        The clips that stay, in order.

    Raises:
        KwsclsError: the table touches a test clip, or a row fits two clips.
    """
    made, used, names = [], {}, names or {}
    for clip in clips:
        name = names.get(clip.path, "")
        key = next((key for key in (name, *_endings(clip.path)) if key in table), None)
        if key is None:
            made.append(clip)
            continue
        if clip.split == "test" or name.startswith("test/"):
            raise KwsclsError("is a test clip, and tests stay as they are", f"{where}: {key}", "take its line out")
        if key in used:
            raise KwsclsError(f"fits both {used[key]} and {clip.path}", f"{where}: {key}",
                              "write more of the path of the one that is meant")
        used[key] = clip.path
        if table[key] is not None:
            made.append(dataclasses.replace(clip, labels=table[key]))
    _tell_missed([key for key in table if key not in used], clips, len(table), where)
    return made


def _endings(path):
    """A path and its ends, the longest first."""
    return [path.as_posix(), *("/".join(path.parts[start:]) for start in range(1, len(path.parts)))]


def _tell_missed(missed, clips, count, where):
    """Tell how many rows fit no clip; where the clips are of one split, only rows of that split should."""
    splits = {clip.split for clip in clips}
    if len(splits) == 1 and None not in splits:
        missed = [key for key in missed if key.startswith(f"{min(splits)}/")]
    if missed:
        console.say(f"note: {where}: {len(missed)} of {count} rows fit no clip and change nothing, for example {missed[0]}")
