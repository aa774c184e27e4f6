"""The tutorial's CNN, against the tutorial's pipeline written out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls import models


def test_its_size_is_the_tutorials():
    assert models.build("cnn", 8, 16000).count_params() == 1_625_611


@pytest.mark.parametrize("samples", [16000, 24000])
def test_it_is_the_tutorials_pipeline(samples):
    """Spectrogram, resizing, then normalisation by the statistics of the full spectrograms, as published."""
    keras.utils.set_random_seed(0)
    waveforms = np.random.default_rng(0).normal(0, 0.2, (8, samples)).astype(np.float32)
    model = models.build("cnn", 5, samples)
    spectrograms = tf.abs(tf.signal.stft(waveforms, frame_length=255, frame_step=128))[..., tf.newaxis]
    model.get_layer("normalization").adapt(spectrograms)

    normalization = keras.layers.Normalization()
    normalization.adapt(spectrograms)
    x = normalization(keras.layers.Resizing(32, 32)(spectrograms))
    for name in ("conv1", "conv2", "pool", "flatten", "dense", "logits"):
        x = model.get_layer(name)(x)
    np.testing.assert_allclose(model(waveforms, training=False), x, rtol=1e-3, atol=1e-4)


def test_a_short_clip_is_padded_to_one_frame():
    model = models.build("cnn", 3, 100)
    assert model.get_layer("spectrogram").output.shape == (None, 1, 129)
    assert np.isfinite(model(np.zeros((1, 100), np.float32))).all()
