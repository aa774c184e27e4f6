"""Label tracks of Audacity: beside a recording lies a text of the same name; a line is start, end and label, with tabs between."""

import collections
import re
from pathlib import Path

from kwscls.data import parts
from kwscls.data.manifest import Recording
from kwscls.errors import KwsclsError

LINE = re.compile(r"(\d+[.,]?\d*)\t(\d+[.,]?\d*)\t([^\t]*)")


def recordings(sounds):
    """The parts of recordings that label tracks beside them name, those of a recording in one group.

    Labels without a length mark a place, and nothing can be cut there: they are left out, as are recordings without a track.

    Args:
        sounds: paths of sound files.

    Raises:
        KwsclsError: a line of a track has no label.
    """
    made, stems = [], collections.Counter(sound.stem for sound in sounds)
    for sound in sounds:
        track = sound.with_suffix(".txt")
        for number, (start, end, label) in enumerate(_lines(track), 1):
            if not label.strip():
                raise KwsclsError("has no label", f"{track}:{number}", "write one, or delete the line")
            if start < end:
                group = sound.stem if stems[sound.stem] == 1 else f"{sound.parent.name}/{sound.stem}"
                made.append(Recording(Path(parts.part(sound, start, end)), (label.strip(),), group=group))
    return made


def _lines(track):
    """Start, end and label of all lines of a track; none of a file that is missing or something else."""
    if not track.is_file():
        return []
    lines = [line for line in track.read_text(encoding="utf-8-sig", errors="replace").splitlines()
             if line.strip() and not line.startswith("\\")]  # a backslash begins the frequencies of the label before
    found = [LINE.fullmatch(line) for line in lines]
    return [(*(float(time.replace(",", ".")) for time in one.group(1, 2)), one[3]) for one in found] if all(found) else []
