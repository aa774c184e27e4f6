"""How far a training is to go, which a budget of seconds changes on the way."""

import dataclasses
import time
import typing

from kwscls import devices

ENDLESS = 1 << 20
"""More epochs than any plan has: the callbacks say when it is enough."""

OVERRUN = 1.05
"""How much of its budget a training may take before epochs are struck off its plan: slow ones shall not cut the schedule."""


@dataclasses.dataclass
class Plan:
    """How far a training is to go; the callbacks share and change it.

    Args:
        epochs: how many there will be.
        steps: batches an epoch.
        budget: seconds that training may take in all, or None.
        most: epochs that it may take at most, whatever the budget; or None.
        foreseen: seconds that it will probably take.
        used: seconds it has taken before this process, when it was resumed.
        started: when this process began it, by `time.monotonic`.
        strategy: a `tf.distribute.Strategy`, whose chief's clock counts; or None.
    """

    epochs: int
    steps: int
    budget: float | None = None
    most: int | None = None
    used: float = 0.0
    foreseen: float = 0.0
    started: float = dataclasses.field(default_factory=time.monotonic)
    strategy: typing.Any = None

    def fit_into(self, epoch):
        """Take as many epochs of so many seconds as the budget has room for."""
        self._take((self.budget - self.elapsed) / epoch)

    def keep_to(self, epoch, done):
        """Follow the clock after some epochs: take more where whole ones fit, fewer where the budget would be overrun by much.

        A plan that is fulfilled stays, since its learning rate is down.
        """
        if done < self.epochs:
            fitting, bearable = (done + int((most - self.elapsed) / epoch) for most in (self.budget, OVERRUN * self.budget))
            self._take(max(done, min(max(self.epochs, fitting), bearable)))

    def _take(self, epochs):
        self.epochs = min(max(1, int(devices.from_chief(self.strategy, float(epochs)))), self.most or ENDLESS)

    @property
    def elapsed(self):
        """Seconds of training so far, those before a resume included."""
        return self.used + time.monotonic() - self.started
