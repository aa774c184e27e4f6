"""How each model is trained when nothing is said: recipes as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of a training.

    Args:
        epochs: passes over the training clips, at most.
        batch_size: clips a step.
        optimizer: "adam", "adamw", "sgd" (momentum 0.9, Nesterov) or "rmsprop".
        learning_rate: the highest rate of the schedule.
        schedule: "constant" or "cosine" (down to zero at the last step).
        warmup: share of all steps in which the rate climbs from zero.
        weight_decay: decoupled, on kernels only.
        label_smoothing: share of each target spread evenly over the labels.
        clip_norm: the largest norm of all gradients together; 0 is none.
        patience: epochs without a better validation score before it stops; 0 never stops early.
        jit: whether XLA compiles the step; it helps transformers and hurts convolutions on a CPU.
        slow: part of a variable's path -> factor on its learning rate.
        source: where the settings come from.
    """

    epochs: int = 40
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    patience: int = 0
    jit: bool = False
    slow: dict = dataclasses.field(default_factory=dict)
    source: str = ""


RECIPES = {
    "ast": Recipe(optimizer="adamw", learning_rate=5e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
                  label_smoothing=0.1, clip_norm=1.0, jit=True, source="DeiT's settings, for clips of 1 s from scratch"),
    "ast_small": Recipe(optimizer="adamw", learning_rate=3e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
                        label_smoothing=0.1, clip_norm=1.0, jit=True, source="as ast, at a lower rate for the wider net"),
    "ast_base": Recipe(optimizer="adamw", learning_rate=1e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
                       batch_size=32, label_smoothing=0.1, clip_norm=1.0, jit=True,
                       source="as ast, at a lower rate for the wider net"),
    "cnn": Recipe(patience=5, source="the tutorial: Adam at its default rate, batch 64, early stopping"),
}


def recipe(name):
    """The recipe of a model's name."""
    return RECIPES[name]
