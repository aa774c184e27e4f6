"""The leak meter: how much better a probe seems when clips of one speaker or recording are on both sides of a split."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from kwscls import console
from kwscls.data import manifest, pipeline, splits
from kwscls.errors import KwsclsError
from kwscls.evaluation import intervals, probe

MOST = 4000
"""Clips that are looked at; of more, whole groups are drawn."""

ALIKE = 0.98
"""The correlation of two clips' features from which on they count as pieces of one sound."""

FLATTERS = 0.02
"""The gap from which on a split by clip is said to flatter."""


def measure(folder, seed=0):
    """Compare a probe's accuracy under a random and under a group split of prepared clips.

    Args:
        folder: a prepared folder. Groups are those of its manifest (given, or told from the names); where there are none,
            clips that sound nearly the same are one.
        seed: of both splits and of the intervals.

    Returns:
        A dict for JSON: `clips` (those of labels with at least two), `groups` (how many), `how` they are known, `random` and
        `grouped`, the accuracies, each also with `_interval`; `gap`, and `shared`, how many groups the folder's own splits
        share. What cannot be measured, as without any groups or with too few clips, is None.

    Raises:
        KwsclsError: the folder was not prepared, or holds no clip.
    """
    folder = Path(folder)
    clips = _some(manifest.read(folder / "manifest.csv"), seed)
    samples, rate = pipeline.clip_length(folder / "train")
    seen = probe.features([clip.path for clip in clips], rate, samples)
    names = sorted({clip.labels[0] for clip in clips})
    truth = np.array([names.index(clip.labels[0]) for clip in clips])
    groups, how = [clip.group or f"clip {i}" for i, clip in enumerate(clips)], "as the manifest says or the names tell"
    if not any(clip.group for clip in clips):
        groups, how = alike(seen), "clips that sound nearly the same"
    shared = splits.shared([dataclasses.replace(clip, group=group) for clip, group in zip(clips, groups)])
    judged = np.flatnonzero(np.bincount(truth)[truth] > 1)
    seen, truth, groups = seen[judged], truth[judged], [groups[i] for i in judged]
    found = {"clips": len(judged), "groups": len(set(groups)), "how": how,
             **_accuracy("random", probe.out_of_fold(seen, truth, None, seed), truth, groups, seed),
             "grouped": None, "grouped_interval": None, "gap": None, "shared": len(shared)}
    if 1 < len(set(groups)) < len(judged):
        found |= _accuracy("grouped", probe.out_of_fold(seen, truth, groups, seed), truth, groups, seed)
    if found["grouped"] is not None:
        found["gap"] = found["random"] - found["grouped"]
    return found


def _accuracy(name, made, truth, groups, seed):
    """The accuracy of a probe's answers [clips, labels] and its interval; None for both where there is no probe."""
    if made is None:
        return {name: None, f"{name}_interval": None}
    right = made.argmax(axis=1) == truth
    return {name: float(right.mean()), f"{name}_interval": intervals.mean_interval(right, groups, seed=seed)}


def alike(seen):
    """Groups of clips that sound nearly the same, also by way of others.

    Args:
        seen: float [clips, features].

    Returns:
        A list of group names, one a clip; a clip like no other is a group of its own.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    normal = seen - seen.mean(axis=0)
    normal = normal - normal.mean(axis=1, keepdims=True)  # a louder copy is a copy
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    rows, columns = [], []
    for start in range(0, len(normal), 1000):
        row, column = np.nonzero(normal[start:start + 1000] @ normal.T > ALIKE)
        rows.append(row + start)
        columns.append(column)
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    _, places = connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), shape=2 * (len(seen),)))
    return [f"sound {place}" for place in places]


def show(found):
    """Print what was measured as a table and a sentence."""
    rows = [(words, f"{100 * found[name]:.1f} %", f"{100 * low:.1f} - {100 * high:.1f} %") for name, words in (
        ("random", "split by clip"), ("grouped", "split by group")) if found[name] is not None
        for low, high in [found[f"{name}_interval"]]]
    if rows:
        console.table(f"leak: a probe's accuracy on {found['clips']} clips of {found['groups']} groups, {found['how']}",
                      ("probe", "accuracy#", "95 % over groups#"), rows)
    console.say(verdict(found))


def verdict(found):
    """What the numbers mean, in a sentence."""
    if found["random"] is None:
        return "leak: not measured, a probe needs two labels of more clips"
    if found["gap"] is None and found["groups"] == found["clips"]:
        return "leak: no groups are known and no two clips sound nearly the same, so nothing can leak that is known of"
    if found["gap"] is None:
        said = "leak: not measured, without a group the others hold too little for a probe to learn from"
    elif found["gap"] > FLATTERS:
        said = f"leak: a split by clip flatters by {100 * found['gap']:.1f} points; keep groups apart (--split group)"
    else:
        said = f"leak: a split by clip changes the accuracy by {100 * found['gap']:.1f} points only"
    return said + (f"; {found['shared']} groups are in several of the splits made here" if found["shared"] else
                   "; the splits made here share no group")


def _some(clips, seed):
    """Clips of as many whole groups as `MOST` lets in."""
    if not clips:
        raise KwsclsError("there are no clips to measure a leak with")
    order = sorted(clips, key=lambda clip: hashlib.sha1(f"{seed} {clip.group or clip.path.name}".encode()).digest())
    chosen = {clip.path for clip in order[:MOST]}
    return [clip for clip in clips if clip.path in chosen]
