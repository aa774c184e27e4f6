"""Hidden spans: their lengths, their share, and when they are drawn."""

import keras
import numpy as np
import pytest

from kwscls.layers.span_mask import SpanMask, sample_spans


def runs(row):
    """Lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.pad(row.astype(int), 1)))
    return edges[1::2] - edges[::2]


def test_spans_are_whole_and_as_many_as_asked():
    keras.utils.set_random_seed(0)
    mask = sample_spans(200, 100, 0.3, 10).numpy()
    assert mask.shape == (200, 100)
    assert all((runs(row) >= 10).all() for row in mask)
    assert (mask.sum(1) <= 30).all() and (mask.sum(1) >= 12).all()  # three spans, which may overlap
    starts = mask & ~np.pad(mask, [(0, 0), (1, 0)])[:, :-1]
    assert np.ptp(starts[:, :91].mean(0)) < 0.15  # every place alike


def test_the_share_hidden_is_that_of_the_paper():
    keras.utils.set_random_seed(0)
    mask = sample_spans(300, 1000, 0.65, 10).numpy()
    assert abs(mask.mean() - (1 - np.exp(-0.65))) < 0.02  # spans at random starts overlap: about half is hidden


def test_padding_is_never_hidden():
    keras.utils.set_random_seed(0)
    real = np.array([100, 40, 10, 9, 0])
    mask = sample_spans(5, 100, 0.65, 10, 2, real).numpy()
    assert not (mask & (np.arange(100) >= real[:, None])).any()
    assert mask.any(1).tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("length", [1, 3, 9, 10])
def test_short_clips_get_short_spans(length):
    mask = sample_spans(4, length, 0.5, 10, 1).numpy()
    assert mask.shape == (4, length) and mask.all()


def test_spans_are_drawn_in_training_only():
    layer, frames = SpanMask(time_probability=0.5, time_length=2), np.ones((2, 20, 4), np.float32)
    np.testing.assert_array_equal(layer(frames, training=False), frames)
    hidden = (layer(frames, training=True).numpy() == layer.embedding.numpy()).all(-1)
    assert hidden.any() and not hidden.all()
    still = SpanMask(time_probability=0.5, augment=False)
    np.testing.assert_array_equal(still(frames, training=True), frames)


def test_a_given_mask_is_always_applied():
    layer, frames = SpanMask(), np.ones((1, 3, 4), np.float32)
    given = np.array([[True, False, True]])
    for training in (False, True):
        ours = layer(frames, time_mask=given, training=training).numpy()
        np.testing.assert_array_equal(ours[0, 0], layer.embedding)
        np.testing.assert_array_equal(ours[0, 1], 1)


def test_without_augment_a_given_mask_is_not_applied():
    frames = np.ones((1, 3, 4), np.float32)
    np.testing.assert_array_equal(SpanMask(augment=False)(frames, time_mask=np.ones((1, 3), bool)), frames)


def test_channels_become_zero():
    layer, frames = SpanMask(0.0, feature_probability=0.4, feature_length=2), np.ones((8, 5, 10), np.float32)
    hidden = layer(frames, training=True).numpy() == 0
    assert hidden.any() and (hidden.all(1) == hidden.any(1)).all()


def test_without_probabilities_there_is_no_weight():
    layer = SpanMask(0.0)
    layer.build((None, 5, 4))
    assert not layer.weights
