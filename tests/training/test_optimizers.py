"""Optimizers and schedules, against Keras' own and hand-worked values."""

import dataclasses
import math

import keras
import numpy as np
import pytest

from kwscls import models, settings
from kwscls.errors import KwsclsError
from kwscls.training import optimizers
from kwscls.training.recipes import Recipe
from tests.models.small import SMALL


def net():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="body"), keras.layers.Dense(2, name="logits")])


def step(model, optimizer):
    gradients = [np.full(weight.shape, 0.1, np.float32) for weight in model.trainable_variables]
    before = model.get_weights()
    optimizer.apply(gradients, model.trainable_variables)
    return [new - old for new, old in zip(model.get_weights(), before)]


@pytest.mark.parametrize("name,original", [
    ("adam", lambda: keras.optimizers.Adam(1e-2)),
    ("adamw", lambda: keras.optimizers.AdamW(1e-2, weight_decay=0.1)),
    ("sgd", lambda: keras.optimizers.SGD(1e-2, momentum=0.9, nesterov=True)),
    ("rmsprop", lambda: keras.optimizers.RMSprop(1e-2, rho=0.95, epsilon=1e-8)),
])
def test_without_factors_they_are_keras_own(name, original):
    decay = 0.1 if name == "adamw" else 0.0
    ours, theirs = net(), net()
    made = optimizers.optimizer(Recipe(optimizer=name, learning_rate=1e-2, weight_decay=decay), ours)
    plain = original()
    plain.exclude_from_weight_decay(var_names=["bias"])
    for one, other in zip(step(ours, made), step(theirs, plain)):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_adamw_without_decay_is_adam():
    ours, theirs = net(), net()
    made = optimizers.optimizer(Recipe(optimizer="adamw", learning_rate=1e-2, weight_decay=0.0), ours)
    for one, other in zip(step(ours, made), step(theirs, keras.optimizers.Adam(1e-2))):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_part_may_learn_faster_and_another_slower():
    model = net()
    usual = step(model, optimizers.optimizer(Recipe(), model))
    model = net()
    changed = step(model, optimizers.optimizer(Recipe(rate_factors={"body": 0.1, "logits/bias": 5.0}), model))
    for ratio, one, other in zip((0.1, 0.1, 1, 5), changed, usual):
        np.testing.assert_allclose(one, ratio * other, rtol=1e-3)
    with pytest.raises(KwsclsError, match="--rate-factors tail: fits no weight"):
        optimizers.optimizer(Recipe(rate_factors={"tail": 0.1}), model)


def test_the_schedule():
    recipe = Recipe(learning_rate=2.0, schedule="cosine", warmup=0.25)
    assert optimizers.learning_rate(recipe, 0.125) == 1.0
    assert optimizers.learning_rate(recipe, 0.25) == 2.0
    assert optimizers.learning_rate(recipe, 0.5) == pytest.approx(1 + math.cos(math.pi / 3))
    assert optimizers.learning_rate(recipe, 1.0) == pytest.approx(0, abs=1e-12)
    assert optimizers.learning_rate(dataclasses.replace(recipe, schedule="constant"), 0.9) == 2.0
    with pytest.raises(KwsclsError, match="known are constant and cosine"):
        optimizers.learning_rate(dataclasses.replace(recipe, schedule="steps"), 0.9)


def test_an_unknown_optimizer():
    with pytest.raises(KwsclsError, match="known are adam"):
        optimizers.optimizer(Recipe(optimizer="adma"), net())


def test_a_schedule_that_does_not_exist_is_told_before_the_first_step():
    with pytest.raises(KwsclsError, match="linear: is no schedule; known are constant and cosine"):
        optimizers.optimizer(Recipe(schedule="linear", warmup=0.5), net())


def test_the_flags_offer_what_there_is():
    assert tuple(optimizers.OPTIMIZERS) == settings.OPTIMIZERS and tuple(optimizers.SCHEDULES) == settings.SCHEDULES


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_what_learns_slower_shrinks_slower(name):
    model = net()
    recipe = Recipe(optimizer=name, learning_rate=0.1, weight_decay=0.5, rate_factors={"body": 0.0, "logits": 0.5})
    before = model.get_weights()
    optimizers.optimizer(recipe, model).apply([np.zeros(w.shape, np.float32) for w in before], model.trainable_variables)
    for ratio, one, other in zip((1, 1, 1 - 0.1 * 0.5 * 0.5, 1), model.get_weights(), before):
        np.testing.assert_allclose(one, ratio * other, rtol=1e-6)


@pytest.mark.parametrize("name,rest", [("convnext_tiny", {"kernel"}), ("wav2vec2", {"kernel", "embedding"}), ("res1d", {"kernel"})])
def test_scales_do_not_decay(name, rest):
    model = models.build(name, 2, 4000, **SMALL.get(name, {}))
    made = optimizers.optimizer(Recipe(optimizer="adamw", weight_decay=0.1), model)
    assert {one.path.split("/")[-1] for one in model.trainable_variables if made._use_weight_decay(one.value)} == rest
