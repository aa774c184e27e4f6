"""The picture of a search: lines against the values that they stand for."""

import numpy as np

from kwscls.evaluation.search_plots import parallel

RANGES = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "batch_size": [32, 64, 128]}


def trial(rate, size, score):
    return {"values": {"learning_rate": rate, "batch_size": size}, "score": score}


def test_each_trial_is_a_line_through_its_values_to_its_score():
    axes = parallel([trial(1e-3, 128, 0.9), trial(1e-4, 32, 0.5)], RANGES).axes[0]
    worse, better = (line.get_ydata() for line in axes.get_lines()[:2])
    np.testing.assert_allclose(better, [0.5, 1, 1], atol=1e-9)
    np.testing.assert_allclose(worse, [0, 0, 0], atol=1e-9)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["learning rate", "batch size", "validation, %"]


def test_the_best_trial_is_the_boldest_line_and_of_equals_the_first():
    axes = parallel([trial(1e-2, 32, 0.9), trial(1e-3, 64, 0.9), trial(1e-4, 32, 0.5)], RANGES).axes[0]
    boldest = max(axes.get_lines()[:3], key=lambda line: line.get_linewidth())
    np.testing.assert_allclose(boldest.get_ydata(), [1, 0, 1], atol=1e-9)
