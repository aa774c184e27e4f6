"""The graph of the bundle: from waveforms or WAV bytes to scores, in stock TensorFlow ops."""

import tensorflow as tf

from kwscls.dsp import wav
from kwscls.dsp.resample import resample


class Bundle(tf.Module):
    """A model with the way to it: decode, resample, cut or pad, scores, label names.

    The model is the very object that was trained. Of it, only the weights are tracked: a SavedModel of the bundle
    holds no optimizer.

    Args:
        model: an `AudioClassifier`.
        labels_file: a text file with a label a line, which becomes an asset of the SavedModel.
    """

    def __init__(self, model, labels_file=None):
        super().__init__(name="kwscls")
        self._model = lambda: model  # behind a function, where TensorFlow's tracking does not look
        self.weights = [weight.value for weight in model.weights]
        self.labels_file = tf.saved_model.Asset(labels_file) if labels_file else None
        clips = tf.TensorSpec([None, model.samples], tf.float32)
        self.answers = tf.function(self._answers, input_signature=[clips])  # traced once, called by every signature

    @property
    def model(self):
        """The model inside."""
        return self._model()

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="waveform")])
    def from_waveform(self, waveform):
        """Answers about waveforms, float32 [batch, samples] at the model's rate."""
        return self.answers(fit_length(waveform, self.model.samples))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="wav_bytes")])
    def from_wav_bytes(self, wav_bytes):
        """Answers about WAV files given as strings [batch]."""
        def clip(pair):
            contents, index = pair
            waveform, rate = wav.decode(contents, index)
            waveform = resample(waveform, rate, self.model.sample_rate, limit=self.model.samples)
            return fit_length(waveform[tf.newaxis], self.model.samples)[0]

        indices = tf.range(tf.shape(wav_bytes)[0])
        clips = tf.map_fn(clip, (wav_bytes, indices), parallel_iterations=8,
                          fn_output_signature=tf.TensorSpec([self.model.samples], tf.float32))
        return self.answers(clips)

    def _answers(self, clips):
        """The outputs of every signature, of clips [batch, samples]."""
        model, batch = self.model, tf.shape(clips)[0]
        some = tf.pad(clips, [[0, tf.maximum(1 - batch, 0)], [0, 0]])  # TensorFlow's fused convolutions need one clip
        logits = tf.cast(model(some, training=False), tf.float32)[:batch]
        if model.temperature != 1:
            logits /= model.temperature
        scores = tf.nn.sigmoid(logits) if model.activation == "sigmoid" else tf.nn.softmax(logits)
        names = tf.constant(list(model.labels))
        answers = {"scores": scores, "label": tf.gather(names, tf.argmax(scores, axis=-1)),
                   "labels": tf.tile(names[tf.newaxis], [batch, 1])}
        if model.activation == "sigmoid":
            answers["heard"] = scores >= tf.constant(model.thresholds or 0.5, tf.float32)
        if model.frame_step:
            starts = tf.range(tf.shape(scores)[1]) * model.frame_step
            middles = (tf.cast(starts, tf.float32) + model.frame_length / 2) / model.sample_rate
            answers["times"] = tf.tile(middles[tf.newaxis], [batch, 1])
        return answers


def fit_length(waveforms, samples):
    """Cut waveforms [batch, any] at their end, or pad them there with zeros, to [batch, samples]."""
    waveforms = waveforms[:, :samples]
    waveforms = tf.pad(waveforms, [[0, 0], [0, samples - tf.shape(waveforms)[1]]])
    return tf.ensure_shape(waveforms, [None, samples])
