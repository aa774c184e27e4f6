"""Kill a worker of a job in the middle of an epoch, start the job again, and compare with a job that nobody disturbed.

    python benchmarks/lost_worker.py [--data FOLDER] [--epochs 6] [-- MORE WORDS OF TRAIN]

Both jobs are two processes on this machine. Prints both histories, the largest relative difference and the test accuracies.
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

WORDS = ["--model", "cnn", "--size", "width=8", "units=32", "--batch-size", "16"]
COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")


def job(words, out, port):
    """Start the two workers of a training."""
    cluster = {"worker": [f"localhost:{port}", f"localhost:{port + 1}"]}
    told = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in (0, 1)]
    return [subprocess.Popen([sys.executable, "-m", "kwscls.train", *words, "--out", str(out)],
                             env={**os.environ, "TF_CONFIG": one}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for one in told]


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
        calm = [ended(process) for process in job(words, room / "calm", 23440)]
        assert calm[0][0] == calm[1][0] == 0, calm
        workers = job(words, room / "disturbed", 23450)
        checkpoint = room / "disturbed.unfinished" / "checkpoint.npz"
        while not checkpoint.exists():
            time.sleep(0.02)
        before = checkpoint.stat().st_mtime
        while checkpoint.stat().st_mtime == before:
            time.sleep(0.02)
        epoch = history_seconds(checkpoint)
        time.sleep(random.uniform(0.2, 0.8) * epoch)  # into the next epoch
        workers[1].send_signal(signal.SIGKILL)
        print("killed worker 1; exit codes and last lines:", *(ended(process) for process in workers), sep="\n  ")
        assert not (room / "disturbed").exists()
        again = job([*words, "--resume"], room / "disturbed", 23460)
        print("started again:", *(ended(process) for process in again), sep="\n  ")
        one, two = history(room / "calm"), history(room / "disturbed")
        for row, other in zip(one, two, strict=True):
            print("  calm      ", row, "\n  disturbed ", other)
        print("largest relative difference of losses:",
              max(abs(a[k] / b[k] - 1) for a, b in zip(two, one) for k in (0, 2)))
        print("test accuracy:", *(json.loads((room / name / "metrics.json").read_text())["accuracy"]
                                  for name in ("calm", "disturbed")))


def history_seconds(checkpoint):
    """How long the last epoch in a checkpoint took."""
    import numpy as np

    with np.load(checkpoint) as stored:
        return json.loads(str(stored["facts"]))["rows"][-1]["seconds"]


if __name__ == "__main__":
    main()
