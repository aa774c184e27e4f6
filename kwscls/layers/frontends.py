"""The first layers of models: from a waveform to a picture of its frequencies."""

import keras
import tensorflow as tf

from kwscls.dsp import stft


@keras.saving.register_keras_serializable("kwscls")
class Spectrogram(keras.layers.Layer):
    """The short-time Fourier transform's magnitude or power; always computed in float32.

    Args:
        frame_length: samples under the window.
        frame_step: samples from one frame to the next.
        fft_length: samples transformed; the smallest power of two that holds a frame when None.
        periodic: whether the Hann window is the periodic one; else the symmetric one, which is what `tf.signal.stft`
            takes for an odd frame_length.
        power: 1 for magnitudes, 2 for powers.
        centre: middle frame t on sample t * frame_step, by mirroring the ends.

    Call: float [batch, samples] to float32 [batch, frames, fft_length // 2 + 1]. A clip shorter than one frame is
    zero-padded at its end to one.
    """

    def __init__(self, frame_length, frame_step, fft_length=None, periodic=True, power=1.0, centre=False,
                 **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.frame_length, self.frame_step, self.fft_length = frame_length, frame_step, fft_length
        self.periodic, self.power, self.centre = periodic, power, centre

    def call(self, waveform):
        return stft.spectrogram(waveform, self.frame_length, self.frame_step, self.fft_length,
                                periodic=self.periodic, power=self.power, centre=self.centre)

    def compute_output_shape(self, input_shape):
        spec = tf.TensorSpec((1, *input_shape[1:]), tf.float32)
        shape = tf.function(self.call, autograph=False).get_concrete_function(spec).output_shapes
        return (input_shape[0], *shape[1:])

    def get_config(self):
        return {**super().get_config(), "frame_length": self.frame_length, "frame_step": self.frame_step,
                "fft_length": self.fft_length, "periodic": self.periodic, "power": self.power, "centre": self.centre}
