"""Recipes are data: every name has one, and what is said about a corpus fits it."""

import dataclasses

import pytest

from kwscls import models
from kwscls.models import MODELS, facts
from kwscls.settings import TrainSettings
from kwscls.training import recipes
from kwscls.training.choices import chosen_recipe, said
from kwscls.training.optimizers import OPTIMIZERS


@pytest.mark.parametrize("name", MODELS)
def test_every_name_has_a_recipe_that_can_be_trained(name):
    recipe = recipes.recipe(name)
    assert recipe.optimizer in OPTIMIZERS and recipe.schedule in ("constant", "cosine") and recipe.source
    assert 0 < recipe.learning_rate <= 0.1 and recipe.epochs > 0 and recipe.batch_size > 0
    assert all(0 <= getattr(recipe, share) <= 1 for share in ("speed", "noise", "reverb", "mixup", "cutmix", "time_mask", "band_mask"))


def test_a_small_corpus_gets_more_passes_and_smaller_batches():
    recipe = recipes.Recipe(epochs=20, batch_size=128, sound=240_000)
    assert recipes.fitted(recipe, 2400, 0.9).epochs == 111
    small = recipes.fitted(recipe, 240, 5.0)
    assert (small.epochs, small.batch_size) == (recipes.MOST_EPOCHS, 16)
    large = recipes.fitted(recipe, 100_000, 0.9)
    assert (large.epochs, large.batch_size) == (20, 128)
    assert recipes.fitted(recipe, 1200, 2.0).epochs == 100
    assert recipes.fitted(recipe, 10, 1.0).batch_size == recipes.SMALLEST_BATCH


@pytest.mark.parametrize("seconds, batch_size", [(0.5, 64), (1.0, 64), (1.9, 64), (2.0, 32), (4.4, 16), (30.0, 16)])
def test_long_clips_come_in_smaller_batches(seconds, batch_size):
    """RAVDESS, 1,199 clips of 4.4 s: in 5 minutes of a core 42 % in batches of 16, 24 % in batches of 64."""
    assert recipes.fitted(recipes.recipe("resfold"), 1199, seconds).batch_size == batch_size


def test_nets_of_ours_step_twice_as_far_over_long_clips():
    assert recipes.fitted_sizes("resfold", 2.0) == {"frame_step": 20}
    assert recipes.fitted_sizes("resfold", 1.9) == recipes.fitted_sizes("ast", 5.0) == {}
    for name, sizes in recipes.LONG_SIZES.items():
        short, long = (models.build(name, 3, 32000, **some) for some in ({}, sizes))
        assert short.count_params() == long.count_params()
        assert facts.multiply_adds(long) < 0.6 * facts.multiply_adds(short)


def test_what_the_user_said_stays():
    recipe = recipes.Recipe(epochs=3, batch_size=128, sound=240_000)
    fitted = recipes.fitted(recipe, 240, 5.0, said=("epochs", "batch_size", "shift", "mixup"))
    assert fitted == recipe
    plain = dataclasses.replace(recipe, sound=0)
    assert recipes.fitted(plain, 240, 1.0) == plain


def test_long_clips_are_shifted_further_and_mixed_unless_the_user_said_otherwise():
    recipe = recipes.Recipe()
    long = recipes.fitted(recipe, 240, 5.0)
    assert (long.shift, long.mixup, long.epochs) == (1.0, 0.5, recipe.epochs)
    assert recipes.fitted(recipe, 240, 1.5) == recipe
    assert recipes.fitted(recipe, 240, 5.0, said=("shift", "mixup")) == recipe
    assert recipes.fitted(dataclasses.replace(recipe, mixup=0.8), 240, 5.0).mixup == 0.8
    plain = dataclasses.replace(recipe, **recipes.UNCHANGED)
    assert recipes.fitted(plain, 240, 5.0, said=recipes.UNCHANGED) == plain


@pytest.mark.parametrize("flags", [{}, {"gain": 6.0}, {"patchout": 0.5}])
def test_without_augmentation_long_clips_too_are_changed_by_nothing_but_what_is_given(flags):
    settings = TrainSettings(model="resfold", augment=False, **flags)
    found = recipes.fitted(chosen_recipe(settings), 240, 5.0, said(settings))
    assert {name: getattr(found, name) for name in recipes.UNCHANGED} == {**recipes.UNCHANGED, **flags}
