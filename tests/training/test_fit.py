"""The loop: the same seed gives the same numbers, a killed run goes on as if nothing had happened."""

import contextlib
import dataclasses
import io
import time

import keras
import numpy as np
import pytest
from rich.console import Console

from kwscls import console, models
from kwscls.augment.change import augmentation, long_noise
from kwscls.data.pipeline import Clips
from kwscls.errors import KwsclsError
from kwscls.training import recipes, state
from kwscls.training import fit as loop
from kwscls.training.fit import fit, foresee, measure
from kwscls.training.keeper import Keeper
from kwscls.training.plan import Plan
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


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, Killed])
def test_a_terminal_gets_its_cursor_back(tones, tmp_path, monkeypatch, end):
    screen = Console(file=io.StringIO(), force_terminal=True)

    def die(self, batch, logs=None):
        if end:
            raise end

    monkeypatch.setattr(console, "screen", lambda: screen)
    monkeypatch.setattr(Keeper, "on_train_batch_end", die)
    with pytest.raises(end) if end else contextlib.nullcontext():
        trained(tones, tmp_path, 1)
    shown = screen.file.getvalue()
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1, "hidden and shown again"


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
