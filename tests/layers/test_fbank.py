"""AST's features as layers: the frames, their number, and their statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls.dsp.fbank import fbank
from kwscls.layers.fbank import FeatureStandardization, KaldiFilterbank, frame_count

WAVEFORM = np.random.default_rng(0).normal(size=(2, 4000), scale=0.1).astype(np.float32)


@pytest.mark.parametrize("frames", [10, 23, 40])
def test_the_end_is_cut_or_filled_with_zeros(frames):
    features = KaldiFilterbank(frames, 40)(WAVEFORM).numpy()
    whole = fbank(WAVEFORM, bands=40).numpy()
    assert features.shape == (2, frames, 40) and whole.shape == (2, 23, 40)
    np.testing.assert_array_equal(features[:, :23], whole[:, :frames])
    assert not features[:, 23:].any()


@pytest.mark.parametrize("samples, rate, count", [
    (16000, 16000, 98), (400, 16000, 1), (100, 16000, 1), (8000, 8000, 98), (559, 16000, 1), (560, 16000, 2)])
def test_frame_count_is_the_filterbanks(samples, rate, count):
    assert frame_count(samples, rate) == count
    layer = KaldiFilterbank(count + 3, 20, rate)
    assert np.any(layer(np.ones((1, samples), np.float32) * 0.1), axis=(0, 2)).sum() == count


def test_features_stay_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        features = FeatureStandardization()(KaldiFilterbank(5, 20)(WAVEFORM))
    finally:
        keras.config.set_dtype_policy("float32")
    assert features.dtype == tf.float32


def test_standardised_by_twice_the_deviation():
    features = np.random.default_rng(0).normal(-4, 3, size=(8, 10, 6)).astype(np.float32)
    layer = FeatureStandardization(-4.2677393, 4.5689974)
    assert layer(tf.zeros([1, 1, 1])).numpy().item() == pytest.approx(0.46703, abs=1e-5)  # AudioSet's padding
    layer.adapt(features)
    assert layer.mean.numpy() == pytest.approx(features.mean(), rel=1e-6)
    assert layer.deviation.numpy() == pytest.approx(features.std(), rel=1e-6)
    assert np.std(layer(features)) == pytest.approx(0.5, rel=1e-5)


def test_adapts_to_a_data_set():
    features = np.random.default_rng(0).normal(2, 3, size=(10, 5, 4)).astype(np.float32)
    layer = FeatureStandardization()
    layer.adapt(tf.data.Dataset.from_tensor_slices(features).batch(4))
    assert layer.mean.numpy() == pytest.approx(features.mean(), rel=1e-6)
    assert layer.deviation.numpy() == pytest.approx(features.std(), rel=1e-6)
    assert layer.trainable_weights == []


def test_silence_alone_gives_no_division_by_zero():
    layer = FeatureStandardization()
    layer.adapt(np.zeros((2, 3, 4), np.float32))
    assert np.isfinite(layer(np.ones((1, 3, 4), np.float32))).all()


def test_statistics_survive_a_file(tmp_path):
    waveform = keras.Input((4000,))
    model = keras.Model(waveform, FeatureStandardization(name="standardize")(KaldiFilterbank(30, 20)(waveform)))
    model.get_layer("standardize").adapt(np.random.default_rng(0).normal(2, 3, size=(10, 5, 4)))
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")(WAVEFORM), model(WAVEFORM))
