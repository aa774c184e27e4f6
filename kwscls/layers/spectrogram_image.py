"""The frontend of image classifiers: a log-mel spectrogram as an image."""

import keras
import tensorflow as tf

from kwscls.dsp.mel import log_mel, mel_filters
from kwscls.dsp.stft import pad_to, spectrogram
from kwscls.errors import KwsclsError

OFFSET = 1e-6  # added to mel energies in front of the logarithm: silence becomes -13.8


@keras.saving.register_keras_serializable("kwscls")
class SpectrogramImage(keras.layers.Layer):
    """A waveform's log-mel spectrogram as an image: low bands in the first row, time across; always in float32.

    Frames are 25 ms under a Hann window; energies are powers, log(energy + 1e-6).

    Args:
        sample_rate: in Hz.
        bands: mel bands from 0 Hz to half the rate, the height of the image.
        frame_step: samples from frame to frame; one frame is one column.
        smallest: the least height and width; silence follows a clip that has fewer frames.
        image_size: height and width to which the image is resized (bilinear, smoothed where it shrinks); None leaves it
            at bands x frames.
        channels: how many times the image is repeated as its last axis.

    Call: float [batch, samples] to float32 [batch, height, width, channels].

    Raises:
        KwsclsError: the image would be lower or, resized, narrower than `smallest`.
    """

    def __init__(self, sample_rate=16000, bands=64, frame_step=160, smallest=1, image_size=None, channels=1, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.sample_rate, self.bands, self.frame_step = int(sample_rate), int(bands), int(frame_step)
        self.smallest, self.channels = int(smallest), int(channels)
        self.image_size = None if image_size is None else tuple(int(side) for side in image_size)
        self.frame_length = round(0.025 * self.sample_rate)
        least = min(self.image_size or (self.bands,))
        if least < self.smallest:
            raise KwsclsError(f"an image with a side of {least} pixels is too small for this model", None,
                              f"it reads {self.smallest} or more: raise bands or image_size")

    def call(self, waveform):
        waveform = pad_to(waveform, self.frame_length + (self.smallest - 1) * self.frame_step)
        power = spectrogram(waveform, self.frame_length, self.frame_step, power=2)  # [batch, frames, bins]
        filters = mel_filters(power.shape[-1], self.bands, self.sample_rate)
        image = tf.transpose(log_mel(power, filters, offset=OFFSET), [0, 2, 1])[..., tf.newaxis]
        if self.image_size:
            image = tf.image.resize(image, self.image_size, antialias=True)
        return tf.repeat(image, self.channels, axis=-1) if self.channels > 1 else image

    def compute_output_shape(self, input_shape):
        batch, samples = input_shape
        frames = None if samples is None else max(
            self.smallest, 1 + max(0, samples - self.frame_length) // self.frame_step)
        return (batch, *(self.image_size or (self.bands, frames)), self.channels)

    def get_config(self):
        names = ("sample_rate", "bands", "frame_step", "smallest", "image_size", "channels")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
