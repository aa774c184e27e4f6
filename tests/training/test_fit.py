"""The loop: the same seed gives the same numbers, a killed run goes on as if nothing had happened."""

import dataclasses
import time

import keras
import numpy as np
import pytest

from kwscls import models
from kwscls.augment.change import augmentation, long_noise
from kwscls.data.pipeline import Clips
from kwscls.errors import KwsclsError
from kwscls.training import recipes, state
from kwscls.training import fit as loop
from kwscls.training.fit import Keeper, Plan, fit, foresee, is_within_error, measure
from kwscls.training.statistics import adapt

SMALL = dict(width=8, units=32, size=16, dropout=(0.1, 0.1))


def trained(tones, folder, epochs, resume=False, **changes):
    """A small CNN trained for some epochs: (model, history)."""
    keras.utils.set_random_seed(3)
    train, validation = (Clips(tones / split, 4000) for split in ("train", "validation"))
    model = models.build("cnn", train.labels, 4000, **SMALL)
    adapt(model, train)
    recipe = dataclasses.replace(recipes.recipe("cnn"), epochs=epochs, batch_size=8, schedule="cosine", warmup=0.2,
                                 **{"learning_rate": 3e-3, "reverb": 0.2, "mixup": 0.2, "average": 0.3, **changes})
    change = augmentation(recipe, 16000, long_noise([], 16000, 4000))
    return model, fit(model, train, validation, recipe, folder, seed=3, resume=resume, change=change)


def numbers(history):
    return [[row[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy")] for row in history]


def test_it_learns_and_the_same_seed_gives_the_same_numbers(tones, tmp_path):
    first, history = trained(tones, tmp_path / "a", 8, patience=0, **recipes.UNCHANGED)
    second, again = trained(tones, tmp_path / "b", 8, patience=0, **recipes.UNCHANGED)
    assert numbers(history) == numbers(again)
    for one, other in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert history[-1]["val_accuracy"] == 1


class Killed(Exception):
    """What happens instead of a power cut."""


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tones, tmp_path, monkeypatch):
    whole, history = trained(tones, tmp_path / "whole", 5)
    steps = []

    def die(self, batch, logs=None):
        steps.append(batch)
        if len(self.rows) == 2 and batch == 1:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Keeper, "on_train_batch_end", die)
        trained(tones, tmp_path / "cut", 5)
    model, resumed = trained(tones, tmp_path / "cut", 5, resume=True)
    assert numbers(resumed) == numbers(history)
    for one, other in zip(whole.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("best, clips, least", [(0.8125, 32, 0.7417), (1.0, 32, 0.9701), (0.5, 100, 0.45), (0.97, 3000, 0.9669)])
def test_the_standard_error_of_a_score(best, clips, least):
    assert is_within_error(least + 1e-3, best, clips) and not is_within_error(least - 1e-3, best, clips)


def test_the_last_epoch_within_the_error_of_the_best_stays(tmp_path):
    """Fold 1 of ESC-10 had its highest score on 32 clips in epoch 14 of 123."""
    class Weights:
        """An average that is the number of the epoch."""
        variables = []

        def weights(self):
            return [epoch]

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    keeper = Keeper(tmp_path / "checkpoint.npz", Plan(5, 1), 0, 32, Weights())
    keeper.set_model(model)
    for epoch, score in enumerate((0.7, 0.8125, 0.6875, 0.75, 0.71875)):
        keeper.on_epoch_begin(epoch)
        keeper.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": score})
    assert [row["kept"] for row in keeper.rows] == [1, 1, 0, 1, 0] and keeper.kept == [3] and keeper.best_epoch == 2


def test_the_weights_that_validation_heard_stay(tones, tmp_path):
    model, history = trained(tones, tmp_path, 6, patience=3, learning_rate=0.02)
    validation = Clips(tones / "validation", 4000)
    loss = model.evaluate(*validation.batch(range(len(validation))), verbose=0)
    kept = [row for row in history if row["kept"]][-1]
    assert loss == pytest.approx(kept["val_loss"], rel=1e-4)


def test_patience_stops(tones, tmp_path):
    _, history = trained(tones, tmp_path, 30, patience=2, learning_rate=1e-9)
    assert len(history) < 30


def test_a_loss_that_explodes_is_told(tones, tmp_path):
    with pytest.raises(KwsclsError, match="lower --learning-rate"):
        trained(tones, tmp_path, 3, learning_rate=1e38)


def test_a_budget_sets_the_epochs(capsys):
    plan = Plan(epochs=40, steps=10, budget=60)
    foresee(plan, step=0.1, check=1.0)
    assert plan.epochs in (29, 30) and plan.foreseen <= 60
    assert "epochs fit the budget" in capsys.readouterr().err


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


class Slow:
    """Steps that take a twentieth of a second each."""

    strategy, model = None, keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd")

    def update(self, batches):
        time.sleep(0.05)

    def check(self, batches):
        pass

    def results(self):
        pass


@pytest.mark.parametrize("epoch", [1, 2, 9])
def test_steps_are_timed_however_few_an_epoch_has(epoch):
    assert 0.05 <= measure(Slow(), [], [], epoch, 0.1)[0] < 0.2


def test_layers_that_a_budget_never_lets_learn_again_are_told(tones, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "measure", lambda *arguments: (1.0, 1.0))
    clips = Clips(tones / "train", 4000)
    model = models.build("cnn", clips.labels, 4000, **SMALL)
    with pytest.raises(KwsclsError, match="--unfreeze 9=: but . epochs fit the budget"):
        fit(model, clips, clips, dataclasses.replace(recipes.recipe("cnn"), batch_size=len(clips)), tmp_path, budget=10.9,
            thaw={9: ["body"]})


def test_a_checkpoint_of_another_model_or_damaged_is_told(tmp_path):
    state.write(tmp_path / "state.npz", {"model": [np.zeros((2, 3)), np.ones(4)]}, {"epoch": 3})
    groups, facts = state.read(tmp_path / "state.npz")
    assert facts == {"epoch": 3}
    variable = keras.Variable(np.zeros((2, 3)))
    with pytest.raises(KwsclsError, match="another model"):
        state.put_back([variable], groups["model"])
    (tmp_path / "state.npz").write_bytes((tmp_path / "state.npz").read_bytes()[:100])
    with pytest.raises(KwsclsError, match="no readable checkpoint"):
        state.read(tmp_path / "state.npz")
