"""A table that says of clips that they are dropped or get another label: what `suspects` writes and people edit.

    path,label,action,becomes,why,score
    train/no/0a7c_nohash_0.wav,no,relabel,go,probably go,0.91
    train/up/17bb_nohash_1.wav,up,drop,,silent,1.00
"""

import csv
import dataclasses
from pathlib import Path

from kwscls.errors import KwsclsError

ACTIONS = ("keep", "drop", "relabel")
COLUMNS = ("path", "label", "action", "becomes", "why", "score")


def read(path):
    """What a table says: path -> None for a clip that is dropped, or its new labels.

    Raises:
        KwsclsError: it is missing or lacks a column, an action is unknown, or a relabelled clip has no new label.
    """
    path = Path(path)
    if not path.is_file():
        raise KwsclsError("does not exist", path, "python -m kwscls.suspects writes such a table")
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if not {"path", "action"} <= set(rows.fieldnames or ()):
            raise KwsclsError("has no columns path and action", path, f"its first line is {','.join(COLUMNS)}")
        found = {}
        for number, row in enumerate(rows, 2):
            action, becomes = row["action"].strip(), (row.get("becomes") or "").strip()
            if action not in ACTIONS:
                raise KwsclsError(f"the action {action!r} is none of {', '.join(ACTIONS)}", f"{path}:{number}")
            if action == "relabel" and not becomes:
                raise KwsclsError("a relabelled clip needs a label in the column becomes", f"{path}:{number}")
            if action != "keep":
                found[row["path"].strip()] = None if action == "drop" else tuple(becomes.split(";"))
    return found


def corrected(clips, table, where=None):
    """Clips as a table wants them.

    Args:
        clips: a list of `Recording`.
        table: what `read` returned; a path in it is the end of a clip's path, folders and all.
        where: the table's file, for errors.

    Returns:
        The clips that stay, in order.

    Raises:
        KwsclsError: the table touches a test clip.
    """
    made = []
    for clip in clips:
        key = next((key for key in _endings(clip.path) if key in table), None)
        if key and clip.split == "test":
            raise KwsclsError("is a test clip, and tests stay as they are", f"{where}: {key}", "take its line out")
        if key is None:
            made.append(clip)
        elif table[key] is not None:
            made.append(dataclasses.replace(clip, labels=table[key]))
    return made


def _endings(path):
    """A path and its ends, the longest first, with a folder at least."""
    parts = path.parts
    return [path.as_posix(), *("/".join(parts[start:]) for start in range(1, len(parts) - 1)), path.name]
