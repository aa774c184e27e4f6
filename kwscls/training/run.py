"""A training from data to a finished run folder."""

import contextlib
import csv
import dataclasses
import functools
import io
import json
import shutil
import tempfile
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
from kwscls.data.prepared import has_split, shared_groups, split_labels
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots, plots_inside, tables
from kwscls.evaluation.cost import TOOK, peak_memory
from kwscls.evaluation.multilabel import choose_thresholds
from kwscls.evaluation.run import METRICS, evaluate
from kwscls.layers.band_shake import BandShake
from kwscls.layers.patchout import Patchout
from kwscls.layers.spec_augment import SpecAugment
from kwscls.models.classifier import copied, settle
from kwscls.serving import bundle
from kwscls.training import freezing, rates, recipes, start, statistics
from kwscls.training.few_shot import solve_head
from kwscls.training.fit import CHECKPOINT, ROWS, fit, shared_batches
from kwscls.training.learner import learner
from kwscls.training.steps import Steps
from kwscls.training.teacher import taught

RAMP = "learning_rate.json"
"""The file in which a run keeps how its learning rate was found."""

KEPT = (CHECKPOINT, RAMP)
"""From what a run that was killed goes on."""

OF_EPOCHS = ("epochs", "budget", "find_rate", "accumulate", "precision")
"""Settings of a training in epochs, which a solved head does without."""

LAYERS = {"time_mask": SpecAugment, "time_warp": SpecAugment, "band_mask": SpecAugment, "band_warp": BandShake,
          "band_gain": BandShake, "patchout": Patchout}
"""Settings of augmentation inside the model, and the layers that they are about."""


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
    out = Path(settings.out or Path("export") / default_name(settings))
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
    warn(prepared, train_clips, settings)
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


def check_few_shot(settings):
    """Refuse settings that the solution of a head lacks or has no use for.

    Raises:
        KwsclsError: there is one.
    """
    if not settings.weights:
        raise KwsclsError("needs a trained body", "--few-shot", "name one with --weights, such as export/res1d")
    for name in OF_EPOCHS:
        if getattr(settings, name) != getattr(settings_room.TrainSettings, name):
            raise KwsclsError("solves the head at once, not in epochs", "--few-shot", f"leave out --{name.replace('_', '-')}")


def tell_idle(model, settings):
    """Tell which settings change nothing, because the model has no layer that they are about."""
    idle = [f"--{name.replace('_', '-')}" for name, kind in LAYERS.items()
            if getattr(settings, name) and not any(isinstance(layer, kind) for layer in model.layers)]
    if idle:
        console.say(f"note: {settings.model} has no layers that {', '.join(idle)} could change")


def warn(prepared, clips, settings):
    """Tell what in the data makes results better or worse than they seem."""
    if torn := shared_groups(prepared):
        group, places = next(iter(torn.items()))
        console.say(f"note: {len(torn)} speakers or source recordings are in several splits, for example {group} in "
                    f"{' and '.join(places)}: the test will flatter; python -m kwscls.prepare --split group keeps them apart")
    if balance.is_uneven(clips.counts) and not settings.evened:
        console.say("note: labels are uneven; the best epoch is told by a mean over labels, and --evened sampling draws the "
                    "clips of rare ones more often")


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


def default_name(settings):
    """What a run is called when nothing is said."""
    return settings.model + ("-folds" if settings.folds else "-seeds" if settings.seeds > 1 else "")


def unfinished_folder(out):
    """Where a run lies until it is whole.

    Raises:
        KwsclsError: the run's folder has no name of its own, as "." and "..".
    """
    if out.name in ("", ".."):
        raise KwsclsError("is no name of a run", f"--out {out}", "name a folder to be, such as export/words")
    return out.with_name(f"{out.name}.unfinished")


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
        stored = files.read_json(unfinished / "settings.json")
        names = [field.name for field in dataclasses.fields(settings)]
        console.say(f"resuming {out} with the settings stored in it")
        return settings_room.from_dict(type(settings), {
            **{name: value for name, value in stored.items() if name in names}, "resume": True})
    if out.exists() and not settings.overwrite:
        raise KwsclsError("exists already", out, "choose another --out, or --overwrite to replace it")
    check_replaceable(out)
    if is_begun(unfinished) and not settings.overwrite:
        raise KwsclsError("an unfinished run lies here", unfinished, "--resume goes on with it, --overwrite begins anew")
    shutil.rmtree(unfinished, ignore_errors=True)
    return settings


def chosen_recipe(settings):
    """The model's recipe with what the settings override."""
    return dataclasses.replace(recipes.recipe(settings.model), **said(settings))


def said(settings):
    """The settings that override a field of the recipe, by name; without augmentation, all of its that are not given."""
    fields = {field.name for field in dataclasses.fields(recipes.Recipe)}
    given = {name: value for name, value in settings_room.as_dict(settings).items()
             if name in fields and value is not None}
    return given if settings.augment else {**recipes.UNCHANGED, **given}


def chosen_sizes(settings):
    """The sizes of the model that the settings change: numbers, words and lists of numbers by name.

    Raises:
        KwsclsError: one is not of the form NAME=VALUE.
    """
    import ast

    sizes = {}
    for word in settings.size:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise KwsclsError("is not of the form NAME=VALUE", f"--size {word}", "write it as --size width=16")
        try:
            sizes[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            sizes[name] = value
    return sizes


def validated_thresholds(model, clips, batch_size=64):
    """The threshold of each label with the highest F1 on some clips, whose answers are those of the export."""
    batches = pipeline.ordered_batches(clips, batch_size)
    scores = np.concatenate([bundle.scores_of(model, waveforms) for waveforms, _ in batches])
    return choose_thresholds(clips.marks, scores if scores.ndim == 2 else scores.mean(axis=1), clips.labels).tolist()


def sizes_of_run(settings):
    """The sizes of the run of ours that the weights come from; none where they come from elsewhere.

    Raises:
        KwsclsError: it is of another model, or of several.
    """
    stored = Path(settings.weights or "") / "settings.json"
    if not settings.weights or not stored.is_file():
        return {}
    told = files.read_json(stored)
    if told.get("by") == "scores":
        raise KwsclsError("is several models that answer together", f"--weights {settings.weights}",
                          f"name one of them: {', '.join(told['combined'])}")
    if told.get("model") != settings.model:
        raise KwsclsError(f"is a run of {told.get('model')}, not of {settings.model}", f"--weights {settings.weights}",
                          f"add --model {told.get('model')}")
    return told.get("sizes", {})


def load_clips(prepared, seconds=None, corrections=None, service=None, crops=False):
    """The training and validation clips of a prepared folder, and their sample rate in Hz.

    Args:
        prepared: the folder with `train` and `validation`.
        seconds: clip length; chosen by the training clips when None.
        corrections: a table of clips to drop or relabel, see `data.corrections`; or None.
        service: the address of a tf.data service that reads the training clips, see `data.stream`; or None.
        crops: whether training clips are kept longer than they are heard, see `pipeline.Clips`.
    """
    labels = split_labels(prepared / "train", corrections)
    samples, rate = clip_length(prepared / "train", seconds)
    train_clips = open_clips(prepared / "train", samples, labels, corrections=corrections, service=service, crops=crops)
    validation_clips = open_clips(prepared / "validation", samples, labels, corrections=corrections)
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
