"""A training step on one device and on several: the same losses."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

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
