"""A spectrogram upright, resized and repeated."""

import keras
import numpy as np

from kwscls.layers.spectrogram_image import SpectrogramImage

SPECTROGRAM = np.random.default_rng(0).standard_normal((2, 10, 4)).astype(np.float32)


def test_bands_go_down_and_time_across():
    image = SpectrogramImage(channels=3)(SPECTROGRAM).numpy()
    assert image.shape == (2, 4, 10, 3)
    for channel in range(3):
        np.testing.assert_array_equal(image[..., channel], SPECTROGRAM.transpose(0, 2, 1))


def test_resizing_keeps_a_ramp_and_its_range():
    ramp = np.tile(np.linspace(0, 1, 10, dtype=np.float32)[None, :, None], (1, 1, 4))
    layer = SpectrogramImage((8, 40))
    image = layer(ramp).numpy()[0, :, :, 0]
    assert image.shape == (8, 40) == layer.compute_output_shape((None, 10, 4))[1:3]
    np.testing.assert_allclose(image[0, 2:-2], (np.arange(2, 38) * 0.25 - 0.375) / 9, atol=1e-6)  # half-pixel centres
    assert image.min() >= 0 and image.max() <= 1


def test_it_comes_back_from_its_settings_and_stays_in_float32():
    layer = SpectrogramImage((8, 40), 3)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.size == (8, 40) and again.channels == 3 and again.compute_dtype == "float32"
