"""Who takes part in a job, and on which devices."""

import json
import os
import subprocess
import sys

import pytest
import tensorflow as tf

from kwscls import devices
from kwscls.errors import KwsclsError


@pytest.fixture
def told(monkeypatch):
    """A function that sets TF_CONFIG."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    devices.begin.cache_clear()
    yield lambda cluster, task: monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": task}))
    devices.begin.cache_clear()


def test_alone(told):
    assert devices.workers() == [] and devices.is_chief()
    strategy = devices.begin("auto")
    assert strategy is tf.distribute.get_strategy() and not devices.is_shared(strategy)
    assert devices.from_chief(strategy, 3) == 3 and devices.bytes_from_chief(strategy, b"x") == b"x"


@pytest.mark.parametrize("cluster,task,chief", [
    ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 0}, True),
    ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 1}, False),
    ({"chief": ["c:1"], "worker": ["a:1"]}, {"type": "chief", "index": 0}, True),
    ({"chief": ["c:1"], "worker": ["a:1"]}, {"type": "worker", "index": 0}, False),
])
def test_the_chief_is_one(told, cluster, task, chief):
    told(cluster, task)
    assert len(devices.workers()) == 2 and devices.is_chief() == chief


def test_what_is_wrong_with_a_job(told):
    with pytest.raises(KwsclsError, match="names no workers"):
        devices.begin("multiworker")
    told({"worker": ["a:1"], "ps": ["b:1"]}, {"type": "ps", "index": 0})
    with pytest.raises(KwsclsError, match="a chief and workers only"):
        devices.begin("auto")


@pytest.mark.parametrize("text", [
    "{worker", "[]", '{"cluster": []}', '{"cluster": null}', '{"cluster": {"worker": "a:1"}}', '{"task": null}',
    '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": "x"}}', '{"task": {"index": -1}}',
    '{"task": {"index": null}}'])
def test_what_is_no_configuration(told, monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(KwsclsError, match="is no JSON of a cluster and a task"):
        devices.begin("auto")


def test_one_device_is_a_mirror_too(told):
    strategy = devices.begin("mirrored")
    assert strategy.num_replicas_in_sync == len(tf.config.list_logical_devices("CPU")) == 1


def test_xla_starts_without_a_word():
    code = ("from kwscls import console, devices; console.quiet_tensorflow(); import tensorflow as tf; devices.start_compiler(); "
            "print(tf.function(lambda x: x * 2.0, jit_compile=True)(tf.constant(3.0)).numpy())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("6.0\n", "")


def test_a_lost_worker_is_told_in_one_line(told):
    told({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 0})
    with pytest.raises(KwsclsError, match="lost another worker .*; start every worker again with --resume"):
        with devices.lost_workers():
            raise tf.errors.UnavailableError(None, None, "Collective ops is aborted\nby much")


LANES = """
import sys, tensorflow as tf
from kwscls import devices
print(devices.lanes())
if sys.argv[1] == "begun":
    tf.constant(1.0)
devices.open_lanes(sys.argv[2])
print(devices.lanes(), float(tf.constant(2.0)))
"""


@pytest.mark.parametrize("when, strategy, cores, lanes", [
    ("before", "auto", "0,1", 2), ("before", "none", "0", 1), ("begun", "auto", "0,1", 1), ("before", "mirrored", "0,1", 1)])
def test_lanes_are_opened_before_tensorflow_begins(when, strategy, cores, lanes):
    wanted = [int(core) for core in cores.split(",")]
    if not set(wanted) <= os.sched_getaffinity(0):
        pytest.skip("needs two cores")
    done = subprocess.run([sys.executable, "-c", LANES, when, strategy], capture_output=True, text=True, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, wanted))
    assert done.stdout.split() == ["1", str(lanes), "2.0"]


def test_no_lanes_in_a_job_of_workers():
    job = json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}})
    done = subprocess.run([sys.executable, "-c", LANES, "before", "auto"], capture_output=True, text=True, check=True,
                          env={**os.environ, "TF_CONFIG": job})
    assert done.stdout.split()[1] == "1"
