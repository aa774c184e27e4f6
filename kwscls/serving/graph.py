"""The graph of the bundle: from waveforms or WAV bytes to scores, in stock TensorFlow ops."""

import keras
import tensorflow as tf

from kwscls.dsp.clip import fit_length, reader
from kwscls.models.auxiliary import without_side_heads
from kwscls.serving.streaming import stream_of

TOP = 5
"""Labels that the signature `top` names for a clip, at most."""


class Bundle(tf.Module):
    """A model with the way to it: decode, resample, cut or pad, scores, label names.

    The model is the very object that was trained. Of it, only the weights are tracked: a SavedModel of the bundle
    holds no optimizer.

    Args:
        model: an `AudioClassifier`.
    """

    def __init__(self, model):
        super().__init__(name="kwscls")
        heard = keras.Model(model.inputs, [model.outputs[0], model.embedding])  # the same layers, heard before the head too
        net = without_side_heads(heard)
        self._model = lambda: model  # behind functions, where TensorFlow's tracking does not look
        self._net = lambda: net
        stream = stream_of(model)
        self._stream = lambda: stream
        self.weights = [weight.value for weight in net.weights]
        clips, files = tf.TensorSpec([None, model.samples], tf.float32), tf.TensorSpec([None], tf.string)
        self.hear = tf.function(self._hear, input_signature=[clips], autograph=False)  # traced once, called by every signature
        self.decode = tf.function(self._decode, input_signature=[files], autograph=False)

    @property
    def model(self):
        """The model inside."""
        return self._model()

    @property
    def stream(self):
        """Its `streaming.Stream`, or None."""
        return self._stream()

    def save(self, folder, labels_file):
        """Write it as a SavedModel.

        Args:
            folder: to write to.
            labels_file: a text file with a label a line, which becomes an asset.
        """
        kept = tf.Module(name="kwscls")  # without the functions, which would be stored beside their signatures once more
        kept.weights, kept.labels_file = self.weights, tf.saved_model.Asset(labels_file)
        signatures = {"serving_default": self.from_waveform, "wav_bytes": self.from_wav_bytes, "top": self.top,
                      "embedding": self.embed}
        if self.stream:
            signatures["stream"] = tf.function(self.listen, input_signature=[
                tf.TensorSpec([None, None], tf.float32, name="waveform"),
                tf.TensorSpec([None, self.stream.size], tf.float32, name="state")], autograph=False)
        tf.saved_model.save(kept, str(folder), signatures={
            name: function.get_concrete_function() for name, function in signatures.items()})

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="waveform")], autograph=False)
    def from_waveform(self, waveform):
        """Answers about waveforms, float32 [batch, samples] at the model's rate."""
        return self.hear(fit_length(waveform, self.model.samples))[0]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="wav_bytes")], autograph=False)
    def from_wav_bytes(self, wav_bytes):
        """Answers about WAV files given as strings [batch]."""
        return self.hear(self.decode(wav_bytes))[0]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="wav_bytes")], autograph=False)
    def top(self, wav_bytes):
        """The labels with the highest scores, best first, of WAV files given as strings [batch]."""
        scores = self.hear(self.decode(wav_bytes))[0]["scores"]
        if self.model.frame_step:
            scores = tf.reduce_mean(scores, axis=1)
        best, places = tf.math.top_k(scores, min(TOP, len(self.model.labels)))
        return {"top_labels": tf.gather(tf.constant(list(self.model.labels)), places), "top_scores": best}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="waveform")], autograph=False)
    def embed(self, waveform):
        """What the head reads about waveforms, float32 [batch, samples]: [batch, width], or [batch, frames, width]."""
        return {"embedding": self.hear(fit_length(waveform, self.model.samples))[1]}

    def listen(self, waveform, state):
        """The scores of the last clip of an endless sound, and the state to come; see `streaming.Stream`."""
        logits, state = self.stream.hear(waveform, state)
        return {"scores": self._scores(logits), "state": state}

    def _decode(self, wav_bytes):
        """The clips of WAV files given as strings [batch]: [batch, samples]."""
        read = reader(self.model.sample_rate, self.model.samples)
        indices = tf.range(tf.shape(wav_bytes)[0])
        return tf.map_fn(lambda pair: read(*pair), (wav_bytes, indices), parallel_iterations=8,
                         fn_output_signature=tf.TensorSpec([self.model.samples], tf.float32))

    def score(self, clips):
        """The scores of one clip or more, [batch, samples], and what the head read."""
        logits, embedding = self._net()(clips, training=False)
        return self._scores(logits), tf.cast(embedding, tf.float32)

    def _scores(self, logits):
        logits = tf.cast(logits, tf.float32)
        if self.model.temperature != 1:
            logits /= self.model.temperature
        return tf.nn.sigmoid(logits) if self.model.activation == "sigmoid" else tf.nn.softmax(logits)

    def _hear(self, clips):
        """The answers and the embedding of clips [batch, samples]."""
        model, batch = self.model, tf.shape(clips)[0]
        some = tf.pad(clips, [[0, tf.maximum(1 - batch, 0)], [0, 0]])  # TensorFlow's fused convolutions need one clip
        scores, embedding = (output[:batch] for output in self.score(some))
        names = tf.constant(list(model.labels))
        answers = {"scores": scores, "label": tf.gather(names, tf.argmax(scores, axis=-1)),
                   "labels": tf.tile(names[tf.newaxis], [batch, 1])}
        if model.activation == "sigmoid":
            answers["heard"] = scores >= tf.constant(model.thresholds or 0.5, tf.float32)
        if model.frame_step:
            starts = tf.range(tf.shape(scores)[1]) * model.frame_step
            middles = (tf.cast(starts, tf.float32) + model.frame_length / 2) / model.sample_rate
            answers["times"] = tf.tile(middles[tf.newaxis], [batch, 1])
        elif embedding.shape.rank > 2:  # nets that score several places and average
            embedding = tf.reduce_mean(embedding, axis=list(range(1, embedding.shape.rank - 1)))
        return answers, embedding
