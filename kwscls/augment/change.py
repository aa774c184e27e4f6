"""A recipe's augmentation as one function of a batch, for the training pipeline."""

import numpy as np
import tensorflow as tf

from kwscls.augment import waveforms as on_waveforms
from kwscls.augment.imagined import imagined_noise


def augmentation(recipe, sample_rate, noises, silence=None):
    """The function that the training pipeline applies to each batch, or None if the recipe changes nothing.

    Args:
        recipe: what to do and how much: an object with the augmentation's part of a `training.recipes.Recipe`.
        sample_rate: in Hz.
        noises: float32 [long], background noise.
        silence: place of the label of clips without a word, if there is one.

    Returns:
        A function (waveforms [batch, samples], targets [batch, labels], seed int32 [2]) -> (waveforms, targets).
    """
    rooms = tf.constant(on_waveforms.made_rooms(sample_rate)) if recipe.reverb else None
    noises = tf.constant(noises)
    imagined = tf.constant(imagined_noise(sample_rate)) if recipe.imagined and silence is not None else None

    def change(waveforms, targets, seed):
        length = waveforms.shape[1]
        seeds = tf.random.split(seed, 8)
        if recipe.shift:
            waveforms = on_waveforms.shift(waveforms, seeds[0], recipe.shift * sample_rate)
        if recipe.speed:
            waveforms = on_waveforms.speed(waveforms, seeds[5], recipe.speed, recipe.speed_most)
        if recipe.reverb:
            waveforms = on_waveforms.reverberate(waveforms, seeds[1], rooms, recipe.reverb)
        if recipe.mixup:
            waveforms, targets = on_waveforms.mixup(waveforms, targets, seeds[2], recipe.mixup, recipe.mixup_alpha)
        if recipe.cutmix:
            waveforms, targets = on_waveforms.cutmix(waveforms, targets, seeds[6], recipe.cutmix)
        if imagined is not None:
            waveforms, targets = on_waveforms.imagine(waveforms, targets, seeds[7], imagined, silence, recipe.imagined)
        if recipe.noise:
            waveforms = on_waveforms.add_noise(waveforms, seeds[3], noises, recipe.noise, recipe.snr)
        if recipe.gain:
            waveforms = on_waveforms.gain(waveforms, seeds[4], recipe.gain)
        return tf.ensure_shape(waveforms, [None, length]), targets  # layers ask for the length when a step is traced

    changes = (recipe.shift, recipe.speed, recipe.reverb, recipe.mixup, recipe.cutmix, recipe.noise, recipe.gain,
               imagined is not None)
    return change if any(changes) else None


def long_noise(recordings, sample_rate, samples):
    """Recordings of noise one after another, or coloured noise if there are none.

    Args:
        recordings: float32 arrays [any] at `sample_rate`.
        sample_rate: in Hz.
        samples: the least length that is wanted.

    Returns:
        float32 [long], in [-1, 1].
    """
    noises = np.concatenate(recordings) if recordings else on_waveforms.coloured_noise(sample_rate)
    return np.tile(noises, -(-(samples + on_waveforms.BLOCK) // len(noises)))
