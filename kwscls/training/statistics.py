"""Statistics of a data set inside a model: every layer with an `adapt` method learns them from the training clips."""

import keras

from kwscls.data import pipeline

LEAST_SPREAD = 0.25
"""The least deviation of a band, as a share of the root mean square over all bands."""


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
            if isinstance(layer, keras.layers.Normalization):
                even_out(layer)


def even_out(layer):
    """Let no band of an adapted `Normalization` be magnified without end.

    Recordings of a telephone hold nothing above 4 kHz: these bands hardly vary, and a little noise there, as training
    adds it or another microphone brings it, would come out dozens of deviations high.
    """
    variance = keras.ops.convert_to_numpy(layer.adapt_variance)
    layer.adapt_variance.assign(variance.clip(LEAST_SPREAD ** 2 * variance.mean()))
    layer.finalize_state()
