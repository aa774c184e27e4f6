"""Optimizers from recipes, with a learning rate of its own for parts of a model."""

import math

import keras

from kwscls.errors import KwsclsError

OPTIMIZERS = {
    "adam": lambda **common: scaled(keras.optimizers.Adam)(**common),
    "adamw": lambda weight_decay, **common: scaled(keras.optimizers.AdamW)(  # which refuses None
        weight_decay=weight_decay or 0.0, **common),
    "sgd": lambda **common: scaled(keras.optimizers.SGD)(momentum=0.9, nesterov=True, **common),
    "rmsprop": lambda **common: scaled(keras.optimizers.RMSprop)(rho=0.95, epsilon=1e-8, **common),
}

SCHEDULES = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
}
"""The share of the highest learning rate that is left after a share of the steps behind the warm-up."""

NO_DECAY = ("bias", "gamma", "beta", "position", "token", "_hz", "/scale", "layer_weights")
"""Parts of the paths of variables that weight decay leaves alone: all but kernels, codebooks and what stands
for hidden frames."""


def optimizer(recipe, model):
    """The optimizer of a recipe, built for a model's trainable weights.

    Args:
        recipe: a `Recipe`.
        model: the Keras model to be trained.

    Raises:
        KwsclsError: the recipe names no known optimizer or schedule, or rates of a part that the model does not have.
    """
    kind = _known("optimizer", recipe.optimizer, OPTIMIZERS)
    _known("schedule", recipe.schedule, SCHEDULES)  # which is wanted only when the warm-up is over
    for part in recipe.rate_factors:
        if not any(_belongs(variable.path, part) for variable in model.variables):
            raise KwsclsError("fits no weight of the model", f"--rate-factors {part}",
                              "python -m kwscls.models --model NAME shows its layers")
    made = kind(
        learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay or None,
        global_clipnorm=recipe.clip_norm or None)
    made.factors = [_factor(variable.path, recipe.rate_factors) for variable in model.trainable_variables]
    if recipe.weight_decay:
        made.exclude_from_weight_decay(var_names=NO_DECAY)
    made.build(model.trainable_variables)
    return made


def learning_rate(recipe, progress):
    """The learning rate of a recipe at `progress`, the share of all steps that is done, in [0, 1]."""
    if progress < recipe.warmup:
        return recipe.learning_rate * progress / recipe.warmup
    done = (progress - recipe.warmup) / max(1 - recipe.warmup, 1e-9)
    return recipe.learning_rate * _known("schedule", recipe.schedule, SCHEDULES)(min(done, 1))


def _known(what, name, table):
    """The value of a name in a table."""
    if name not in table:
        *names, last = table
        raise KwsclsError(f"is no {what}", name, f"known are {', '.join(names)} and {last}")
    return table[name]


def _factor(path, rates):
    """The product of the factors whose part a variable's path belongs to; "body" is all but the head."""
    factor = 1.0
    for part, value in rates.items():
        if _belongs(path, part):
            factor *= value
    return factor


def _belongs(path, part):
    return "logits" not in path.split("/") if part == "body" else part in path


def scaled(optimizer_class):
    """A Keras optimizer whose learning rate, and the decay that goes with it, is multiplied by a factor of each variable:
    `factors`, in their order.

    It takes gradients that are summed over all devices already, so that it clips those of the whole batch.
    """
    class Scaled(optimizer_class):
        """The optimizer, stepping each variable at a rate of its own."""

        factors: list = []

        def _all_reduce_sum_gradients(self, grads_and_vars):
            return grads_and_vars

        def update_step(self, gradient, variable, learning_rate):
            rate = learning_rate * self.factors[self._get_variable_index(variable)]
            if self.weight_decay is not None and self._use_weight_decay(variable):
                decay, own = (keras.ops.cast(value, variable.dtype) for value in (self.weight_decay, rate))
                self.assign_sub(variable, variable * decay * own)
            super().update_step(gradient, variable, rate)

        def _apply_weight_decay(self, variables):
            """Leave the decay to each variable's step, which knows its rate: what is to learn little shall shrink little."""

    Scaled.__name__ = optimizer_class.__name__
    return Scaled
