"""All recordings of a corpus converted, each on its own: by threads of this process, or by workers of Apache Beam."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kwscls import console
from kwscls.data import convert, storage, tasks, unfinished

PIECE = 256
"""Recordings that a worker of Beam converts in one go."""


def convert_all(recordings, names, clips, chosen):
    """Convert what is not converted yet.

    Args:
        recordings: a list of `Recording`.
        names: of each, its path in the prepared folder; a dict by the recording's path.
        clips: the folder or address under which the WAV files come.
        chosen: a `PrepareSettings`.

    Returns:
        A dict by the recording's path of what `convert.convert` found; one that cannot be used has but `why`.
    """
    if chosen.runner:
        return _by_beam(recordings, names, clips, chosen)
    done = unfinished.done(clips)
    waiting = [one for one in recordings if names[one.path] not in done]
    if len(waiting) < len(recordings):
        console.say(f"{len(recordings) - len(waiting)} of {len(recordings)} clips are there already")

    workers = chosen.workers or min(8, os.cpu_count() or 1)
    with open(clips / unfinished.JOURNAL, "a", encoding="utf-8") as journal, \
            console.progress(transient=True) as bar, ThreadPoolExecutor(workers) as pool:
        task = bar.add_task("preparing", total=len(waiting))
        try:
            for one, fact in zip(waiting, pool.map(lambda one: convert_one(*_row(one, names, chosen), clips), waiting)):
                done[names[one.path]] = fact
                with unfinished.disk(clips):
                    journal.write(json.dumps([names[one.path], fact]) + "\n")
                    journal.flush()
                bar.advance(task)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {one.path: done[names[one.path]] for one in recordings}


def convert_one(path, name, rate, shortest, longest, clips):
    """Convert a recording to the WAV file `name` under `clips`; what was found, see `convert.convert`."""
    return convert.convert(path, Path(clips) / name, rate, shortest, longest)


def convert_piece(piece):
    """Convert the recordings of a piece of work: a dict with `clips` and `rows`, each the other arguments of `convert_one`."""
    return [convert_one(*row, piece["clips"]) for row in piece["rows"]]


def _row(one, names, chosen):
    """The arguments of `convert_one` for a recording."""
    return (storage.address(one.path), names[one.path], chosen.rate, chosen.min_seconds,
            None if one.noise else chosen.max_seconds)


def _by_beam(recordings, names, clips, chosen):
    place = storage.address(clips if storage.is_remote(clips) else clips.absolute())
    starts = range(0, len(recordings), PIECE)
    pieces = {f"convert-{start // PIECE:06d}": {"clips": place, "rows": [
        _row(one, names, chosen) for one in recordings[start:start + PIECE]]} for start in starts}
    made = tasks.work(convert_piece, pieces, Path(place) / unfinished.TASKS, "preparing", chosen.runner, chosen.runner_options)
    found = [fact for name in pieces for fact in made[name]]
    return {one.path: fact for one, fact in zip(recordings, found, strict=True)}
