"""How strongly a model's own layers change its spectrogram, or thin out its patches, in training."""

from kwscls.layers.band_shake import BandShake
from kwscls.layers.patchout import Patchout
from kwscls.layers.spec_augment import SpecAugment


def set_strengths(model, recipe):
    """Set every `SpecAugment`, `BandShake` and `Patchout` of a model from a recipe.

    Args:
        model: an `AudioClassifier`; one without such layers stays as it is.
        recipe: `time_mask`, `time_warp` and `band_mask`, as shares of the frames and of the bands; `band_warp`, a share; `band_gain`,
            in decibels; `patchout`, a share.

    Returns:
        The number of layers that were set.
    """
    layers = [layer for layer in model.layers if isinstance(layer, (SpecAugment, BandShake, Patchout))]
    for layer in layers:
        if isinstance(layer, BandShake):
            layer.warp, layer.gain = recipe.band_warp, recipe.band_gain
        elif isinstance(layer, Patchout):
            layer.rate = recipe.patchout
        else:
            frames, bands = layer.input.shape[1:3]
            layer.time_width, layer.frequency_width = round(recipe.time_mask * frames), round(recipe.band_mask * bands)
            layer.time_warp = round(recipe.time_warp * frames)
    return len(layers)
