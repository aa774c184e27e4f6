"""Folded pictures against the plain operations on unfolded ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.layers.subspectral import (
    FoldBands,
    FrequencyDepthwise,
    SubSpectralNormalization,
    UnfoldBands,
)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_frequency_f_is_row_f_modulo_rows_of_its_band():
    x = draw(2, 3, 20, 4)
    folded = FoldBands(5)(x)
    np.testing.assert_array_equal(folded[:, :, 3, 2], x[:, :, 2 * 4 + 3])
    np.testing.assert_array_equal(UnfoldBands()(folded), x)
    with pytest.raises(KwsclsError, match="12 frequencies cannot be shared out among 5"):
        FoldBands(5)(draw(1, 1, 12, 1))


@pytest.mark.parametrize("frequencies, stride", [(20, 1), (20, 2), (10, 2), (10, 1), (5, 1)])
def test_it_is_the_depthwise_convolution_of_the_unfolded_picture(frequencies, stride):
    x, channels = tf.constant(draw(2, 7, frequencies, 3)), 3
    towards = draw(2, 7, frequencies // stride, 3, seed=1)
    layer, plain = FrequencyDepthwise(stride), keras.layers.DepthwiseConv2D((1, 3), use_bias=False)
    fold, unfold = FoldBands(5), UnfoldBands()
    layer(fold(x))
    plain.build((None, None, None, channels))
    plain.kernel.assign(layer.kernel.numpy().reshape(1, 3, channels, 1))

    def answers(function, kernel):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            loss = tf.reduce_sum(y * towards)
        return [y, *(np.squeeze(gradient) for gradient in tape.gradient(loss, [x, kernel.value]))]

    ours = answers(lambda x: unfold(layer(fold(x))), layer.kernel)
    theirs = answers(
        lambda x: plain(tf.pad(x, [[0, 0], [0, 0], [1, 1], [0, 0]]))[:, :, ::stride], plain.kernel
    )
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_every_band_of_a_channel_has_statistics_of_its_own():
    x = draw(3, 6, 20, 2) * np.repeat([1, 2, 3, 4, 5], 4)[:, np.newaxis] + 3
    y = UnfoldBands()(
        SubSpectralNormalization(epsilon=1e-5)(FoldBands(5)(x), training=True)
    ).numpy()
    bands = np.stack(np.split(x, 5, axis=2))  # [5, batch, frames, rows, channels]
    expected = (bands - bands.mean(axis=(1, 2, 3), keepdims=True)) / np.sqrt(
        bands.var(axis=(1, 2, 3), keepdims=True) + 1e-5
    )
    np.testing.assert_allclose(np.stack(np.split(y, 5, axis=2)), expected, rtol=1e-3, atol=1e-4)


def test_configs_survive_and_bad_strides_are_named():
    layer = FrequencyDepthwise(2, name="a")
    again = FrequencyDepthwise.from_config(layer.get_config())
    assert again.stride == 2 and again.name == "a"
    assert FoldBands.from_config(FoldBands(4).get_config()).bands == 4
    with pytest.raises(KwsclsError, match="stride of 2 does not divide the 1 rows"):
        FrequencyDepthwise(2)(draw(1, 1, 1, 5, 2))
