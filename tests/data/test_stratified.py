"""Folds of whole groups: every clip is in one, every label in all."""

import numpy as np
import pytest

from kwscls.data.stratified import group_folds


@pytest.mark.parametrize("seed", range(5))
def test_each_clip_is_in_one_fold_and_each_label_in_all(seed):
    draw = np.random.default_rng(seed)
    groups = draw.permutation(np.repeat([f"voice {i}" for i in range(40)], 3))
    labels = np.array(["go", "no"])[[int(name.split()[1]) % 2 for name in groups]]  # each voice says one word
    found = list(group_folds(labels, groups, 5, seed))
    assert sorted(np.concatenate([held for _, held in found])) == list(range(120))
    for learnt, held in found:
        assert sorted([*learnt, *held]) == list(range(120)) and not set(groups[learnt]) & set(groups[held])
        assert (labels[held] == "go").sum() == (labels[held] == "no").sum() == 12


def test_the_seed_orders_groups_that_are_alike():
    labels, groups = ["go"] * 10 + ["no"] * 10, [f"voice {i}" for i in range(20)]
    held = {seed: next(group_folds(labels, groups, 5, seed))[1].tolist() for seed in (0, 1)}
    assert held[0] != held[1] and held[0] == next(group_folds(labels, groups, 5, 0))[1].tolist()
