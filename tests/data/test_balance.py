import numpy as np
import pytest

from kwscls.data import balance
from kwscls.data.pipeline import Clips, steps, training_batches

MARKS = np.array([[1, 0, 0]] * 6 + [[0, 1, 0]] * 2, bool)


def test_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    expected = compute_class_weight("balanced", classes=np.arange(2), y=MARKS.argmax(axis=1))
    np.testing.assert_allclose(balance.label_weights(MARKS.sum(axis=0)), [*expected, 0])


def test_chances_make_labels_alike():
    chances = balance.clip_chances(MARKS)
    assert chances.sum() == pytest.approx(1) and chances @ MARKS == pytest.approx([0.5, 0.5, 0])
    both = balance.clip_chances(np.array([[1, 1], [1, 0], [1, 0], [1, 0]], bool))
    assert both[0] > both[1] == both[2]


def test_what_is_uneven():
    assert balance.is_uneven([6, 2, 0]) and not balance.is_uneven([3, 2, 0])


def test_an_epoch_draws_rare_clips_as_often_as_their_chances_say(tones):
    clips = Clips(tones / "train", 400)
    chances = np.where(clips.targets == 0, 3.0, 1.0)
    chances /= chances.sum()
    counts = np.zeros(2)
    for _, targets in training_batches(clips, 10, seed=1, epochs=1, chances=chances):
        counts += targets.numpy().sum(axis=0)
    assert counts.tolist() == [24, 8]
    again = [targets.numpy() for _, targets in training_batches(clips, 10, 1, 2, 1, chances=chances)]
    same = [targets.numpy() for _, targets in training_batches(clips, 10, 1, 2, chances=chances)][steps(clips, 10):]
    np.testing.assert_array_equal(np.concatenate(again), np.concatenate(same))


def test_label_weights_reach_the_loss(tones):
    clips = Clips(tones / "train", 400)
    for _, targets, weights in training_batches(clips, 10, seed=1, epochs=1, weights=np.array([2.0, 0.5])):
        np.testing.assert_array_equal(weights, np.where(targets.numpy()[:, 0] == 1, 2.0, 0.5))
