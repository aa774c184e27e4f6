"""How many epochs a budget has room for, on clocks that were not foreseen."""

import pytest

from kwscls.training.plan import Plan


class Clocked(Plan):
    """A plan by whose clock every epoch takes as long as it is told."""

    now = 5.0

    @property
    def elapsed(self):
        return self.now


@pytest.mark.parametrize("budget,foreseen,real,epochs", [
    (600, 360, 360, 1), (600, 220, 220, 2), (600, 110, 110, 5), (60, 35, 35, 1), (600, 10, 10.3, 59), (600, 10, 12, 52),
    (600, 10, 8, 74)])
def test_a_budget_is_kept_and_a_fulfilled_plan_stays(budget, foreseen, real, epochs):
    plan = Clocked(epochs=80, steps=10, budget=budget)
    plan.fit_into(foreseen)
    done = 0
    while done < plan.epochs:
        done, plan.now = done + 1, plan.now + real
        plan.keep_to(real, done)
    assert done == epochs and plan.now <= 1.06 * budget


def test_a_budget_leaves_the_epochs_that_are_wanted_at_most():
    plan = Clocked(epochs=80, steps=10, budget=600, most=3)
    plan.fit_into(10)
    assert plan.epochs == 3
