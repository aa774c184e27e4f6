"""Statistics of a data set inside a model: every layer with an `adapt` method learns them from the training clips."""

import keras

from kwscls.data import pipeline


def adapt(model, clips, batch_size=128):
    """Adapt each layer that has statistics to what reaches it from the clips, in the order of the layers.

    Args:
        model: an `AudioClassifier`.
        clips: the training `Clips`.
        batch_size: clips at a time.
    """
    waveforms = pipeline.ordered_batches(clips, batch_size).map(lambda waveform, _: waveform)
    for layer in model.layers:
        if hasattr(layer, "adapt"):
            up_to_it = keras.Model(model.inputs[0], layer.input)
            layer.adapt(waveforms.map(lambda batch, before=up_to_it: before(batch, training=False)))
