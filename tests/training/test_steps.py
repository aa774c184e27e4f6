"""A training step on one device and on several: the same losses."""

import dataclasses
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from kwscls import devices, models
from kwscls.training import recipes
from kwscls.training.steps import Steps
from tests.training import worker


@pytest.fixture(scope="module")
def alone(tones):
    """The losses of one process on one device."""
    return {name: worker.losses(name, tones / "train", tf.distribute.get_strategy()) for name in worker.SIZES}


def start(words, count=2):
    """Start the workers of a job on this machine."""
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("localhost", 0))
        places = [f"localhost:{free.getsockname()[1]}" for free in (one, other)]
    return [subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "TF_CONFIG": json.dumps(
            {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}})}) for index in range(count)]


def test_two_workers_learn_as_one(alone, tones):
    for process in start(["tests.training.worker", str(tones / "train")]):
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        told = json.loads(out.splitlines()[-1])
        assert told.pop("from the chief") == "12345"
        for name, losses in told.items():
            np.testing.assert_allclose(losses, alone[name], rtol=1e-5, err_msg=name)


def test_a_batch_in_parts_is_a_batch(alone, tones):
    losses = worker.losses("cnn", tones / "train", tf.distribute.get_strategy(), parts=3)
    np.testing.assert_allclose(losses, alone["cnn"], rtol=1e-4)


@pytest.mark.parametrize("count", [2, 3])
def test_shares_side_by_side_learn_as_the_batch(alone, tones, monkeypatch, count):
    monkeypatch.setattr(devices, "lanes", lambda: count)
    for name in ("cnn", "ast"):
        losses = worker.losses(name, tones / "train", tf.distribute.get_strategy())
        np.testing.assert_allclose(losses, alone[name], rtol=1e-4, err_msg=name)


def test_who_goes_in_lanes(monkeypatch):
    monkeypatch.setattr(devices, "lanes", lambda: 64)
    recipe = recipes.recipe("ast")
    small = {name: models.build(name, 3, 4000, **worker.SIZES[name]) for name in ("ast", "res1d")}
    assert Steps(small["ast"], recipe).lanes == recipe.batch_size
    assert Steps(small["ast"], recipe, parts=2).lanes == 1
    assert Steps(small["ast"], dataclasses.replace(recipe, jit=True)).lanes == 1
    assert Steps(small["res1d"], recipe).lanes == 1  # its norms look at the whole batch


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_look_at_clips_in_lanes_is_a_look_at_all(monkeypatch, count):
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(count, 4000)).astype(np.float32), np.eye(3, dtype=np.float32)[rng.integers(3, size=count)])]
    model = models.build("ast", 3, 4000, **worker.SIZES["ast"])
    whole = Steps(model, recipes.recipe("ast")).check(tf.data.Dataset.from_generator(
        lambda: batches, output_signature=(tf.TensorSpec([None, 4000]), tf.TensorSpec([None, 3]))))
    monkeypatch.setattr(devices, "lanes", lambda: 4)
    shared = Steps(model, recipes.recipe("ast")).check([tuple(map(tf.constant, one)) for one in batches])
    assert shared == pytest.approx(whole, rel=1e-5)
