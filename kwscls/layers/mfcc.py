"""Cepstral coefficients of a log-mel spectrogram."""

import keras

from kwscls.dsp import mel


@keras.saving.register_keras_serializable("kwscls")
class MFCC(keras.layers.Layer):
    """The first coefficients of the DCT-II over the bands; always computed in float32.

    Args:
        coefficients: how many are kept.
        norm: "htk" (every coefficient times sqrt(2 / bands): TensorFlow, kws_streaming) or "ortho".

    Call: [batch, frames, bands] to float32 [batch, frames, coefficients].
    """

    def __init__(self, coefficients, norm="htk", **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.coefficients, self.norm = coefficients, norm

    def call(self, log_mel):
        return mel.mfcc(log_mel, self.coefficients, norm=self.norm)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.coefficients)

    def get_config(self):
        return {**super().get_config(), "coefficients": self.coefficients, "norm": self.norm}
