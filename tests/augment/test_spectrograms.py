"""How much a model hides of its spectrogram in training is the recipe's to say."""

import dataclasses

import keras
import numpy as np

from kwscls import models
from kwscls.augment.spectrograms import set_strengths
from kwscls.training import recipes


def test_a_recipes_masks_hide_stretches_and_bands_in_training_only():
    model = models.build("res1d", 3, 8000)
    recipe = dataclasses.replace(recipes.recipe("res1d"), time_mask=0.25, time_warp=0.125, band_mask=0.2,
                                 band_warp=0.1, band_gain=6.0)
    assert set_strengths(model, recipe) == 2
    assert (model.get_layer("shaken").warp, model.get_layer("shaken").gain) == (0.1, 6.0)
    masks = model.get_layer("masks")
    assert (masks.time_width, masks.frequency_width, masks.time_warp) == (12, 8, 6)  # of 48 frames and 40 bands
    ones = np.ones((64, 48, 40), np.float32)
    np.testing.assert_array_equal(masks(ones, training=False), ones)
    hidden = 1 - keras.ops.convert_to_numpy(masks(ones, training=True))
    frames, bands = hidden.all(axis=2).sum(axis=1), hidden.all(axis=1).sum(axis=1)
    assert 2 < frames.mean() < 24 and frames.max() <= 24 and 2 < bands.mean() < 16 and bands.max() <= 16
    np.testing.assert_array_equal(hidden.sum(axis=(1, 2)), 40 * frames + 48 * bands - frames * bands)


def test_a_recipe_says_how_many_patches_are_left_out():
    model = models.build("ast", 3, 8000, hidden_size=24, layers=1)
    set_strengths(model, dataclasses.replace(recipes.recipe("ast"), patchout=0.5))
    assert model.get_layer("patchout").rate == 0.5


def test_a_recipe_without_augmentation_hides_nothing():
    model = models.build("res1d", 3, 8000)
    set_strengths(model, dataclasses.replace(recipes.recipe("res1d"), **recipes.UNCHANGED))
    ones = np.ones((8, 48, 40), np.float32)
    np.testing.assert_array_equal(model.get_layer("masks")(ones, training=True), ones)
