"""How long one clip of a second takes from WAV bytes to a label: one thread, batch 1, the median.

    python -m benchmarks.latency [NAME ...] [--repeats 200]
    python -m benchmarks.latency ast --transformers /path/to/python

The SavedModel is asked through TensorFlow's C API, as a server asks it, with one thread, in a process of its own: TensorFlow's
first session in a process settles the threads of all. With `--transformers`, a Python that has torch and transformers (`pip
install torch 'transformers<5'`) answers in turn with its audio classification's feature extractor and an AST of the same size,
also in one thread; weights do not change the time, so they are drawn at random. The last column is the part of a thread's rate
in products of large float32 matrices (by numpy) that the model's multiply-adds make of its time.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # for the rate of one thread, by numpy

import numpy as np

PEERS = ("ast", "ast_small", "ast_base")
NAMES = ("ast", "resfold", "res1d", "cnn", "bcresnet_1")

MATRIX = 1536

OURS = """
import json, sys, time
from kwscls.serving import c_api
session = c_api.Session(sys.argv[1], threads=1)
contents = open(sys.argv[2], "rb").read()
print("ready", flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        began = time.perf_counter()
        session.run("wav_bytes", wav_bytes=[contents])["label"]
        times.append(time.perf_counter() - began)
    print(json.dumps(times), flush=True)
"""

PEER = """
import io, json, sys, time, wave
import numpy as np, torch
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, pipeline
torch.set_num_threads(1)
size = json.loads(sys.argv[1])
config = ASTConfig(num_labels=8, max_length=size.pop("frames"), **size)
ask = pipeline("audio-classification", model=ASTForAudioClassification(config).eval(),
               feature_extractor=ASTFeatureExtractor(max_length=config.max_length))
contents = open(sys.argv[2], "rb").read()
def once():
    with wave.open(io.BytesIO(contents)) as file:
        sound = np.frombuffer(file.readframes(-1), "<i2").astype(np.float32) / 32768
    with torch.inference_mode():
        return ask({"raw": sound, "sampling_rate": 16000}, top_k=1)[0]["label"]
print("ready", flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    print(json.dumps(times), flush=True)
"""


def clip():
    """A WAV file of one second of noise at 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16000)
        made.writeframes((3000 * np.random.default_rng(0).normal(size=16000)).astype("<i2").tobytes())
    return file.getvalue()


def matrix_rate():
    """Multiply-adds a second of one thread, of float32 matrices: the best of some products."""
    matrix = np.random.default_rng(0).normal(size=(MATRIX, MATRIX)).astype(np.float32)
    took = []
    for _ in range(8):
        began = time.perf_counter()
        matrix @ matrix
        took.append(time.perf_counter() - began)
    return MATRIX ** 3 / min(took)


def main():
    """Run and print."""
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("names", nargs="*", metavar="NAME", default=NAMES, help=f"models (default {' '.join(NAMES)})")
    said.add_argument("--repeats", type=int, default=200)
    said.add_argument("--transformers", metavar="PYTHON", help=f"a Python with torch and transformers, for {', '.join(PEERS)}")
    chosen = said.parse_args()

    from kwscls import models
    from kwscls.models.facts import multiply_adds
    from kwscls.serving import bundle

    contents = clip()
    rate = matrix_rate()
    print(f"one thread multiplies float32 matrices at {2e-9 * rate:.0f} GFLOP/s\n")
    print("| model | p50 ms | p90 ms | transformers p50 ms | ratio | of the matrix rate |\n|---|---:|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "clip.wav").write_bytes(contents)
        for name in chosen.names:
            model = models.build(name, 8, 16000)
            bundle.save(model, Path(room) / name)
            ask = start([sys.executable, "-c", OURS, str(Path(room) / name), str(Path(room) / "clip.wav")])
            peer = start_peer(chosen.transformers, model, Path(room) / "clip.wav") if chosen.transformers and name in PEERS else None
            ours, theirs = [], []
            for _ in range(10):  # in turn, so that whatever else the machine does hits both
                ours += times(ask, chosen.repeats // 10)
                theirs += times(peer, chosen.repeats // 10) if peer else []
            p50 = 1000 * statistics.median(ours)
            other = 1000 * statistics.median(theirs) if theirs else None
            print(f"| `{name}` | {p50:.2f} | {1000 * float(np.quantile(ours, 0.9)):.2f} | "
                  + (f"{other:.2f} | {other / p50:.2f} |" if other else "- | - |")
                  + f" {multiply_adds(model) / rate / (p50 / 1000):.0%} |", flush=True)
            for process in filter(None, (ask, peer)):
                process.stdin.close()
                process.wait()


def start_peer(python, model, path):
    """A process that answers with transformers' pipeline, at the size of our AST: 12 layers, heads of 64, 98 frames."""
    width = int(model.embedding.shape[-1])
    size = {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": 12, "num_attention_heads": width // 64,
            "frames": 98}
    return start([python, "-c", PEER, json.dumps(size), str(path)])


def start(words):
    """A process that answers the clip as often as a line of its standard input says, warm."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "ready"
    times(process, 20)
    return process


def times(process, count):
    """Seconds of each of some answers of such a process."""
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
