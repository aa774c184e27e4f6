"""Recordings of background noise: sound files of any form, at one rate."""

from pathlib import Path

import numpy as np

from kwscls.data.convert import at_rate
from kwscls.data.decode import decode
from kwscls.data.extra_labels import PARTS
from kwscls.data.unlabelled import sounds
from kwscls.errors import KwsclsError

LONGEST = 60.0
"""Seconds that are taken of a recording, at most."""


def read_noises(folder, rate, part=(0, 1)):
    """The recordings below a folder, without the digital silence behind them; those that hold nothing else are left out.

    Args:
        folder: it holds sound files.
        rate: to bring them to, in Hz.
        part: the stretch of each that is taken, from one share of its length to another.

    Returns:
        float32 arrays [any] in [-1, 1], in the order of the files' paths.

    Raises:
        KwsclsError: there is no such folder, no sound file in it, or one that cannot be read.
    """
    found = []
    for path in sounds(folder):
        noise = at_rate(decode(path), rate)
        first, last = (round(place * len(noise)) for place in part)
        noise = noise[first:min(last, first + round(LONGEST * rate))]
        if noise.any():
            found.append(noise[:np.flatnonzero(noise)[-1] + 1])
    return found


def noises_of(prepared, rate, named=None, part=PARTS["train"]):
    """The noises of a named folder, or else those that a prepared one brings along, as `read_noises`; none where it has none.

    Of those brought along only `part` is taken: from the rest the silences of validation and test were cut.

    Raises:
        KwsclsError: as `read_noises`, or the named folder holds nothing but silence.
    """
    if named:
        found = read_noises(named, rate)
        if not found:
            raise KwsclsError("holds nothing but silence", named, "name a folder with recordings of noise")
        return found
    folder = Path(prepared) / "noise"
    return read_noises(folder, rate, part) if any(folder.rglob("*.wav")) else []
