"""How much of a spectrogram a model's own SpecAugment layers hide in training."""

from kwscls.layers.spec_augment import SpecAugment


def set_masks(model, recipe):
    """Set the widths of every `SpecAugment` of a model from a recipe's shares.

    Args:
        model: an `AudioClassifier`; one without such a layer stays as it is.
        recipe: `time_mask` and `band_mask`, as shares of the frames and of the bands.

    Returns:
        The number of layers that were set.
    """
    layers = [layer for layer in model.layers if isinstance(layer, SpecAugment)]
    for layer in layers:
        frames, bands = layer.input.shape[1:3]
        layer.time_width, layer.frequency_width = round(recipe.time_mask * frames), round(recipe.band_mask * bands)
    return len(layers)
