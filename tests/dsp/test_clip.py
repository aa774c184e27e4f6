"""A file's bytes become a clip of the rate and the length that are asked for."""

import io

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from kwscls.dsp.clip import fit_length, reader
from kwscls.dsp.resample import resample

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 3000)


def wav_bytes(rate):
    file = io.BytesIO()
    soundfile.write(file, NOISE, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


@pytest.mark.parametrize("samples", [800, 3000, 5000])
def test_it_is_cut_or_filled_up_at_its_end(samples):
    clip = reader(16000, samples)(wav_bytes(16000), 0).numpy()
    kept = min(samples, 3000)
    assert clip.shape == (samples,) and not clip[kept:].any()
    np.testing.assert_array_equal(clip[:kept], NOISE[:kept].astype(np.float32))


def test_another_rate_is_brought_to_the_clips():
    clip = reader(16000, 7000)(wav_bytes(8000), 0).numpy()
    np.testing.assert_allclose(clip[:6000], resample(NOISE, 8000, 16000), atol=1e-6)
    assert not clip[6000:].any()


def test_an_error_names_the_clips_place():
    with pytest.raises(tf.errors.InvalidArgumentError, match="clip 7: not a WAV file"):
        reader(16000, 800)(b"no sound at all", 7)


def test_a_batch_is_fitted_at_once():
    ones = tf.ones([3, 5])
    np.testing.assert_array_equal(fit_length(ones, 2), np.ones((3, 2)))
    np.testing.assert_array_equal(fit_length(ones, 7), np.pad(np.ones((3, 5)), ((0, 0), (0, 2))))
