"""The learning-rate finder: a ramp of rates over some steps, and where the loss falls the fastest."""

import numpy as np

from kwscls.training import state

STEPS = 80
SPAN = (1e-3, 1e2)  # of the recipe's rate
WORSE = 3.0  # times the lowest loss: there the ramp ends
MEMORY = 0.9  # of the smoothed loss


def find_rate(steps, batches, rate):
    """Train some steps with a rate that climbs from a thousandth to a hundred times, and leave the model as it was.

    Args:
        steps: a `steps.Steps` of the model.
        batches: training batches, enough or endless.
        rate: the recipe's rate, about which is looked.

    Returns:
        A dict for JSON: `rates`, `losses` (smoothed) of each step, and `rate`, where the smoothed loss falls the fastest;
        `rate` is the recipe's where it never falls.

    Source: L. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.
    """
    model, batches = steps.model, iter(batches)
    variables = [*model.variables, *model.optimizer.variables]
    before = state.snapshot(variables)
    rates = rate * np.geomspace(*SPAN, STEPS)
    losses, average = [], 0.0
    for step in range(STEPS):
        model.optimizer.learning_rate = rates[step]
        steps.reset()
        steps.update(batches)
        loss = steps.results()["loss"]
        average = MEMORY * average + (1 - MEMORY) * loss
        losses.append(average / (1 - MEMORY ** (step + 1)))
        if not np.isfinite(loss) or losses[-1] > WORSE * min(losses):
            losses = losses[:-1]
            break
    state.put_back(variables, before)
    return {"rates": rates[:len(losses)].tolist(), "losses": losses, "rate": steepest(rates[:len(losses)], losses, rate)}


def steepest(rates, losses, otherwise):
    """The rate at which losses fall the fastest along the logarithm of the rate, before their lowest; or `otherwise`."""
    lowest = int(np.argmin(losses)) if len(losses) else 0
    if lowest < 2:
        return float(otherwise)
    slopes = np.gradient(np.asarray(losses[:lowest + 1]), np.log(rates[:lowest + 1]))
    return float(rates[int(np.argmin(slopes))])
