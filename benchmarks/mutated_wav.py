"""Ten thousand mutated WAV files through the signature `wav_bytes`: each must give a result or a clear error.

    python -m benchmarks.mutated_wav [--count 10000] [--seed 0] [RUN]

Mutations: bit flips, truncations, huge declared sizes, zero and huge channels and rates, random bytes, pieces of the file
twice or lost. Every tenth one is also put into a batch between two good clips, where the error must name its index.
Printed: how many gave a result, how many which error, the longest answer, and how much the process grew.
"""

import argparse
import collections
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np


def main():
    """Run and print."""
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("run", nargs="?", help="a run or an export (default: a small cnn, not trained)")
    said.add_argument("--count", type=int, default=10000)
    said.add_argument("--seed", type=int, default=0)
    chosen = said.parse_args()

    import keras

    from kwscls import models
    from kwscls.errors import KwsclsError
    from kwscls.serving import bundle
    from tests.serving.mutated import good_clip, mutated

    with tempfile.TemporaryDirectory() as room:
        if not chosen.run:
            keras.utils.set_random_seed(0)
            bundle.save(models.build("cnn", 8, 16000, width=8, units=16), Path(room) / "saved_model")
        loaded = bundle.load(chosen.run or room)
    draw = np.random.default_rng(chosen.seed)
    clip = good_clip(draw)
    for _ in range(20):
        loaded.answer("wav_bytes", wav_bytes=[clip])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told, longest, unnamed, started = collections.Counter(), (0.0, ""), 0, time.monotonic()
    for number in range(chosen.count):
        contents, kind = mutated(clip, draw)
        began = time.monotonic()
        in_batch = number % 10 == 0
        try:
            scores = loaded.answer("wav_bytes", wav_bytes=[clip, contents, clip] if in_batch else [contents])["scores"]
            assert np.isfinite(scores).all(), (number, kind)
            told["a result"] += 1
        except KwsclsError as error:
            unnamed += not str(error).startswith(f"clip {1 if in_batch else 0}: ")
            told[re.sub(r"-?\d+", "N", re.sub(r"^clip \d+: ", "", str(error)))[:90]] += 1
        longest = max(longest, (time.monotonic() - began, kind))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    for text, count in told.most_common():
        print(f"{count:6d}  {text}")
    print(f"{chosen.count} files in {time.monotonic() - started:.0f} s; the longest answer took {longest[0]:.3f} s "
          f"({longest[1]}); {unnamed} errors without the clip's index; the process grew by {grown / 1024:.0f} MiB")
    return 1 if unnamed else 0


if __name__ == "__main__":
    sys.exit(main())
