"""Layers that stay as they are, and training in stages: which weights move when, and that a killed run goes on alike."""

import dataclasses

import keras
import numpy as np
import pytest

from kwscls import models
from kwscls.data.pipeline import Clips
from kwscls.errors import KwsclsError
from kwscls.training import freezing, recipes
from kwscls.training.fit import fit
from kwscls.training.keeper import Keeper


def net():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="stage1"), keras.layers.Dense(3, name="stage2"),
                             keras.layers.Dense(2, name="logits")])


def test_prefixes_choose_layers():
    model = net()
    assert freezing.freeze(model, ["body"]) == 15 + 12
    assert [tuple(weight.shape) for weight in model.trainable_variables] == [(3, 2), (2,)]
    assert freezing.unfreeze(model, ["stage2"]) == 15
    assert freezing.unfreeze(model, ["body"]) == 0 and freezing.freeze(model, ["stage"]) == 27
    with pytest.raises(KwsclsError, match="encoder: fits no layer of the model; its layers are body, stage1, stage2, logits"):
        freezing.freeze(model, ["encoder"])


def test_what_learns_again_when():
    assert freezing.thaws(["10=stage1", "5=stage2", "10=logits"], net()) == {5: ["stage2"], 10: ["stage1", "logits"]}
    assert freezing.stages({5: ["stage2"], 10: ["body"]}, 99) == [(5, []), (10, ["stage2"]), (99, ["body"])]
    assert freezing.stages({}, 99) == [(99, [])]
    for word in ("stage2", "=stage2", "5=", "0=stage2", "-1=stage2", "1.5=stage2"):
        with pytest.raises(KwsclsError, match="EPOCH=PREFIX"):
            freezing.thaws([word], net())
    with pytest.raises(KwsclsError, match="fits no layer"):
        freezing.thaws(["5=stage9"], net())


def staged(tones, folder, thaw, epochs=4, resume=False, watch=None, **changes):
    """A small CNN whose body is frozen at first, trained in stages."""
    keras.utils.set_random_seed(3)
    train, validation = (Clips(tones / split, 4000) for split in ("train", "validation"))
    model = models.build("cnn", train.labels, 4000, width=4, units=8, size=12, dropout=(0.1, 0.1))
    recipe = dataclasses.replace(recipes.recipe("cnn"), epochs=epochs, batch_size=16,
                                 **{"patience": 0, "average": 0.3, **changes})
    freezing.freeze(model, ["body"])
    if watch:
        watch(model)
    return model, fit(model, train, validation, recipe, folder, seed=3, resume=resume, thaw=thaw)


def test_stages_move_the_weights_that_they_should(tones, tmp_path, monkeypatch):
    names = ("conv1", "dense", "logits")
    seen = []

    def note(self, epoch, logs=None):
        seen.append([self.model.get_layer(name).kernel.numpy() for name in names])
        original(self, epoch, logs)

    original = Keeper.on_epoch_end
    monkeypatch.setattr(Keeper, "on_epoch_end", note)
    _, history = staged(tones, tmp_path, {1: ["dense"], 3: ["body"]},
                        watch=lambda model: seen.append([model.get_layer(name).kernel.numpy() for name in names]))
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    moved = [[bool(np.any(before != after)) for before, after in zip(*pair)] for pair in zip(seen, seen[1:])]
    assert moved == [[False, False, True], [False, True, True], [False, True, True], [True, True, True]]


def test_a_killed_run_goes_on_in_its_stage(tones, tmp_path, monkeypatch):
    whole, history = staged(tones, tmp_path / "whole", {2: ["body"]})

    def die(self, batch, logs=None):
        if len(self.rows) == 2:  # the checkpoint is of the stage before
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Keeper, "on_train_batch_end", die)
        staged(tones, tmp_path / "cut", {2: ["body"]})
    model, resumed = staged(tones, tmp_path / "cut", {2: ["body"]}, resume=True)
    assert [row["loss"] for row in resumed] == [row["loss"] for row in history]
    for one, other in zip(whole.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_patience_waits_for_the_last_stage(tones, tmp_path):
    _, history = staged(tones, tmp_path, {4: ["body"]}, epochs=20, patience=2, average=0.0, learning_rate=1e-9)
    assert 6 <= len(history) < 20
    with pytest.raises(KwsclsError, match="has but 4 epochs"):
        staged(tones, tmp_path, {4: ["body"]})
