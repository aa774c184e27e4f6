"""A start that knows the data, for deep nets without norms: no layer drowns what differs between clips."""

import keras

from kwscls.data import pipeline

CLIPS = 64
"""Training clips that the start listens to."""

LEAST_SPREAD = 0.1
"""The least deviation of a channel that is told apart, as a share of the root mean square over the layer's."""


def even_out(model, clips):
    """Let each channel of every convolution over pictures and dense layer vary by 1 around 0 over some training clips.

    A stack of ReLUs as it is drawn answers nearly the same to any clip, the more so the deeper it is, and learns nothing
    for hundreds of steps. One layer is evened after the other, from the waveform on; "logits" and layers without a bias,
    which a norm follows, stay as they are. ReLUs are layers of their own.

    Args:
        model: an `AudioClassifier` whose statistics are adapted.
        clips: the training `Clips`.

    Source: Salimans, Kingma, "Weight normalization", arXiv 1602.07868, section 3; for deep stacks Mishkin, Matas, "All you
    need is a good init", arXiv 1511.06422.
    """
    waveforms = next(iter(pipeline.training_batches(clips, min(CLIPS, len(clips)), 0, 1)))[0]  # of all labels
    for layer in model.layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) and layer.use_bias and layer.name != "logits":
            answers = keras.Model(model.inputs[0], layer.output)(waveforms, training=False)
            mean, variance = keras.ops.moments(answers, axes=list(range(len(answers.shape) - 1)))
            least = LEAST_SPREAD ** 2 * keras.ops.mean(variance)
            deviation = keras.ops.sqrt(keras.ops.maximum(variance, least) + keras.config.epsilon())
            layer.kernel.assign(layer.kernel / deviation)
            layer.bias.assign((layer.bias - mean) / deviation)
