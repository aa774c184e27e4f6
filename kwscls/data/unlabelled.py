"""Recordings without labels: decoded once into one file of samples, from which training cuts clips at random."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kwscls import console
from kwscls.data.convert import convert, read_wav
from kwscls.data.manifest import SUFFIXES
from kwscls.errors import KwsclsError


def sounds(folder):
    """Every sound file below a folder, sorted; hidden files and folders are left out.

    Raises:
        KwsclsError: there is no such folder, or no sound file in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise KwsclsError("is no folder", folder, "give a folder of recordings")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
                   and not any(part.startswith(".") for part in path.relative_to(folder).parts))
    if not found:
        raise KwsclsError("holds no recordings", folder, f"it should hold {', '.join(SUFFIXES)} files")
    return found


def pack(paths, rate, target):
    """Bring recordings of any form to one rate, one behind the other in a file of int16 samples.

    Args:
        paths: sound files; those that cannot be read are told and left out.
        rate: in Hz.
        target: the file to write.

    Returns:
        int64 [recordings + 1], where in the file each recording begins; the last number is the file's length.

    Raises:
        KwsclsError: not one recording can be read.
    """
    starts, refused = [0], []
    with tempfile.TemporaryDirectory(dir=Path(target).parent) as room, open(target, "wb") as file, \
            ThreadPoolExecutor(os.cpu_count()) as pool, console.progress(transient=True) as bar:
        def work(numbered):
            number, path = numbered
            wav = Path(room) / f"{number}.wav"
            facts = convert(path, wav, rate)
            return path, wav, facts.get("why")

        task = bar.add_task("decoding", total=len(paths))
        for path, wav, why in pool.map(work, enumerate(paths)):
            if why:
                refused.append(f"{path} {why}")
            else:
                samples = read_wav(wav)
                file.write(samples.tobytes())
                starts.append(starts[-1] + len(samples))
                wav.unlink()
            bar.advance(task)
    if len(starts) == 1:
        raise KwsclsError(f"none of {len(paths)} recordings can be read; the first {refused[0]}")
    if refused:
        console.say(f"{len(refused)} of {len(paths)} recordings cannot be read; the first: {refused[0]}")
    return np.array(starts, np.int64)


class Crops:
    """Clips of one length, cut at random places out of packed recordings.

    A recording is drawn as often as its length says, one shorter than a clip as often as if it were one; it stands
    whole at the start of its clip, followed by zeros.

    Args:
        path: the file that `pack` wrote.
        starts: what `pack` returned.
        samples: a clip's length.
        seed: of the draws.
    """

    def __init__(self, path, starts, samples, seed=0):
        self.kept = np.memmap(path, "<i2", "r")
        self.starts, self.samples, self.seed = starts, samples, seed
        weights = np.maximum(np.diff(starts), samples).astype(np.float64)
        self._chances = np.cumsum(weights) / weights.sum()

    def __len__(self):
        return len(self.starts) - 1

    def batch(self, step, size):
        """The clips of a step, the same for the same step and seed.

        Args:
            step: which one.
            size: how many clips.

        Returns:
            Waveforms float32 [size, samples] and int32 [size], how many samples of each are real.
        """
        random = np.random.default_rng([self.seed, step])
        waveforms, real = np.zeros((size, self.samples), np.float32), np.zeros(size, np.int32)
        chosen = np.searchsorted(self._chances, random.random(size), side="right")
        for row, number in enumerate(chosen):
            start, end = self.starts[number], self.starts[number + 1]
            first = start + random.integers(0, max(end - start - self.samples, 0) + 1)
            piece = self.kept[first:min(first + self.samples, end)]
            waveforms[row, :len(piece)], real[row] = piece / np.float32(32768), len(piece)
        return waveforms, real
