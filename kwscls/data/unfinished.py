"""A folder in the making: `.NAME.unfinished` beside its place, worked on by one process at a time, and gone on with."""

import contextlib
import fcntl
import json
import os
import shutil

from kwscls import console, files
from kwscls.errors import KwsclsError

PLAN, JOURNAL, TASKS, SOURCE = "plan.json", "done.jsonl", "tasks", "source"


def begin(scratch, fingerprint):
    """An empty scratch folder, or the one that an interrupted run of the same kind left."""
    plan = scratch / PLAN
    with disk(scratch):
        if scratch.exists() and not (plan.is_file() and plan.read_text() == fingerprint):
            shutil.rmtree(scratch)
        scratch.mkdir(exist_ok=True)
        _remove_half_written(scratch)
        files.write_text(plan, fingerprint)


def _remove_half_written(scratch):
    """Take away what an interrupted run was writing; what an archive held is left as it was."""
    for entry in list(scratch.iterdir()):
        if entry.name.startswith(".") and entry.is_dir():  # a half-unpacked archive
            shutil.rmtree(entry)
        elif entry.name.startswith("."):
            entry.unlink()
        elif entry.is_dir() and entry.name != SOURCE:
            for path in entry.rglob(".*"):
                path.unlink()


def done(scratch):
    """The clips that an earlier, unfinished run has made: name to facts."""
    found = {}
    if (scratch / JOURNAL).is_file():
        for line in (scratch / JOURNAL).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # a line that was being written when the run ended
                name, fact = json.loads(line)
                if "why" in fact or (scratch / name).is_file():
                    found[name] = fact
    return found


@contextlib.contextmanager
def alone(out):
    """Let only one process at a time prepare a folder; a second one waits, and then finds it prepared."""
    path = out.parent / f".{out.name}.lock"
    while True:
        with disk(out):
            lock = open(path, "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say(f"{out}: another process is preparing it; waiting for that")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(os.fstat(lock.fileno()), path.stat()):
            break
        lock.close()  # the one that held it has taken it away
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def disk(place):
    """Tell in one line that the disk does not take what is written; what was made so far is kept."""
    try:
        yield
    except OSError as error:
        raise KwsclsError(f"cannot be written: {(error.strerror or str(error)).lower()}", place,
                          "mend that and run it again: it goes on from here") from error
