"""Detections at once: those of the detector, what counts as right, and the thresholds that miss least."""

import itertools

import numpy as np
import pytest

from kwscls.evaluation import detections
from kwscls.evaluation.detections import NEVER, THRESHOLDS, Heard, Word
from kwscls.serving.detector import Detection, Detector, ListenRules

LABELS = ["_silence_", "high", "low"]


def test_detections_are_those_of_the_detector():
    draw = np.random.default_rng(0)
    scores = draw.dirichlet([0.3] * 3, 400)
    rules = ListenRules({"low": 0.5}, default=0.7, smooth=3, refractory=0.35, hop=0.1)
    times = 0.1 * (1 + np.arange(len(scores)))
    detector = Detector(LABELS, rules)
    expected = [found for time, row in zip(times, scores) if (found := detector.hear(time, row))]
    found = detections.detections(LABELS, times, detections.smooth(scores, 3), rules)
    assert len(expected) > 20 and [(one.time, one.label) for one in found] == [(one.time, one.label) for one in expected]
    np.testing.assert_allclose([one.score for one in found], [one.score for one in expected])


def test_what_counts_as_right():
    words = [Word("a", 1, 2, "s"), Word("b", 5, 6, "s"), Word("a", 9, 10, "t")]
    found = [Detection(1.5, "a", 1), Detection(2.8, "a", 1), Detection(5.5, "a", 1), Detection(6.9, "b", 1),
             Detection(11.5, "a", 1)]
    false, hit = detections.count(found, words, late=1)
    assert false.tolist() == [False, True, True, False, True] and hit.tolist() == [True, True, False]


def babble(seed=0, windows=3000, words=60):
    """Random scores in which words stand out somewhat, a window each 0.1 s."""
    draw = np.random.default_rng(seed)
    scores = draw.dirichlet([3, 0.4, 0.4], windows)
    told = []
    for start in np.sort(draw.choice(windows // 20 - 2, words, replace=False)) * 2.0:
        label = int(draw.integers(1, 3))
        told.append(Word(LABELS[label], float(start), float(start) + 1, f"voice {draw.integers(9)}"))
        at = int(10 * start) + 5
        scores[at:at + 3] = draw.dirichlet([1, *(4 if place == label else 0.5 for place in (1, 2))], 3)
    return Heard(LABELS, told, 0.1 * (1 + np.arange(windows)), scores, windows * 0.1, 1.0)


def test_rates_are_counts_by_hour_and_label():
    told, rules = babble(), ListenRules({"high": 0.8}, 0.9, 1, 0.5, 0.1)
    found = detections.detections(LABELS, told.times, told.scores, rules)
    false, hit = detections.count(found, told.words, told.late)
    rates = detections.rates(told, rules, seed=0)
    assert rates["false_accepts"] == false.sum() > 1 and rates["words"] == 60
    assert rates["false_accepts_per_hour"] == pytest.approx(12 * false.sum()) and 0 < rates["false_reject_rate"] < 1
    assert rates["false_reject_rate"] == pytest.approx(np.mean(~hit))
    rows = rates["per_label"]
    assert list(rows) == ["high", "low"] and (rows["high"]["threshold"], rows["low"]["threshold"]) == (0.8, 0.9)
    assert sum(row["false_accepts"] for row in rows.values()) == false.sum()
    assert sum(row["missed"] for row in rows.values()) == (~hit).sum()


def test_the_interval_of_three_events_is_garwoods():
    words = [Word("high", 5, 6, "s")]
    scores = np.tile([0.9, 0.05, 0.05], (100, 1))
    scores[[20, 40, 80]] = [0, 1, 0]
    told = Heard(LABELS, words, np.arange(100.0), scores, 1800, 1)
    low, high = detections.rates(told, ListenRules(smooth=1, refractory=0.5), 0)["false_accepts_per_hour_interval"]
    assert low == pytest.approx(2 * 0.6187, abs=1e-3) and high == pytest.approx(2 * 8.7673, abs=1e-3)  # [0.619, 8.767]


def test_trials_are_what_each_threshold_alone_would_cost():
    told = babble()
    false, missed = detections.trials(told, 2, 0.5)
    assert false.shape == missed.shape == (2, len(THRESHOLDS) + 1) and not false[:, -1].any()
    for columns in ((3, 20), (11, 30), (len(THRESHOLDS), 0)):  # together they cost the sum
        limits = [*THRESHOLDS.tolist(), NEVER]
        rules = ListenRules({"high": limits[columns[0]], "low": limits[columns[1]]}, NEVER, 2, 0.5, 0.1)
        rates = detections.rates(told, rules, seed=0)
        assert rates["false_accepts"] == false[0, columns[0]] + false[1, columns[1]]
        assert round(rates["false_reject_rate"] * 60) == missed[0, columns[0]] + missed[1, columns[1]]


@pytest.mark.parametrize("seed", range(20))
def test_no_other_thresholds_miss_fewer(seed):
    """Against a search through all of them."""
    draw = np.random.default_rng(seed)
    false = np.sort(draw.integers(0, 9, (3, 6)), axis=1)[:, ::-1].copy()
    false[:, -1] = 0
    missed = draw.integers(0, 20, (3, 6))
    for most in (0, 1, 4, 30):
        columns = detections.allowed(false, missed, most)
        rows = np.arange(3)
        best = min(missed[rows, list(other)].sum() for other in itertools.product(range(6), repeat=3)
                   if false[rows, list(other)].sum() <= most)
        assert false[rows, columns].sum() <= most and missed[rows, columns].sum() == best


def test_a_label_that_noise_sounds_like_is_told_less_readily():
    """Noise scores 0.7 as "high" now and then; words score 0.8 as "high" or 0.5 as "low"."""
    words = [Word(LABELS[1 + place % 2], place, place + 0.25, "") for place in range(1, 9)]
    scores = np.tile([0.9, 0.05, 0.05], (100, 1))
    for word in words:
        scores[10 * word.start + 2] = [0.1, 0.8, 0.1] if word.label == "high" else [0.3, 0.2, 0.5]
    scores[[5, 95]] = [0.3, 0.7, 0.0]
    told = Heard(LABELS, words, 0.1 * (1 + np.arange(100)), scores, 10.0, 0.25)
    strict, loose = detections.choose_rules(told, (1.0, 1000.0), 0.1)
    assert (strict.smooth, strict.refractory) == (1, min(detections.REFRACTORY))  # a mean would bury the one window
    assert 0.7 < strict.of("high") <= 0.8 and 0.3 <= strict.of("low") <= 0.5
    assert loose.of("low") == strict.of("low")
    rates = detections.rates(told, strict, 0)
    assert rates["false_reject_rate"] == 0 and rates["false_accepts"] == 0
