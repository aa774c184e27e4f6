"""From a waveform to the logarithm of its mel bands, and from there to cepstral coefficients."""

import keras
import tensorflow as tf

from kwscls.dsp import mel, stft


@keras.saving.register_keras_serializable("kwscls")
class LogMel(keras.layers.Layer):
    """log(max(|DFT|^power @ mel filters, floor) + offset), with every choice that separates the
    published frontends.

    Always computed in float32. A clip shorter than one frame is zero-padded at its end to one.

    Args:
        frame_length: samples under the window.
        frame_step: samples from one frame to the next.
        bands: mel filters.
        sample_rate: of the waveform, in Hz.
        fft_length: samples transformed; the smallest power of two that holds a frame when None.
        window: "hann", "hamming", "povey" or "rectangular".
        periodic: whether the window would start anew after its last sample.
        power: 1 for magnitudes, 2 for powers.
        centre: middle frame t on sample t * frame_step, by padding both ends.
        pad_mode: what is padded with `centre`: "reflect" or "constant".
        pad_end: zero-pad the end, so that a frame starts at every frame_step.
        window_at: where the window lies in a longer transform, "start" or "centre".
        low: where the first filter starts, in Hz.
        high: where the last filter ends, in Hz; half the rate when None, and never more than that.
        scale: of the mel filters, "htk" or "slaney".
        slopes: whether they are straight in "hz" or "mel".
        norm: None, or "slaney" for filters of equal area.
        keep_dc: whether they see the bin at 0 Hz.
        floor: what smaller energies are raised to.
        offset: what is added to all energies.

    Call: float [batch, samples] to float32 [batch, frames, bands].
    """

    def __init__(
        self,
        frame_length,
        frame_step,
        bands,
        *,
        sample_rate=16000,
        fft_length=None,
        window="hann",
        periodic=True,
        power=2.0,
        centre=False,
        pad_mode="reflect",
        pad_end=False,
        window_at="start",
        low=0.0,
        high=None,
        scale="htk",
        slopes="hz",
        norm=None,
        keep_dc=True,
        floor=0.0,
        offset=1e-6,
        **kwargs
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.frame_length, self.frame_step, self.fft_length = frame_length, frame_step, fft_length
        self.bands, self.sample_rate = bands, sample_rate
        self.spectrum = dict(
            window=window,
            periodic=periodic,
            power=power,
            centre=centre,
            pad_mode=pad_mode,
            pad_end=pad_end,
            window_at=window_at,
        )
        self.filters = dict(
            low=low, high=high, scale=scale, slopes=slopes, norm=norm, keep_dc=keep_dc
        )
        self.floor, self.offset = floor, offset

    def call(self, waveform):
        bins = stft.spectrogram(
            waveform, self.frame_length, self.frame_step, self.fft_length, **self.spectrum
        )
        high = min(self.filters["high"] or self.sample_rate / 2, self.sample_rate / 2)
        filters = mel.mel_filters(
            bins.shape[-1], self.bands, self.sample_rate, **{**self.filters, "high": high}
        )
        return mel.log_mel(bins, filters, floor=self.floor, offset=self.offset)

    def compute_output_shape(self, input_shape):
        found = tf.function(self.call, autograph=False).get_concrete_function(
            tf.TensorSpec((1, *input_shape[1:]), tf.float32)
        )
        return (input_shape[0], *found.output_shapes[1:])

    def get_config(self):
        return {
            **super().get_config(),
            "frame_length": self.frame_length,
            "frame_step": self.frame_step,
            "bands": self.bands,
            "sample_rate": self.sample_rate,
            "fft_length": self.fft_length,
            **self.spectrum,
            **self.filters,
            "floor": self.floor,
            "offset": self.offset,
        }


def milliseconds(duration, sample_rate):
    """A duration in milliseconds as a whole number of samples."""
    return round(duration * sample_rate / 1000)
