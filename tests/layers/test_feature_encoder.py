"""Convolutions to frames: counting frames, norms, and masks; values are the golden files' business."""

import numpy as np
import pytest

from kwscls.layers.feature_encoder import (FeatureEncoder, FeatureProjection, FrameMask, TimeNormalization,
                                           frame_count, frame_span)

KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)


def test_the_published_encoder_makes_49_frames_of_a_second():
    assert frame_count(16000, KERNELS, STRIDES) == 49
    assert frame_span(KERNELS, STRIDES) == (320, 400)


@pytest.mark.parametrize("samples", [400, 719, 720, 721, 5000])
def test_frames_counted_are_frames_made(samples):
    encoder = FeatureEncoder((2,) * 7, KERNELS, STRIDES)
    assert encoder(np.zeros((1, samples), np.float32)).shape[1] == frame_count(samples, KERNELS, STRIDES)
    assert encoder.compute_output_shape((1, samples)) == (1, frame_count(samples, KERNELS, STRIDES), 2)


def test_a_frame_sees_what_frame_span_says():
    encoder = FeatureEncoder((3, 3), (4, 3), (2, 3), activation="linear")
    encoder.norms = [None, None]  # the norm over time lets every frame see the whole clip
    step, length = frame_span((4, 3), (2, 3))
    waveform = np.random.default_rng(0).normal(size=(1, 60)).astype(np.float32)
    changed = waveform.copy()
    changed[0, 2 * step:2 * step + length] = 0  # what the third frame sees
    before, after = encoder(waveform).numpy()[0], encoder(changed).numpy()[0]
    assert not np.allclose(before[2], after[2])
    outside = changed.copy()
    outside[0, :2 * step] = outside[0, 2 * step + length:] = 9
    np.testing.assert_allclose(encoder(outside).numpy()[0, 2], after[2], atol=1e-6)


def test_norm_over_time():
    x = np.random.default_rng(0).normal(2, 3, (2, 50, 4)).astype(np.float32)
    wanted = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(TimeNormalization()(x), wanted, rtol=1e-4, atol=1e-4)


def test_projection_norms_before_it_projects():
    x = np.random.default_rng(0).normal(2, 3, (2, 5, 4)).astype(np.float32)
    layer = FeatureProjection(6)
    projected, normed = layer(x)
    np.testing.assert_allclose(np.mean(normed, -1), 0, atol=1e-5)
    np.testing.assert_allclose(projected, np.asarray(normed) @ layer.dense.kernel.numpy(), rtol=1e-5, atol=1e-5)


def test_frame_mask_counts_whole_frames():
    lengths = np.array([16000, 720, 719, 399])
    mask = FrameMask(KERNELS, STRIDES)((np.arange(16000) < lengths[:, None]).astype(np.int32)).numpy()
    assert mask.shape == (4, 49) and mask.sum(1).tolist() == [49, 2, 1, 0]
    assert mask[1, :2].all()
