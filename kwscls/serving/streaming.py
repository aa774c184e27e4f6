"""The streaming form of a model: it keeps the frames that it has heard, and answers about the last clip of an endless sound.

Whatever computes its frames from nothing but the samples beneath them can do so: a spectrogram, log-mel or Kaldi filterbank that
neither mirrors nor pads the ends of a clip. The frames of the last clip are the state; of new sound only the new frames are
computed, and what stands behind the frontend answers about all of them. So an answer may be had every frame, and each is the
answer of the whole model about the last clip of sound. The frontend's share of the work is saved and no more: behind it, the
networks here pad each clip at its ends or look at the whole of it, so that nothing else can be kept without other answers.
"""

import keras
import tensorflow as tf

from kwscls.layers.fbank import KaldiFilterbank, frame_sizes
from kwscls.layers.frontends import Spectrogram
from kwscls.layers.logmel import LogMel
from kwscls.models.auxiliary import without_side_heads


class Stream:
    """A model that goes on where it was.

    Its state, a float32 vector a sound, holds the samples that further frames need and the frames of the last clip, as
    differences from those of silence: zeros have heard silence for ever.

    Args:
        model: an `AudioClassifier` whose frontend has such frames, see `stream_of`.
        frontend: its layer.
        length, step: samples of a frame and from one to the next.
    """

    def __init__(self, model, frontend, length, step):
        self.frontend, self.length, self.step = frontend, length, step
        self.rest = without_side_heads(keras.Model(frontend.output, model.outputs[0]))
        self.frames = 1 + (model.samples - length) // step
        self.samples = model.samples - self.frames * step  # that frames to come will need: the clip's end and a frame's overlap
        self.silence = self._frames(tf.zeros([1, length]))[0].numpy()
        self.size = self.samples + self.frames * self.silence.size

    def hear(self, waveform, state):
        """Hear a little more.

        Args:
            waveform: float32 [batch, samples], a multiple of `step` samples that follow those before.
            state: float32 [batch, size].

        Returns:
            The logits of the last clip, and the state to come.
        """
        new = tf.shape(waveform)[1]
        whole = tf.debugging.Assert((new > 0) & (new % self.step == 0), [
            tf.strings.join([f"the stream takes a multiple of {self.step} samples, not ", tf.strings.as_string(new)])])
        with tf.control_dependencies([whole]):
            sound = tf.concat([state[:, :self.samples], waveform], axis=1)
        pieces = tf.signal.frame(sound, self.length, self.step, axis=1)[:, :new // self.step]
        fresh = self._frames(tf.reshape(pieces, [-1, self.length])) - self.silence
        shape = self.silence.shape
        known = tf.reshape(state[:, self.samples:], [-1, self.frames, *shape])
        known = tf.concat([known, tf.reshape(fresh, [tf.shape(pieces)[0], new // self.step, *shape])], axis=1)[:, -self.frames:]
        flat = tf.reshape(known, [-1, self.frames * self.silence.size])
        return self.rest(self._fitted(known + self.silence), training=False), tf.concat([sound[:, new:], flat], axis=1)

    def _frames(self, pieces):
        """The features of waveforms of one frame each: [frames, length] to [frames, ...]."""
        return self.frontend(pieces)[:, 0]

    def _fitted(self, features):
        """As many frames as the network reads: a filterbank cuts them, or fills up with zeros."""
        wanted = self.rest.input.shape[1]
        missing = max(0, wanted - self.frames)
        features = tf.pad(features[:, :wanted], [[0, 0], [0, missing], *[[0, 0]] * (features.shape.rank - 2)])
        return tf.ensure_shape(features, self.rest.input.shape)


def stream_of(model):
    """The `Stream` of a model; None where it has none."""
    frontend = next((layer for layer in model.layers if isinstance(layer, (LogMel, Spectrogram, KaldiFilterbank))), None)
    if frontend is None or frontend.input is not model.inputs[0]:
        return None
    if isinstance(frontend, KaldiFilterbank):
        length, step = frame_sizes(frontend.sample_rate)
    else:
        length, step = frontend.frame_length, frontend.frame_step
        how = frontend.spectrum if isinstance(frontend, LogMel) else {"centre": frontend.centre}
        if how["centre"] or how.get("pad_end"):
            return None
        if how.get("window_at") == "centre":
            length = max(length, frontend.fft_length or 0)
    return Stream(model, frontend, length, step) if model.samples >= length else None
