"""What the settings of a training choose: recipe and sizes; and what in them contradicts or changes nothing."""

import ast
import dataclasses
from pathlib import Path

from kwscls import console, files, models
from kwscls import settings as settings_room
from kwscls.errors import KwsclsError
from kwscls.layers.band_shake import BandShake
from kwscls.layers.patchout import Patchout
from kwscls.layers.spec_augment import SpecAugment
from kwscls.training import recipes

LAYERS = {"time_mask": SpecAugment, "time_warp": SpecAugment, "band_mask": SpecAugment, "band_warp": BandShake,
          "band_gain": BandShake, "patchout": Patchout}
"""Settings of augmentation inside the model, and the layers that they are about."""

OF_EPOCHS = ("epochs", "budget", "batch_size", "optimizer", "learning_rate", "schedule", "rate_factors", "even_start", "warmup",
             "weight_decay", "label_smoothing", "clip_norm", "average", "precision", "jit", "accumulate", "patience", "find_rate",
             "freeze", "unfreeze", *LAYERS)
"""Settings of a training in epochs, and of augmentation that only it does, which a solved head does without."""


def chosen_recipe(settings):
    """The model's recipe with what the settings override.

    Raises:
        KwsclsError: two of them contradict each other.
    """
    if settings.jit and settings.accumulate > 1:
        raise KwsclsError("compiles whole batches, not their parts", "--jit", "leave out --jit or --accumulate")
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
        KwsclsError: one is not of the form NAME=VALUE, or is no size.
    """
    sizes = {}
    for word in settings.size:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise KwsclsError("is not of the form NAME=VALUE", f"--size {word}", "write it as --size width=16")
        if name in models.GIVEN:
            raise KwsclsError("is no size: the data and other flags say it", f"--size {word}", "leave it out")
        try:
            sizes[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            sizes[name] = value
    return sizes


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


def check_few_shot(settings):
    """Refuse settings that the solution of a head lacks or has no use for.

    Raises:
        KwsclsError: there is one.
    """
    if not settings.weights:
        raise KwsclsError("needs a trained body", "--few-shot", "name one with --weights, such as export/res1d")
    usual = settings_room.TrainSettings()
    for name in OF_EPOCHS:
        if getattr(settings, name) != getattr(usual, name):
            raise KwsclsError("solves the head at once, not in epochs", "--few-shot", f"leave out --{name.replace('_', '-')}")


def tell_idle(model, settings):
    """Tell which settings change nothing, because the model has no layer that they are about."""
    idle = [f"--{name.replace('_', '-')}" for name, kind in LAYERS.items()
            if getattr(settings, name) and not any(isinstance(layer, kind) for layer in model.layers)]
    if idle:
        console.say(f"note: {settings.model} has no layers that {', '.join(idle)} could change")
