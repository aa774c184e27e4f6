"""A training on recordings whose segments have labels: it fills the run's folder when the data is a table."""

import dataclasses
import functools
import math
import time
from pathlib import Path

from kwscls import console, devices, files, models
from kwscls import settings as settings_room
from kwscls.augment.change import augmentation, long_noise
from kwscls.data.frames import SPLITS, FrameClips, read
from kwscls.data.noises import noises_of
from kwscls.errors import KwsclsError
from kwscls.evaluation import tables
from kwscls.evaluation.run import evaluate
from kwscls.models.classifier import settle
from kwscls.training import freezing
from kwscls.training.choices import chosen_recipe, chosen_sizes, sizes_of_run, tell_idle
from kwscls.training.fit import fit
from kwscls.training.learner import learner
from kwscls.training.run import seed_everything, start_model, write_run

RATE = 16000
"""The sample rate in Hz to which recordings are brought."""

STILL = {"shift": 0.0, "speed": 0.0, "reverb": 0.0, "mixup": 0.0, "cutmix": 0.0}
"""Augmentation that moves or blurs what frames are labelled by, turned off."""


ABOUT_CLIPS = ("evened", "corrections", "teacher", "few_shot", "find_rate", "activation", "data_service")
"""Settings of training that segments have no use for."""


def fill_run(folder, settings, strategy):
    """Train a frame model on a table of segments, and write everything that a run holds into a folder, as the chief.

    Raises:
        KwsclsError: the model answers for clips, or the table is not as it should be.
    """
    started = time.monotonic()
    models.row(settings.model)
    recipe = dataclasses.replace(chosen_recipe(settings), **STILL)
    sizes = {**sizes_of_run(settings), **chosen_sizes(settings)}
    for name in (*ABOUT_CLIPS, *STILL):
        if getattr(settings, name):
            raise KwsclsError("is about clips, not about segments", f"--{name.replace('_', '-')}", "leave it out")
    table = Path(settings.data).resolve()
    talks = read(table)
    labels = sorted({segment.label for talk in talks for segment in talk.segments})
    samples = round(RATE * (settings.seconds or usual_seconds(talks)))
    seed_everything(settings)
    build = functools.partial(models.build, settings.model, labels, samples, sample_rate=RATE, **sizes)
    model = build()
    if not model.frame_step:
        raise KwsclsError("answers for clips, but the data has labels for segments", settings.model,
                          "take wav2vec2_frames, or make a clip of each: python -m kwscls.prepare --data TABLE")
    clips = {split: frame_clips(model, [talk for talk in talks if talk.split == split])
             for split in SPLITS if split != "test"}
    files.write_json(folder / "settings.json", {
        **settings_room.as_dict(settings), "seconds": samples / RATE, "prepared": str(table),
        "recipe": dataclasses.asdict(recipe), "sizes": sizes})
    start_model(model, settings, recipe, clips["train"])
    tell_idle(model, settings)
    console.say(f"{settings.model}: {model.count_params():,} parameters; {len(clips['train'])} clips to learn from and "
                f"{len(clips['validation'])} to validate with, {len(labels)} labels, "
                f"{model.samples / RATE:g} s at {RATE} Hz")
    noises = long_noise(noises_of(table.parent, RATE, settings.noises, part=(0, 1)), RATE, samples)
    pupil = learner(model, build, strategy, settings.precision)
    left = settings.budget and settings.budget - (time.monotonic() - started)
    history = fit(pupil, clips["train"], clips["validation"], recipe, folder, seed=settings.seed, budget=left,
                  most=settings.epochs, resume=settings.resume, change=augmentation(recipe, RATE, noises),
                  thaw=freezing.thaws(settings.unfreeze, model), strategy=strategy, parts=settings.accumulate)
    model.set_weights(pupil.get_weights())
    settle(model)
    if not devices.is_chief():
        return
    write_run(folder, model, history)
    split = "test" if any(talk.split == "test" for talk in talks) else "validation"
    results = evaluate(folder, data=str(table), split=split)
    console.table(tables.title(results), tables.measure_columns(results), tables.measures(results))


def frame_clips(model, talks):
    """The clips of some recordings with a target for each frame of a model's answer."""
    frames = model.outputs[0].shape[1]
    return FrameClips(talks, model.labels, model.samples, model.sample_rate, frames, model.frame_step,
                      model.frame_length)


def usual_seconds(talks):
    """A clip length that half of the recordings fit into, going by their last segments: tenths of a second, 1 to 10."""
    ends = sorted(talk.segments[-1].end for talk in talks)
    return min(10.0, max(1.0, math.ceil(10 * ends[len(ends) // 2] - 0.01) / 10))
