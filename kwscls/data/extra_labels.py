"""The two labels that a keyword task needs beside its words: `_unknown_` from other words, `_silence_` from noise."""

import collections
import dataclasses
import hashlib
import math
import zlib

import numpy as np

from kwscls.data import convert
from kwscls.data.manifest import SPLITS
from kwscls.errors import KwsclsError

UNKNOWN, SILENCE = "_unknown_", "_silence_"
LEVELS = (-40, 0)  # of a silence against its noise recording, in dB
PARTS = {"train": (0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1)}
"""The stretch of each noise recording that a split's silences are cut from: what is tested was not trained on."""

UNTRAINED = (PARTS["validation"][0], PARTS["test"][1])


def choose(recordings, labels, unknown, seed):
    """The recordings of some labels, and as many of the others as `unknown` asks for, under the label `_unknown_`.

    Args:
        recordings: with their splits.
        labels: the wanted labels.
        unknown: percent of the wanted recordings of each split.
        seed: decides which of the others; with it, the choice depends on names alone.

    Raises:
        KwsclsError: there are no others, but some are asked for.
    """
    wanted, others = [], []
    for one in recordings:
        kept = tuple(label for label in one.labels if label in labels)
        if kept or one.noise:
            wanted.append(one if one.noise else dataclasses.replace(one, labels=kept))
        elif SILENCE not in one.labels:  # which is no other word
            others.append(one)
    if not unknown:
        return wanted
    if not others:
        raise KwsclsError("there are no other words to make _unknown_ from", "--unknown",
                          "name the wanted words with --labels")
    for split in SPLITS:
        count = math.ceil(sum(one.split == split for one in wanted) * unknown / 100)
        of_split = sorted((one for one in others if one.split == split), key=lambda one: hashlib.sha1(
            f"{seed} {one.labels[0]}/{one.path.name}".encode("utf-8", "surrogateescape")).digest())
        wanted += [dataclasses.replace(one, labels=(UNKNOWN,)) for one in of_split[:count]]
    return wanted


def silences(noises, counts, rate, seconds, seed):
    """Stretches of noise at random places and levels, the same for the same seed.

    Args:
        noises: int16 arrays of noise.
        counts: how many for each split.
        rate: in Hz.
        seconds: how long each is; shorter where a noise is.
        seed: of places and levels.

    Yields:
        (split, name, int16 samples).

    Raises:
        KwsclsError: there is no noise.
    """
    noises = [noise for noise in noises if len(noise) >= 10]
    if not noises:
        raise KwsclsError("there are no noise recordings to cut _silence_ from", "--silence",
                          "put some into a folder named _background_noise_")
    for split, count in counts.items():
        for index in range(count):
            random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(f"{split} {index}".encode())]))
            noise = noises[index % len(noises)]
            first, last = (round(part * len(noise)) for part in PARTS[split])
            length = min(round(seconds * rate), last - first)
            start = first + random.integers(0, last - first - length + 1)
            level = 10 ** (random.uniform(*LEVELS) / 20)
            yield split, f"silence_{index:05d}", convert.to_pcm16(noise[start:start + length] / 32768 * level)


def silence_counts(recordings, silence):
    """How many silences each split needs, `silence` percent of its recordings of words."""
    counts = collections.Counter(one.split for one in recordings if not one.noise and UNKNOWN not in one.labels)
    return {split: math.ceil(counts[split] * silence / 100) for split in SPLITS}
