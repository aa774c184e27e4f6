"""Long clips as patches of a fixed length that a network reads one by one."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class PadSamples(keras.layers.Layer):
    """Follows clips with silence: [batch, any] to [batch, samples].

    Args:
        samples: what shorter clips are brought to; longer ones stay as they are.
    """

    def __init__(self, samples, **kwargs):
        super().__init__(**kwargs)
        self.samples = samples

    def call(self, waveform):
        length = waveform.shape[1]
        if length is not None:
            return tf.pad(waveform, [[0, 0], [0, max(0, self.samples - length)]])
        return tf.pad(waveform, [[0, 0], [0, tf.maximum(0, self.samples - tf.shape(waveform)[1])]])

    def compute_output_shape(self, input_shape):
        batch, samples = input_shape
        return (batch, samples and max(samples, self.samples))

    def get_config(self):
        return {**super().get_config(), "samples": self.samples}


@keras.saving.register_keras_serializable("kwscls")
class FoldPatches(keras.layers.Layer):
    """Cuts features into pictures and lays them along the batch.

    [batch, frames, bands] to [batch * patches, size, bands, 1].

    Args:
        size: frames of a patch; there must be as many.
        step: frames from patch to patch; what does not fill a patch is left out.
    """

    def __init__(self, size, step, **kwargs):
        super().__init__(**kwargs)
        self.size, self.step = size, step

    def call(self, features):
        patches = tf.signal.frame(
            features, self.size, self.step, axis=1
        )  # [batch, patches, size, bands]
        return tf.reshape(patches, [-1, self.size, features.shape[2], 1])

    def count(self, frames):
        """How many patches so many frames make."""
        return 1 + (frames - self.size) // self.step

    def get_config(self):
        return {**super().get_config(), "size": self.size, "step": self.step}


@keras.saving.register_keras_serializable("kwscls")
class UnfoldPatches(keras.layers.Layer):
    """The way back: [batch * patches, width] to [batch, patches, width].

    Args:
        patches: of each clip.
    """

    def __init__(self, patches, **kwargs):
        super().__init__(**kwargs)
        self.patches = patches

    def call(self, embeddings):
        return tf.reshape(embeddings, [-1, self.patches, embeddings.shape[-1]])

    def get_config(self):
        return {**super().get_config(), "patches": self.patches}


@keras.saving.register_keras_serializable("kwscls")
class PatchLogits(keras.layers.Dense):
    """A dense layer whose scores are averaged over patches.

    [batch, patches, width] to logits of the mean, [batch, units].

    Args:
        units: labels.
        scores: "sigmoid" or "softmax", what turns logits into scores.
    """

    def __init__(self, units, scores, **kwargs):
        super().__init__(units, **kwargs)
        self.scores = scores

    def call(self, embeddings, training=None):
        logits = tf.cast(super().call(embeddings), tf.float32)  # sums of exponentials want the precision
        if self.scores == "softmax":
            shares = tf.reduce_logsumexp(tf.nn.log_softmax(logits), axis=1)
            return shares - tf.math.log(float(embeddings.shape[1]))
        yes = tf.reduce_logsumexp(tf.math.log_sigmoid(logits), axis=1)
        no = tf.reduce_logsumexp(tf.math.log_sigmoid(-logits), axis=1)
        return yes - no  # log(p / (1 - p)) of the mean p: the number of patches cancels

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def get_config(self):
        return {**super().get_config(), "scores": self.scores}
