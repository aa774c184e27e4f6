"""What a run's model costs its user: file size, time and memory to answer."""

import os
import platform
import time
from pathlib import Path

import numpy as np

TOOK = "training.json"
"""The file of a run that says how many epochs its training took, how many seconds, and how many bytes at most."""

LONGEST = 2.0
"""Seconds for which each speed is measured."""

BATCH = 64
"""Clips answered at once where many are asked."""


def cost(run, seconds=LONGEST):
    """Measure the exported model of a run on noise of its clip length; call it in a process of its own.

    Args:
        run: a run's folder, with `saved_model` and `model.keras`.
        seconds: how long each speed is measured.

    Returns:
        A dict: `parameters`, `multiply_adds` of one clip, `bytes` of the SavedModel, `latency_ms` (the median for one
        clip by itself), `latency_p95_ms`, `clips_per_second` in batches of 64 (the median), and `memory`, the most bytes
        that the process held until it had answered clips one at a time (None where the system does not tell), and the
        `machine` that all this was measured on.

    Raises:
        KwsclsError: there is no model in the run.
    """
    from kwscls.serving import bundle as bundles

    bundle = bundles.load(run)
    clips = np.random.default_rng(0).normal(0, 0.1, (BATCH, bundle.samples)).astype(np.float32)
    single = durations(lambda: bundle.scores(clips[:1]), seconds)
    memory = peak_memory()
    many = durations(lambda: bundle.scores(clips), seconds)
    return {"latency_ms": 1000 * float(np.median(single)), "latency_p95_ms": 1000 * float(np.quantile(single, 0.95)),
            "clips_per_second": BATCH / float(np.median(many)), "memory": memory,
            "bytes": sum(path.stat().st_size for path in bundle.folder.rglob("*") if path.is_file()),
            **counted(Path(run) / "model.keras"), "machine": machine()}


def counted(path):
    """Parameters and multiply-adds of a model's file."""
    from kwscls import models
    from kwscls.models.facts import facts

    found = facts(models.load(path))
    return {name: found[name] for name in ("parameters", "multiply_adds")}


def durations(action, seconds):
    """How long an action takes, in seconds, time after time for so long; three runs before that do not count."""
    found = []
    for _ in range(3):
        action()
    end = time.perf_counter() + seconds
    while not found or time.perf_counter() < end:
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return found


def machine():
    """What times are measured on: a line of words."""
    import tensorflow as tf

    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else ()
    kind = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    cards = [tf.config.experimental.get_device_details(card).get("device_name", "a GPU")
             for card in tf.config.list_physical_devices("GPU")]
    return (f"{len(os.sched_getaffinity(0))} cores of {kind}{''.join(f', {card}' for card in cards)}, "
            f"TensorFlow {tf.__version__}")


def peak_memory():
    """The most memory that this process has held, in bytes; None where the system does not tell.

    Linux's own figure for the program that runs: getrusage's is handed down from the process that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else ()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
