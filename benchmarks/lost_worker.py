"""Kill a worker of a job in the middle of an epoch, start the job again, and compare with a run that nobody disturbed.

    python benchmarks/lost_worker.py [--data FOLDER] [--epochs 6] [-- MORE WORDS OF TRAIN]

The undisturbed run is one process on one device; the job is two processes on this machine. Augmentation and dropout are
off, since each device draws its own. Prints both histories, the largest relative difference and the test accuracies.
"""

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = ["--model", "cnn", "--no-augment", "--size", "dropout=(0.0,0.0)", "width=8", "units=32", "--batch-size", "16"]
COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")


def start(words, out, index=None, port=23450):
    """Start a training, or a worker of a job."""
    cluster = {"worker": [f"localhost:{port}", f"localhost:{port + 1}"]}
    told = {} if index is None else {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})}
    return subprocess.Popen([sys.executable, "-m", "kwscls.train", *words, "--out", str(out)], env={**os.environ, **told},
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ended(process):
    """Wait for a process: its exit code, and its error or the last line that it told."""
    told = process.communicate()[1].strip().splitlines() or [""]
    return process.returncode, next((line for line in told if line.startswith("error: ")), told[-1])


def history(run):
    with open(run / "history.csv", newline="") as file:
        return [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(file)]


def main():
    known = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known.add_argument("--data", default="spoken_words")
    known.add_argument("--epochs", type=int, default=6)
    known.add_argument("more", nargs="*")
    chosen = known.parse_args()
    words = ["--data", str(Path(chosen.data).resolve()) if Path(chosen.data).exists() else chosen.data,
             "--epochs", str(chosen.epochs), *WORDS, *chosen.more]
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        code, line = ended(start(words, room / "alone"))
        assert code == 0, line
        job = [start(words, room / "job", index) for index in (0, 1)]
        checkpoint = room / "job.unfinished" / "checkpoint.npz"
        while not checkpoint.exists():
            time.sleep(0.02)
        before = checkpoint.stat().st_mtime
        while checkpoint.stat().st_mtime == before:
            time.sleep(0.02)
        epoch = history_seconds(checkpoint)
        time.sleep(random.uniform(0.2, 0.8) * epoch)  # into the next epoch
        job[1].send_signal(signal.SIGKILL)
        print("killed worker 1; exit codes and last lines:", *(ended(process) for process in job), sep="\n  ")
        assert not (room / "job").exists()
        job = [start([*words, "--resume"], room / "job", index, 23460) for index in (0, 1)]
        print("started again:", *(ended(process) for process in job), sep="\n  ")
        one, two = history(room / "alone"), history(room / "job")
        for row, other in zip(one, two, strict=True):
            print("  alone ", row, "\n  job   ", other)
        print("largest relative difference of losses:",
              max(abs(a[k] / b[k] - 1) for a, b in zip(two, one) for k in (0, 2)))
        print("test accuracy:", *(json.loads((room / name / "metrics.json").read_text())["accuracy"] for name in ("alone", "job")))


def history_seconds(checkpoint):
    """How long the last epoch in a checkpoint took."""
    import numpy as np

    with np.load(checkpoint) as stored:
        return json.loads(str(stored["facts"]))["rows"][-1]["seconds"]


if __name__ == "__main__":
    main()
