"""Sinc filters against their definition, their limits in training, and the original's layer norm."""

import keras
import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.sinc import BandEnergies, EdgeLimit, SincConv, SpareNorm, UnbiasedLayerNormalization


def made(**changes):
    layer = SincConv(**{"filters": 5, "kernel_size": 101, **changes})
    layer.build((None, 800))
    return layer


def test_the_bands_start_equally_far_apart_in_mel():
    layer = made(filters=80, kernel_size=251)
    low, high = (edge.numpy() for edge in layer.edges())
    mel = 2595 * np.log10(1 + (low - 50) / 700)
    np.testing.assert_allclose(np.diff(mel), np.diff(mel)[0], rtol=1e-3)
    np.testing.assert_allclose(low[0], 80, rtol=1e-5)  # 30 Hz, and the 50 Hz that are always added
    np.testing.assert_allclose(high[-1], 8000 - 100 + 100, rtol=1e-5)
    np.testing.assert_allclose(high[:-1], low[1:] + 50, rtol=1e-4)


def test_filters_pass_their_band_and_stop_the_rest():
    layer = made(filters=6, kernel_size=401)
    for taps, low, high in zip(layer.kernels().numpy(), *layer.edges()):
        frequencies, response = scipy.signal.freqz(taps, worN=4096, fs=16000)
        response = np.abs(response)
        middle = response[np.argmin(np.abs(frequencies - float(low + high) / 2))]
        outside = response[(frequencies < low - 150) | (frequencies > high + 150)]
        assert middle > 0.5 * response.max() and outside.max(initial=0) < 0.05 * response.max()


def test_filters_are_symmetric_with_one_in_the_middle():
    taps = made(kernel_size=64).kernels().numpy()
    assert taps.shape == (5, 65)
    np.testing.assert_array_equal(taps, taps[:, ::-1])
    np.testing.assert_allclose(taps[:, 32], 1)


@pytest.mark.parametrize("options", [dict(strides=4), dict(padding=7), dict(dilation=3),
                                     dict(strides=3, padding=5, dilation=2)])
def test_options_do_what_a_convolution_does(options):
    layer = made(filters=3, kernel_size=33, **options)
    waveform = np.random.default_rng(0).normal(size=(2, 500)).astype(np.float32)
    dilation, padding = options.get("dilation", 1), options.get("padding", 0)
    spread = np.zeros((3, dilation * 32 + 1))
    spread[:, ::dilation] = layer.kernels()
    padded = np.pad(waveform, [(0, 0), (padding, padding)])
    wanted = np.array([[scipy.signal.correlate(clip, taps, "valid")[::options.get("strides", 1)] for taps in spread]
                       for clip in padded])
    np.testing.assert_allclose(layer(waveform), wanted.transpose(0, 2, 1), rtol=1e-4, atol=1e-4)
    assert layer.compute_output_shape((2, 500)) == layer(waveform).shape


def test_bands_stay_legal_however_they_are_pushed():
    layer = made()
    optimizer = keras.optimizers.SGD(1.0)
    for push in (1e6, -1e6):
        optimizer.apply([tf.fill([5], push), tf.fill([5], -push)], layer.trainable_variables)
        low, high = (edge.numpy() for edge in layer.edges())
        assert (low >= 50).all() and (high <= 8000).all() and (high - low >= 49).all()
        assert np.isfinite(layer.kernels()).all()


def test_both_edges_get_gradients():
    layer = made()
    waveform = tf.random.stateless_normal((2, 400), [0, 1])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(waveform)))
    assert all((np.abs(gradient) > 0).all() for gradient in tape.gradient(
        loss, [weight.value for weight in layer.trainable_variables]))


def test_a_band_without_room_is_refused():
    with pytest.raises(KwsclsError, match="no room"):
        SincConv(4, 33, sample_rate=200, min_low_hz=60, min_band_hz=50)


def test_layer_norm_divides_by_the_unbiased_deviation():
    x = np.random.default_rng(0).normal(3, 2, (2, 30, 4)).astype(np.float32)
    layer = UnbiasedLayerNormalization(epsilon=0.5)
    wanted = (x - x.mean(1, keepdims=True)) / (x.std(1, ddof=1, keepdims=True) + 0.5)
    np.testing.assert_allclose(layer(x), wanted, rtol=1e-5, atol=1e-5)
    assert layer.gamma.shape == (30, 4)


def test_layer_norm_of_silence_has_finite_gradients():
    layer, x = UnbiasedLayerNormalization(), tf.zeros((1, 10, 2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x))
    assert np.isfinite(tape.gradient(loss, x)).all()


def test_band_energies_are_logarithms_of_mean_squares():
    x = np.random.default_rng(0).normal(size=(2, 20, 3)).astype(np.float32)
    wanted = np.log(np.stack([np.square(x[:, start:start + 8]).mean(1) for start in (0, 4, 8, 12)], 1) + 1e-5)
    np.testing.assert_allclose(BandEnergies(8, 4)(x), wanted, rtol=1e-5)


def test_spare_norms_change_nothing():
    x = tf.ones((2, 5, 3))
    layer = SpareNorm((3,), statistics=True)
    np.testing.assert_array_equal(layer(x), x)
    assert len(layer.trainable_weights) == 2 and len(layer.non_trainable_weights) == 2


def test_edge_limit():
    np.testing.assert_array_equal(EdgeLimit(3)(np.array([-5.0, 1.0, 4.0])), [-3, 1, 3])
