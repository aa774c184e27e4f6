"""Parts of recordings: a stretch of a file is called like the file, with its seconds before the suffix: `walk@1.500-3.000.wav`."""

import re
from pathlib import Path

from kwscls.data import storage
from kwscls.errors import KwsclsError

FORM = re.compile(r"(?P<stem>.+)@(?P<start>\d+\.\d{3})-(?P<end>\d+\.\d{3})(?P<suffix>\.\w+)")


def part(path, start, end, where=None):
    """The path of a stretch of a recording.

    Args:
        path: the recording's, as text.
        start, end: in seconds, as a table gives them.
        where: the place of the row, for errors.

    Raises:
        KwsclsError: they are no seconds, or the end is not behind the start.
    """
    try:
        first, last = float(start), float(end)
    except (TypeError, ValueError) as error:
        raise KwsclsError(f"the part from {start!r} to {end!r} is not in seconds", where) from error
    if not 0 <= first < last < 1e9:
        raise KwsclsError(f"the part from {start} to {end} is none: its end must be behind its start", where)
    path = Path(path)
    return str(path.with_name(f"{path.stem}@{first:.3f}-{last:.3f}{path.suffix}"))


def parted(path):
    """The file behind a path, and the stretch of it that is meant in seconds, or None for the whole of it."""
    path = Path(path)
    found = FORM.fullmatch(path.name)
    if not found or storage.exists(path):
        return path, None
    return path.with_name(found["stem"] + found["suffix"]), (float(found["start"]), float(found["end"]))


def cut(waveform, rate, stretch, where):
    """The stretch of a waveform, float32 [samples], that is meant; what lies behind its end is not there.

    Raises:
        KwsclsError: it begins behind the end of the recording.
    """
    if stretch is None:
        return waveform
    start, end = (round(seconds * rate) for seconds in stretch)
    if start >= len(waveform):
        raise KwsclsError(f"begins behind the end of the recording, which is {len(waveform) / rate:.3f} s long", where)
    return waveform[start:end]
