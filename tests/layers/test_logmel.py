"""Frontends against TensorFlow's own operations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.mfcc import MFCC
from kwscls.models import build


@pytest.fixture(scope="module")
def waveform():
    random = np.random.default_rng(0)
    tone = np.sin(np.cumsum(np.linspace(0.01, 1.5, 16000)))
    return (np.stack([0.5 * tone, np.zeros(16000)]) + random.normal(0, 0.02, (2, 16000))).astype(
        np.float32
    )


def features(name, waveform):
    model = build(name, 2, waveform.shape[1])
    return keras.Model(model.inputs[0], model.get_layer("features").output)(waveform).numpy()


def test_ds_cnn_hears_what_tensorflows_mfcc_operation_gives(waveform):
    found = features("dscnn_s", waveform)
    for clip, ours in zip(waveform, found):
        power = tf.raw_ops.AudioSpectrogram(
            input=clip[:, np.newaxis], window_size=640, stride=320, magnitude_squared=True
        )
        theirs = tf.raw_ops.Mfcc(spectrogram=power, sample_rate=16000, dct_coefficient_count=10)[0]
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-3 * np.abs(theirs).max())


def test_tc_resnet_hears_what_tf_signal_gives(waveform):
    power = tf.abs(tf.signal.stft(waveform, 480, 160, 512)) ** 2
    filters = tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 80.0, 7600.0)
    theirs = tf.signal.mfccs_from_log_mel_spectrograms(tf.math.log(power @ filters + 1e-6))[
        ..., :40
    ]
    np.testing.assert_allclose(features("tcresnet8", waveform), theirs, rtol=1e-3, atol=2e-3)


def test_att_rnn_normalises_each_clip_by_itself(waveform):
    magnitude = tf.abs(tf.signal.stft(waveform, 1024, 128, 1024, pad_end=True))
    values = np.log(
        magnitude @ tf.signal.linear_to_mel_weight_matrix(80, 513, 16000, 40.0, 8000.0) + 1e-6
    )
    theirs = (values - values.mean(axis=(1, 2), keepdims=True)) / values.std(
        axis=(1, 2), keepdims=True
    )
    np.testing.assert_allclose(features("attrnn", waveform), theirs, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize(
    "samples, centre, pad_end, frames",
    [
        (16000, False, False, 98),
        (16000, True, False, 101),
        (16000, False, True, 100),
        (100, False, False, 1),
        (1, True, False, 1),
    ],
)
def test_frames_are_as_many_as_it_says(samples, centre, pad_end, frames):
    layer = LogMel(400, 160, 20, centre=centre, pad_end=pad_end)
    found = layer(np.zeros((2, samples), np.float32))
    assert found.shape == layer.compute_output_shape((2, samples)) and np.isfinite(found).all()
    assert frames <= found.shape[1] <= frames + 2


def test_configs_survive_and_everything_stays_float32():
    layer = LogMel(
        milliseconds(25, 8000),
        80,
        12,
        sample_rate=8000,
        high=7600.0,
        norm="slaney",
        window="hamming",
        dtype="float32",
    )
    x = np.random.default_rng(0).normal(size=(1, 900)).astype(np.float32)
    np.testing.assert_array_equal(LogMel.from_config(layer.get_config())(x), layer(x))
    mfcc = MFCC(5, norm="ortho")
    again = MFCC.from_config(mfcc.get_config())(layer(x))
    np.testing.assert_array_equal(again, mfcc(layer(x)))
    assert again.shape == (1, 9, 5) and layer.frame_length == 200
