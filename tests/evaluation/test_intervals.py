import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from kwscls.errors import KwsclsError
from kwscls.evaluation import intervals


@given(st.integers(1, 300).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_is_that_of_scipy(case):
    successes, trials = case
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert intervals.wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_nothing_is_anything():
    low, high = intervals.wilson([0, 5], [0, 10])
    assert (low[0], high[0]) == (0, 1) and low[1] > 0.2


def test_percentile_passes_over_draws_that_are_not_known():
    values = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    low, high = intervals.percentile(values, 0.5)
    assert (low[0], high[0]) == (1.5, 2.5) and np.isnan([low[1], high[1]]).all()


def test_units_are_groups_or_single_clips():
    units, over = intervals.unit_of(["ann", "bob", "", "ann", None, float("nan")], 6)
    assert over == "groups" and units.tolist() == [0, 1, 2, 0, 3, 4]
    for groups in (None, ["ann"] * 3, ["", None, ""]):
        units, over = intervals.unit_of(groups, 3)
        assert over == "clips" and units.tolist() == [0, 1, 2]


def test_groups_must_be_as_many_as_clips():
    with pytest.raises(KwsclsError, match="2 groups were given for 3 clips"):
        intervals.unit_of(["ann", "bob"], 3)


@pytest.mark.parametrize("units", [np.arange(60), np.arange(60) // 3], ids=["clips", "groups"])
def test_resampled_totals_have_the_spread_of_theory(units):
    values = np.random.default_rng(5).normal(size=60)
    totals = np.bincount(units, values)
    drawn = intervals.resampled_totals(values, units, draws=8000)
    assert drawn.shape == (8000,)
    assert drawn.mean() == pytest.approx(values.sum(), abs=0.4)
    assert drawn.std() == pytest.approx(totals.std() * np.sqrt(len(totals)), rel=0.03)


@pytest.mark.parametrize("units", [np.arange(90), np.arange(90) // 9], ids=["clips", "groups"])
def test_resampled_counts_and_totals_agree(units):
    cells = np.random.default_rng(2).integers(0, 4, 90)
    counts = np.concatenate(list(intervals.resampled_counts(cells, 5, units, draws=6000)))
    totals = intervals.resampled_totals(np.eye(5)[cells], units, draws=6000)
    assert counts.shape == totals.shape and (counts.sum(axis=1) == 90).all() and (counts[:, 4] == 0).all()
    assert counts.mean(axis=0) == pytest.approx(totals.mean(axis=0), abs=0.4)
    assert np.cov(counts.T) == pytest.approx(np.cov(totals.T), abs=2.5)


def test_blocks_do_not_change_what_is_drawn(monkeypatch):
    cells, units = np.arange(30) % 3, np.arange(30) // 2
    whole = np.concatenate(list(intervals.resampled_counts(cells, 3, units, draws=50)))
    monkeypatch.setattr(intervals, "BLOCK", 100)
    blocks = list(intervals.resampled_counts(cells, 3, units, draws=50))
    assert len(blocks) > 1 and (np.concatenate(blocks) == whole).all()


def test_the_mean_of_equal_groups_is_not_certain():
    right, groups = np.tile([1, 0, 0, 0], 10), np.arange(40) // 4
    assert intervals.mean_interval(right, groups) == pytest.approx(intervals.wilson(10, 40))
    assert intervals.mean_interval(np.ones(40)) == pytest.approx(intervals.wilson(40, 40))
    low, high = intervals.mean_interval(right)
    assert low < 0.15 and high > 0.35
