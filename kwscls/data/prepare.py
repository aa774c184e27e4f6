"""Any recordings brought into the one form that training reads:

    NAME/{train,validation,test}/LABEL/CLIP.wav   16-bit mono WAV of one rate
    NAME/noise/CLIP.wav                           recordings without a class
    NAME/manifest.csv  report.json  balance.png   what is in it, and what was found
    NAME/unreadable.csv                           what could not be used, if there was any

or packed into shards, see `shards`. The folder appears whole or not at all. While it is made it is called
`.NAME.unfinished`, and whoever comes again with the same recordings and settings goes on from there.
"""

import csv
import dataclasses
import functools
import hashlib
import io
import json
import shutil
from pathlib import Path

from kwscls import console, files, settings
from kwscls.data import (clip_names, convert, converting, corpora, corrections, duplicates, extra_labels, findings, manifest,
                         refusals, shards, sources, splits, storage, tasks, unfinished)
from kwscls.errors import KwsclsError

FORM = 7  # raise it when the same recordings would be prepared otherwise than before
REPORT, UNREADABLE = "report.json", "unreadable.csv"
SUSPECTS = "suspects.csv"  # what `suspects` leaves in a prepared folder, and people edit
NOT_CHOICES = ("data", "source", "out", "workers", "runner", "runner_options", "overwrite", "json", "leak")
"""Settings that do not change what is made."""


def ready(data, out=None, **changes):
    """A prepared folder for whatever `data` names; what was prepared before is used again if nothing changed.

    Args:
        data: a prepared folder (used as it is), the address of shards (their tables are copied), a folder of class
            folders, a manifest, an archive, or a corpus' name.
        out: where the prepared folder is to be; `data/NAME` in the current directory when None.
        **changes: settings of `PrepareSettings` that differ from those it was prepared with, or from the defaults.

    Returns:
        Its path.

    Raises:
        KwsclsError: there is no such data, or it cannot be prepared.
    """
    if is_prepared(data):
        return Path(data)
    if storage.is_remote(data) and not Path(data).suffix:
        return shards.copied(data, out or Path("data") / Path(data).name)
    source = sources.find(data, changes.get("source"))
    out = Path(out) if out else default_folder(source)
    before = _report(out)
    known = {field.name for field in dataclasses.fields(settings.PrepareSettings)}
    kept = {key: value for key, value in before["settings"].items() if key in known} if before else {}
    chosen = settings.from_dict(settings.PrepareSettings, {**kept, **changes, "data": str(data), "out": str(out)})
    prepare(dataclasses.replace(chosen, overwrite=bool(before)), source)
    return out


def is_prepared(folder):
    """Whether a folder was made by `prepare`."""
    return _report(Path(folder)) is not None


def default_folder(source):
    """`data/NAME` below the current directory, or a longer name where that is taken by something else."""
    place = _place(source)
    mark = clip_names.mark(place)
    folders = [Path("data") / name for name in (source.name, f"{source.name}-prepared", f"{source.name}-{mark}")]
    return next((folder for folder in folders if not folder.exists() or (_report(folder) or {}).get("source") == place),
                folders[-1])


def folder_of(chosen, source=None):
    """The folder of this machine that a `PrepareSettings` prepares; of shards elsewhere it holds the tables."""
    if chosen.out and not storage.is_remote(chosen.out):
        return Path(chosen.out)
    if chosen.out:
        return Path("data") / Path(chosen.out).name
    return default_folder(source or sources.find(chosen.data, chosen.source))


def prepare(chosen, source=None):
    """Prepare recordings as a `PrepareSettings` says.

    Returns:
        The report: a dict, as it stands in `report.json`.

    Raises:
        KwsclsError: there is nothing to prepare, the folder exists and is something else, or the disk is full.
    """
    source = source or sources.find(chosen.data, chosen.source)
    out = files.settled(folder_of(chosen, source))
    elsewhere = Path(chosen.out) if chosen.out and storage.is_remote(chosen.out) else None
    refusals.require_apart(source, out)
    if elsewhere:
        storage.require(elsewhere)
        if not chosen.shards:
            raise KwsclsError("takes shards only", storage.address(elsewhere), "add --shards")
    with unfinished.disk(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.alone(out):
        scratch = out.parent / f".{out.name}.unfinished"
        recordings = None if source.packed else source.recordings(chosen.pattern, chosen.label_column)
        if out.exists():
            refusals.require_outside(source, recordings or (), out)
        choices = _choices(chosen, source)
        mended = chosen.corrections and files.sha256(_there(chosen.corrections))
        stamp = [FORM, source.stamp(recordings), choices, *([mended] if mended else ()),
                 *([storage.address(elsewhere)] if elsewhere else ())]
        fingerprint = hashlib.sha256(json.dumps(stamp).encode()).hexdigest()
        before = _report(out)
        if before and before["fingerprint"] == fingerprint and _complete(out):
            console.say(f"{out}: prepared before, and nothing changed since")
            return before
        if out.exists() and not chosen.overwrite:
            raise KwsclsError("was prepared with other settings or from other recordings" if before else
                              "exists and is no prepared folder", out,
                              "choose another --out, or pass --overwrite to replace it")
        console.say(f"{source.name}: preparing {_place(source)} as {storage.address(elsewhere or out)}")
        unfinished.begin(scratch, fingerprint)
        if recordings is None:
            recordings = source.recordings(chosen.pattern, chosen.label_column, scratch)
        clips = elsewhere.with_name(f"{elsewhere.name}.unfinished") if elsewhere and chosen.runner else scratch
        report = _fill(scratch, clips, elsewhere, recordings, choices, chosen, source)
        report = {"kwscls": "prepared", "fingerprint": fingerprint, **report}
        files.write_json(scratch / REPORT, report)
        for left in (unfinished.SOURCE, unfinished.PLAN, unfinished.JOURNAL, unfinished.TASKS):
            shutil.rmtree(scratch / left) if (scratch / left).is_dir() else (scratch / left).unlink(missing_ok=True)
        if elsewhere:
            for name in shards.TABLES:
                storage.write(elsewhere / name, (scratch / name).read_bytes())
        _take_along(out, scratch, chosen.corrections, source)
        files.replace_folder(scratch, out)
    for warning in report["warnings"]:
        console.say(f"note: {warning}")
    console.wrote(out, *([storage.address(elsewhere)] if elsewhere else ()))
    return report


def _fill(scratch, clips, elsewhere, recordings, choices, chosen, source):
    """Make everything but the report, and return that.

    Args:
        scratch: the folder in the making.
        clips: the folder or address under which the WAV files come; `scratch`, if it is of this machine.
        elsewhere: the address of the shards, or None.
    """
    recordings, how, missing = _split(recordings, choices, chosen)
    names = clip_names.of(recordings)
    facts = converting.convert_all(recordings, names, clips, chosen)
    unreadable = [{"path": console.printable(storage.address(one.path)), "why": facts[one.path]["why"]}
                  for one in recordings if "why" in facts[one.path]]
    kept = [one for one in recordings if "why" not in facts[one.path]]
    refusals.require_some(kept, unreadable, _place(source))
    kept, dropped, doubles, contradictions = duplicates.without_duplicates(kept, facts, names)
    for one in dropped:
        storage.remove(clips / names[one.path])
    refusals.require_splits(kept, unreadable, dropped)
    if choices["silence"] and any(extra_labels.SILENCE in one.labels for one in kept):
        console.say(f"note: {extra_labels.SILENCE} is there already, so none is cut from noise")
    elif choices["silence"]:
        kept += _add_silences(clips, kept, facts, names, choices["silence"], chosen)
    manifest.labels_of(kept)
    refusals.require_same_labels(kept)

    entry = corpora.CORPORA.get(source.corpus)
    report = {
        "name": source.name, "source": _place(source), "rate": chosen.rate, "how": how,
        "settings": {key: value for key, value in settings.as_dict(chosen).items() if key in choices},
        **findings.findings(kept, facts, names), "unreadable": unreadable, "duplicates": doubles,
        "contradictions": contradictions, "missing_labels": missing,
        "published_clips": entry.clips if entry and not chosen.labels else 0,
        "licence": chosen.licence or (entry.licence if entry else None), "citation": entry.citation if entry else None,
        "archive_sha256": source.checksum(),
    }
    report["warnings"] = findings.warnings(report)
    if unreadable:
        _write_unreadable(scratch / UNREADABLE, unreadable)
    kept = [dataclasses.replace(one, seconds=facts[one.path]["seconds"]) for one in kept]
    words = [one for one in kept if not one.noise]
    findings.draw(report, [one.seconds for one in words], scratch / "balance.png")
    if chosen.shards:
        _pack(scratch, clips, elsewhere, kept, names, report, chosen)
    else:
        words = [dataclasses.replace(one, path=scratch / names[one.path]) for one in words]
        manifest.write(scratch / "manifest.csv", sorted(words, key=lambda one: one.path))
    return report


def _split(recordings, choices, chosen):
    """The recordings that are wanted, each with its split and labels; how they were split; and wanted labels without any."""
    if chosen.corrections:  # tables of a prepared folder name clips by their place in it
        names = clip_names.of(_split(recordings, choices, dataclasses.replace(chosen, corrections=None))[0])
        recordings = corrections.corrected(recordings, corrections.read(chosen.corrections), chosen.corrections, names)
    refusals.require_text(manifest.labels_of(recordings))
    rule = splits.Rule(chosen.split, chosen.validation, chosen.test, chosen.group, chosen.test_fold,
                       chosen.validation_fold)
    sounds = [one for one in recordings if one.path.suffix.lower() not in manifest.NO_SOUNDS]
    others = [dataclasses.replace(one, split=one.split or "train") for one in recordings
              if sounds and one.path.suffix.lower() in manifest.NO_SOUNDS]
    recordings, how = splits.split(sounds or recordings, rule)
    recordings += others  # the converting tells what they are
    missing = []
    if choices["labels"]:
        labels, missing = _wanted(choices["labels"], recordings, asked=bool(chosen.labels))
        recordings = extra_labels.choose(recordings, labels, choices["unknown"], chosen.seed)
    elif choices["unknown"]:
        raise KwsclsError("it needs the words that are wanted", "--unknown", "name them with --labels")
    refusals.require_same_labels(recordings)
    refusals.require_splits(recordings)
    return recordings, how, missing


def _pack(scratch, clips, elsewhere, kept, names, report, chosen):
    """Pack the converted clips into shards, write their tables, and take the WAV files away."""
    place = storage.address(elsewhere or scratch.absolute())
    sizes = {one.path: convert.HEADER + 2 * round(one.seconds * chosen.rate) for one in kept}
    plans = shards.arrange(kept, names, sizes, chosen.shard_megabytes)
    write = functools.partial(shards.write_shard, clips=storage.address(clips if elsewhere else clips.absolute()), place=place,
                              labels=sorted(report["labels"]))
    made = tasks.work(write, {plan["file"]: plan for plan in plans}, clips / unfinished.TASKS, "packing", chosen.runner,
                      chosen.runner_options, chosen.workers)
    lengths = [one.seconds for one in kept if one.split == "train" and not one.noise]
    noises = sorted(names[one.path] for one in kept if one.noise)
    shards.write_tables(scratch, plans, [made[plan["file"]] for plan in plans], report, lengths, noises,
                        elsewhere and storage.address(elsewhere))
    for name in noises if elsewhere else ():
        for target in (scratch, elsewhere):
            storage.write(target / name, storage.read(clips / name))
    for name in manifest.SPLITS:
        shutil.rmtree(scratch / name, ignore_errors=True)
    if clips != scratch:
        storage.remove_folder(clips)


def _write_unreadable(path, unreadable):
    """Write the list of recordings that could not be used."""
    text = io.StringIO()
    table = csv.DictWriter(text, ("path", "why"), lineterminator="\n")
    table.writeheader()
    table.writerows(unreadable)
    files.write_text(path, text.getvalue())


def _add_silences(clips, kept, facts, names, silence, chosen):
    """Cut `_silence_` from the noises; the new recordings."""
    noises = [convert.read_wav(clips / name) for name in sorted(names[one.path] for one in kept if one.noise)]
    counts = extra_labels.silence_counts(kept, silence)
    made = []
    for split, name, samples in extra_labels.silences(noises, counts, chosen.rate, chosen.silence_seconds, chosen.seed):
        path = clips / split / extra_labels.SILENCE / f"{name}.wav"
        storage.write(path, convert.wav_bytes(samples, chosen.rate))
        made.append(manifest.Recording(path, (extra_labels.SILENCE,), split))
        names[path] = path.relative_to(clips).as_posix()
        facts[path] = {"seconds": len(samples) / chosen.rate, "rate": chosen.rate, "channels": 1,
                       "decoder": "cut from noise", "peak": 1.0, "clipped": 0.0}
    return made


def _choices(chosen, source):
    """The settings that change what is made, those of a corpus' own table where nothing else is said."""
    values = {key: value for key, value in settings.as_dict(chosen).items() if key not in NOT_CHOICES}
    for name in ("corrections", "label_column", "licence", "shards"):
        if not values[name]:
            del values[name]  # what was prepared before there were any stays as it is
    if not chosen.shards:
        del values["shard_megabytes"]
    entry = corpora.CORPORA.get(source.corpus)
    if entry and not values["labels"]:
        values["labels"] = list(entry.labels)
        values["unknown"] = entry.unknown if values["unknown"] is None else values["unknown"]
        values["silence"] = entry.silence if values["silence"] is None else values["silence"]
    return values


def _there(table):
    if not Path(table).is_file():
        raise KwsclsError("does not exist", f"--corrections {table}", "python -m kwscls.suspects writes such a table")
    return table


def _take_along(old, scratch, corrections, source):
    """Copy what people have edited in an older prepared folder, which is going to be replaced: tables of suspects.

    Those of other recordings are not about what takes their place, unless they are asked for.
    """
    of_these = (_report(old) or {}).get("source") == _place(source)
    for table in {*([old / SUSPECTS] if of_these else ()), *([Path(corrections)] if corrections else ())}:
        if table.is_file() and table.resolve().is_relative_to(old.resolve()):
            files.write_bytes(scratch / table.resolve().relative_to(old.resolve()), table.read_bytes())


def _wanted(labels, recordings, asked):
    """Which of the wanted labels are there, and which are not, which is an error if they were asked for."""
    there = manifest.labels_of(recordings)
    missing = [label for label in labels if label not in there]
    if missing and (asked or len(missing) == len(labels)):
        raise KwsclsError("no recording has this label", missing[0], f"there are {', '.join(there)}")
    return [label for label in labels if label in there], missing


def _complete(out):
    """Whether all clips of the manifest are still there."""
    if shards.is_sharded(out):
        return shards.complete(out)
    return (out / "manifest.csv").is_file() and all(one.path.is_file() for one in manifest.read(out / "manifest.csv"))


def _report(folder):
    """The report of a prepared folder, or None."""
    path = Path(folder) / REPORT
    if not path.is_file():
        return None
    try:
        report = files.read_json(path)
    except KwsclsError:
        return None
    return report if isinstance(report, dict) and report.get("kwscls") == "prepared" else None


def _place(source):
    return str(source.place) if source.place else corpora.corpus(source.corpus).url
