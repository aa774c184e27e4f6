"""Where a run lies: in a folder beside its own until it is whole, from where it goes on, and to whom its workers listen."""

import contextlib
import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

from kwscls import console, devices, files
from kwscls import settings as settings_room
from kwscls.errors import KwsclsError
from kwscls.evaluation.run import METRICS
from kwscls.training.keeper import CHECKPOINT

RAMP = "learning_rate.json"
"""The file in which a run keeps how its learning rate was found."""

KEPT = (CHECKPOINT, RAMP)
"""From what a run that was killed goes on."""


def default_name(settings):
    """What a run is called when nothing is said."""
    return settings.model + ("-folds" if settings.folds else "-seeds" if settings.seeds > 1 else "")


def place_of(settings):
    """The folder that a run is to be."""
    return Path(settings.out or Path("export") / default_name(settings))


def unfinished_folder(out):
    """Where a run lies until it is whole.

    Raises:
        KwsclsError: the run's folder has no name of its own, as "." and "..".
    """
    if out.name in ("", ".."):
        raise KwsclsError("is no name of a run", f"--out {out}", "name a folder to be, such as export/words")
    return out.with_name(f"{out.name}.unfinished")


def open_run(out, settings):
    """Make the place of a run, or find the one to go on with.

    Returns:
        The settings: those stored with the run when it is resumed, else those given.

    Raises:
        KwsclsError: a run is there already, or none is there to be resumed.
    """
    unfinished = unfinished_folder(out)
    if len(devices.workers()) > 1 and not (unfinished / "settings.json").is_file():
        settings = dataclasses.replace(settings, resume=False)  # who restarts workers says the same words each time
    if settings.resume:
        if not (unfinished / "settings.json").is_file():
            raise KwsclsError("there is no unfinished run to resume", out, "leave out --resume to begin one")
        console.say(f"resuming {out} with the settings stored in it")
        return going_on(out, settings)
    if out.exists() and not settings.overwrite:
        raise KwsclsError("exists already", out, "choose another --out, or --overwrite to replace it")
    check_replaceable(out)
    if is_begun(unfinished) and not settings.overwrite:
        raise KwsclsError("an unfinished run lies here", unfinished, "--resume goes on with it, --overwrite begins anew")
    shutil.rmtree(unfinished, ignore_errors=True)
    return settings


def going_on(out, settings):
    """The settings of a run: those stored with it where it is there and to be resumed, else those given."""
    kept = unfinished_folder(out) / "settings.json"
    if not settings.resume or not kept.is_file():
        return settings
    names = [field.name for field in dataclasses.fields(settings)]
    return settings_room.from_dict(type(settings), {
        **{name: value for name, value in files.read_json(kept).items() if name in names}, "resume": True})


def check_replaceable(out):
    """Refuse to put a run where something else is.

    Raises:
        KwsclsError: the place is taken by what is neither a run nor an empty folder.
    """
    if not out.exists() or any((out / name).is_file() for name in ("settings.json", METRICS)):
        return
    if not out.is_dir() or any(out.iterdir()):
        raise KwsclsError("exists already and is no run, so it is not replaced", out, "choose another --out")


def is_begun(unfinished):
    """Whether a folder holds anything that a run could go on from."""
    return any(found for name in (CHECKPOINT, METRICS) for found in unfinished.rglob(name))


@contextlib.contextmanager
def leaving_nothing(unfinished):
    """Remove the place of a run that is refused in the block, unless it could go on from there."""
    try:
        yield
    except KwsclsError:
        if not is_begun(unfinished):
            shutil.rmtree(unfinished, ignore_errors=True)
        raise


def tell_workers(folder, settings, strategy):
    """Let the other workers of a job have the chief's settings and what it goes on from."""
    devices.bytes_from_chief(strategy, json.dumps(settings_room.as_dict(settings)).encode())
    for name in KEPT:
        devices.bytes_from_chief(strategy, (folder / name).read_bytes() if (folder / name).exists() else b"")


def join(settings, strategy, work):
    """Do what the chief of a job does, and leave nothing: the part of every other worker.

    Args:
        settings: of the verb; the chief's take their place.
        strategy: the job's.
        work: a function of a folder, the settings and the strategy.
    """
    settings = settings_room.from_dict(type(settings), json.loads(devices.bytes_from_chief(strategy)))
    with tempfile.TemporaryDirectory() as room:
        for name in KEPT:
            if kept := devices.bytes_from_chief(strategy):
                files.write_bytes(Path(room) / name, kept)
        work(Path(room), settings, strategy)
    devices.wait(strategy)
