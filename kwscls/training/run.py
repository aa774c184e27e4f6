"""A training from data to a finished run folder."""

import csv
import dataclasses
import functools
import io
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kwscls import console, devices, files, models
from kwscls import settings as settings_room
from kwscls.augment.change import augmentation, long_noise
from kwscls.augment.spectrograms import set_strengths
from kwscls.data.frames import is_table
from kwscls.data import balance, pipeline
from kwscls.data.extra_labels import SILENCE
from kwscls.data.noises import noises_of
from kwscls.data.pipeline import clip_length, open_clips
from kwscls.data.prepare import ready
from kwscls.data.prepared import has_split, shared_groups
from kwscls.data.splits import flattery
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots, plots_inside, tables
from kwscls.evaluation.cost import TOOK, peak_memory
from kwscls.evaluation.multilabel import choose_thresholds
from kwscls.evaluation.run import evaluate
from kwscls.models.classifier import copied, settle
from kwscls.serving import bundle
from kwscls.training import freezing, rates, recipes, start, statistics
from kwscls.training.choices import check_few_shot, chosen_recipe, chosen_sizes, said, sizes_of_run, tell_idle
from kwscls.training.few_shot import solve_head
from kwscls.training.fit import fit, shared_batches
from kwscls.training.keeper import CHECKPOINT, ROWS
from kwscls.training.learner import learner
from kwscls.training.place import RAMP, join, leaving_nothing, open_run, place_of, tell_workers, unfinished_folder
from kwscls.training.steps import Steps
from kwscls.training.teacher import taught


def train(settings):
    """Train a model and write its run, a folder that appears only when it is whole.

    Until then everything lies in `<out>.unfinished`, from where `resume` goes on.

    Args:
        settings: a `TrainSettings`.

    Returns:
        The run's folder, with `model.keras`, `saved_model`, `settings.json`, `labels.txt`, `history.csv`,
        `training.json`, `metrics.json`, the pictures `curves.png` and `confusion.png`, and TensorBoard's `logs`. Of several
        workers the chief leaves it, and the others return None.

        With `folds` or `seeds` it is the folder of `repeats.train_repeatedly`, which holds several runs.

    Raises:
        KwsclsError: the data, a setting or the place of the run is not as it should be.
    """
    strategy = devices.begin(settings.strategy)
    if devices.is_shared(strategy) and (settings.folds or settings.seeds > 1):
        raise KwsclsError("is for one machine", "--folds" if settings.folds else "--seeds", "let several workers train one run")
    if not devices.is_chief():
        return join(settings, strategy, fill)
    out = place_of(settings)
    settings = open_run(out, settings)
    if settings.folds or settings.seeds > 1:
        from kwscls.training import repeats  # which calls this function

        return repeats.train_repeatedly(out, settings)
    unfinished = unfinished_folder(out)
    with leaving_nothing(unfinished):
        tell_workers(unfinished, settings, strategy)
        fill(unfinished, settings, strategy)
    (unfinished / CHECKPOINT).unlink(missing_ok=True)
    files.replace_folder(unfinished, out)
    console.wrote(*sorted(out.iterdir()))
    devices.wait(strategy)
    return out


def fill(folder, settings, strategy):
    """Fill a run's folder, whatever kind of data it learns from."""
    if is_table(settings.data):
        from kwscls.training import frames_run  # which is made of the functions here

        frames_run.fill_run(folder, settings, strategy)
    else:
        fill_run(folder, settings, strategy)


def fill_run(folder, settings, strategy):
    """Train, and write everything that a run holds into a folder; of several workers, the chief does."""
    started = time.monotonic()
    models.row(settings.model)  # a name that does not exist is told before the data is touched
    if settings.few_shot:
        check_few_shot(settings)
    recipe, sizes = chosen_recipe(settings), {**sizes_of_run(settings), **chosen_sizes(settings)}
    with devices.chief_first(strategy):
        prepared = Path(ready(settings.data))
    train_clips, validation_clips, rate = load_clips(prepared, settings.seconds, settings.corrections,
                                                     settings.data_service, crops=settings.augment)
    recipe = recipes.fitted(recipe, len(train_clips), train_clips.samples / rate, said(settings))
    if not settings.weights:  # which were learnt with the sizes that they have
        sizes = {**recipes.fitted_sizes(settings.model, train_clips.samples / rate), **sizes}
    seed_everything(settings)
    activation = settings.activation or ("sigmoid" if train_clips.several else "softmax")
    if activation == "sigmoid" and settings.label_smoothing is None:
        recipe = dataclasses.replace(recipe, label_smoothing=0.0)  # a clip lacks most labels: they would all be raised
    build = functools.partial(models.build, settings.model, train_clips.labels, train_clips.samples, sample_rate=rate,
                              activation=activation, **sizes)
    model = build()
    files.write_json(folder / "settings.json", {
        **settings_room.as_dict(settings), "seconds": train_clips.samples / rate, "prepared": str(prepared),
        "recipe": dataclasses.asdict(recipe), "sizes": sizes})
    start_model(model, settings, recipe, train_clips)
    tell_idle(model, settings)
    console.say(f"{settings.model}: {model.count_params():,} parameters; {len(train_clips)} clips to learn from and "
                f"{len(validation_clips)} to validate with, {len(model.labels)} labels, "
                f"{model.samples / rate:g} s at {rate} Hz{', any number of labels a clip' * (activation == 'sigmoid')}")
    warn(prepared, train_clips, settings, model)
    noises = long_noise(noises_of(prepared, rate, settings.noises), rate, model.samples)
    change = augmentation(recipe, rate, noises, model.labels.index(SILENCE) if SILENCE in model.labels else None)
    if settings.teacher:
        change = taught(change, settings.teacher, model.labels, rate, activation, settings.teacher_share)
    if settings.few_shot:
        history = solve_head(model, train_clips, validation_clips, seed=settings.seed, change=change,
                             even=bool(settings.evened))
    else:
        pupil = learner(model, build, strategy, settings.precision)
        if settings.find_rate:
            recipe = with_found_rate(pupil, train_clips, recipe, folder, settings.seed, change, strategy,
                                     settings.accumulate, settings.evened)
        left = settings.budget and settings.budget - (time.monotonic() - started)
        history = fit(pupil, train_clips, validation_clips, recipe, folder, seed=settings.seed, budget=left,
                      most=settings.epochs, resume=settings.resume, change=change, evened=settings.evened,
                      thaw=freezing.thaws(settings.unfreeze, model), strategy=strategy, parts=settings.accumulate)
        model.set_weights(pupil.get_weights())
        settle(model)
    if not devices.is_chief():
        return
    if activation == "sigmoid":
        model.thresholds = validated_thresholds(model, validation_clips)
    write_run(folder, model, history)
    results = evaluate(folder, data=str(prepared), split="test" if has_split(prepared, "test") else "validation")
    console.table(tables.title(results), tables.measure_columns(results), tables.measures(results))


def warn(prepared, clips, settings, model):
    """Tell what in the data makes results better or worse than they seem."""
    if torn := shared_groups(prepared):
        console.say(f"note: {len(torn)} speakers or source recordings are in several splits, {flattery(torn)}")
    if balance.is_uneven(clips.counts) and not settings.evened:
        scored = "validation is scored by a mean over labels, and " * (not settings.few_shot and not model.frame_step)
        console.say(f"note: labels are uneven; {scored}--evened sampling draws the clips of rare ones more often")


def with_found_rate(model, clips, recipe, folder, seed, change, strategy=None, parts=1, evened=None):
    """A recipe with the learning rate that a ramp finds; the ramp is drawn and kept, and a resumed run takes it from there.

    The ramp is trained as `fit` trains, whose arguments these are.
    """
    kept = folder / RAMP
    if not kept.is_file():
        steps = Steps(model, recipe, uneven=balance.is_uneven(clips.counts), strategy=strategy, parts=parts)
        set_strengths(model, recipe)
        batches = shared_batches(clips, recipe, steps.strategy, seed=seed, change=change, evened=evened, parts=parts)
        found = rates.find_rate(steps, batches, recipe.learning_rate)
        files.write_json(kept, found)
        plots.save(plots_inside.rate_ramp(found), kept.with_suffix(".png"))
    rate = files.read_json(kept)["rate"]
    console.say(f"learning rate {rate:.3g}, found by a ramp (the recipe's is {recipe.learning_rate:g})")
    return dataclasses.replace(recipe, learning_rate=rate)


def validated_thresholds(model, clips, batch_size=64):
    """The threshold of each label with the highest F1 on some clips, whose answers are those of the export."""
    batches = pipeline.ordered_batches(clips, batch_size)
    scores = np.concatenate([bundle.scores_of(model, waveforms) for waveforms, _ in batches])
    return choose_thresholds(clips.marks, scores if scores.ndim == 2 else scores.mean(axis=1), clips.labels).tolist()


def load_clips(prepared, seconds=None, corrections=None, service=None, crops=False):
    """The training and validation clips of a prepared folder, and their sample rate in Hz.

    Args:
        prepared: the folder with `train` and `validation`.
        seconds: clip length; chosen by the training clips when None.
        corrections: a table of clips to drop or relabel, see `data.corrections`; or None.
        service: the address of a tf.data service that reads the training clips, see `data.stream`; or None.
        crops: whether training clips are kept longer than they are heard, see `pipeline.Clips`.
    """
    samples, rate = clip_length(prepared / "train", seconds)
    train_clips = open_clips(prepared / "train", samples, corrections=corrections, service=service, crops=crops)
    validation_clips = open_clips(prepared / "validation", samples, train_clips.labels, corrections=corrections)
    return train_clips, validation_clips, rate


def seed_everything(settings):
    """Fix every random stream by the settings' seed."""
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()


def start_model(model, settings, recipe, clips):
    """Give a fresh model its statistics, its first or pretrained weights and its frozen layers, as is said."""
    statistics.adapt(model, clips)
    if recipe.even_start and not settings.weights:
        start.even_out(model, clips)
    if settings.weights:
        from kwscls import pretrained

        for line in pretrained.load(model, settings.weights):
            console.say(line)
    if settings.freeze:
        console.say(f"{freezing.freeze(model, settings.freeze):,} parameters stay as they are")
    elif settings.unfreeze:
        raise KwsclsError("there is nothing to unfreeze", "--unfreeze", "name layers with --freeze too")


def write_run(folder, model, history):
    """Write what a run holds beside its results: the model twice, labels, history and curves."""
    write_model(folder, model)
    table = io.StringIO()
    writer = csv.DictWriter(table, ROWS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    files.write_text(folder / "history.csv", table.getvalue())
    files.write_json(folder / TOOK, {"epochs": len(history), "seconds": round(sum(row["seconds"] for row in history), 3),
                                     "memory": peak_memory()})
    plots.save(plots.curves(history), folder / "curves.png")
    if bands := plots_inside.learned_bands(model):
        plots.save(bands, folder / "bands.png")


def write_model(folder, model):
    """Write the model twice, for Keras and as a bundle, and its labels."""
    with files.writing(folder / "model.keras") as beside:
        copied(model).save(beside)  # not compiled: it needs no optimizer to be loaded and is a third as large
    bundle.save(model, folder / "saved_model")
    files.write_text(folder / "labels.txt", "".join(f"{label}\n" for label in model.labels))
