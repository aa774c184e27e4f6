"""Cross-validation: folds of a prepared folder, each a prepared folder of its own whose clips are links, not copies."""

import collections
import dataclasses
import hashlib
import os
import re
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.data import corrections, manifest, prepare, splits, stratified
from kwscls.data.prepared import read_bytes
from kwscls.errors import KwsclsError

MOST_GROUPS = 50  # that are taken as a fold each
ENOUGH_GROUPS = 10  # among the clips to learn from, for validation to get groups of its own
CORRECTIONS = "corrections.csv"  # of a fold: the given table's rows, by the places that its clips have there
SHARE = 0.1  # of the clips to learn from that validate


def fold_names(clips, kind):
    """The fold in which each clip is tested.

    Args:
        clips: a list of `Recording`.
        kind: "given" by the manifest; "group", each speaker or other group a fold; or a number of folds, over which whole
            groups are spread evenly.

    Returns:
        A list of names, one a clip.

    Raises:
        KwsclsError: there are no such folds.
    """
    if kind == "given":
        if not all(clip.fold for clip in clips):
            raise KwsclsError("the manifest gives no folds", "--folds given", "write a column named fold, or ask for a number")
        names = [clip.fold for clip in clips]
    elif kind == "group":
        if not all(clip.group for clip in clips):
            raise KwsclsError("not every clip has a speaker or group", "--folds group",
                              "write a column named speaker or group, or prepare with --group")
        names = [clip.group for clip in clips]
        if len(set(names)) > MOST_GROUPS:
            raise KwsclsError(f"{len(set(names))} groups are too many for a fold each", "--folds group",
                              "ask for a number: --folds 5")
    elif kind.isdigit() and int(kind) > 1:
        names = [str(fold + 1) for fold in splits.folds(clips, int(kind), given=False)]
    else:
        raise KwsclsError("is neither given, group nor a number of folds", f"--folds {kind}", "such as --folds 5")
    if len(set(names)) < 2:
        raise KwsclsError("there is one fold only", f"--folds {kind}")
    return names


def make_folds(prepared, kind, table=None):
    """Prepared folders of each fold, beside the folder that they are of.

    In each, the clips of one fold are the test; of the others a tenth validates: whole groups where there are enough.

    Args:
        prepared: a prepared folder; its own splits play no part.
        kind: as of `fold_names`.
        table: corrections of its clips, see `corrections`; each fold gets those of the clips that it does not test.

    Returns:
        name -> path of each fold, in the natural order of names.

    Raises:
        KwsclsError: there are no such folds, the disk does not take them, or the corrections are not as they should be.
    """
    prepared = Path(prepared)
    clips = manifest.read(prepared / "manifest.csv")
    names = fold_names(clips, kind)
    told = corrections.corrected(clips, corrections.read(table), table) if table else clips
    labels = {clip.path: clip.labels for clip in told}  # dropped ones have none
    wanted = {clip.path: f"{clip.labels[0]}/{clip.path.name}" for clip in clips}
    often = collections.Counter(wanted.values())
    for clip in clips:
        if often[wanted[clip.path]] > 1:  # once in each of the old splits
            wanted[clip.path] = f"{clip.labels[0]}/{clip.split}-{clip.path.name}"
    made = {}
    for name in sorted(set(names), key=splits.natural):
        place = prepared.parent / f"{prepared.name}-folds-{kind}" / _folder_name(name)
        made[name] = place
        parts = _parts(clips, [one == name for one in names])
        with files.writing_folder(place, overwrite=True) as beside:
            for clip, part in zip(clips, parts):
                _link(clip.path, beside / part / wanted[clip.path])
            for noise in sorted((prepared / "noise").glob("*.wav")):
                _link(noise, beside / "noise" / noise.name)
            manifest.write(beside / "manifest.csv", [
                dataclasses.replace(clip, path=beside / part / wanted[clip.path], split=part)
                for clip, part in zip(clips, parts)])
            if table:
                corrections.write(beside / CORRECTIONS, [
                    corrections.row(f"{part}/{wanted[clip.path]}", labels.get(clip.path)) for clip, part in zip(clips, parts)
                    if part != "test" and labels.get(clip.path) != clip.labels])
            report = {**files.read_json(prepared / prepare.REPORT), "fingerprint": None, "how": f"fold {name} is test",
                      "clips": {part: parts.count(part) for part in manifest.SPLITS}}
            files.write_json(beside / prepare.REPORT, report)
    return made


def _folder_name(name):
    """What the folder of a fold is called: its name, or what can be kept of it and a piece of a hash."""
    kept = re.sub(r"[^\w.-]", "_", name)
    mark = hashlib.sha1(os.fsencode(name)).hexdigest()[:8]
    return kept if kept == name and name.strip(".") else f"{kept}-{mark}"


def _parts(clips, tested):
    """The split of each clip of a fold."""
    rest = [i for i in sorted(range(len(clips)), key=lambda i: str(clips[i].path)) if not tested[i]]
    groups = [clips[i].group or str(clips[i].path) for i in rest]
    if len(set(groups)) < ENOUGH_GROUPS:
        groups = [str(clips[i].path) for i in rest]
    labels = np.array([clips[i].labels[0] for i in rest])
    rarest = min(collections.Counter(labels.tolist()).values())
    if len(rest) < 4 or rarest < 2:
        raise KwsclsError("a fold leaves one clip of a label to learn from and to validate with", None, "record more")
    count = min(round(1 / SHARE), rarest)
    _, held = next(stratified.group_folds(labels, groups, count, seed=0))
    held = {rest[i] for i in held}
    return ["test" if tested[i] else "validation" if i in held else "train" for i in range(len(clips))]


def _link(source, target):
    """A second name of a file, or a copy where the disk knows no such thing or the clip lies in a shard."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        target.write_bytes(read_bytes(source))
