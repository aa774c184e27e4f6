"""How long one clip of a second takes from WAV bytes to a label: one thread, batch 1, the median.

    python -m benchmarks.latency [NAME ...] [--repeats 200]
    python -m benchmarks.latency ast --transformers /path/to/python

The SavedModel is asked through TensorFlow's C API, as a server asks it, with one thread. With `--transformers`, a Python that
has torch and transformers (`pip install torch 'transformers<5'`) answers in turn with its audio classification's feature
extractor and an AST of the same size, also in one thread; weights do not change the time, so they are drawn at random.
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

import numpy as np

NAMES = ("ast", "resfold", "res1d", "cnn", "bcresnet_1")

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


def times(ask, contents, count):
    """Seconds of each of some answers."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        ask("wav_bytes", wav_bytes=[contents])["label"]
        found.append(time.perf_counter() - began)
    return found


def main():
    """Run and print."""
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("names", nargs="*", metavar="NAME", default=NAMES, help=f"models (default {' '.join(NAMES)})")
    said.add_argument("--repeats", type=int, default=200)
    said.add_argument("--transformers", metavar="PYTHON", help="a Python with torch and transformers, for ast")
    chosen = said.parse_args()

    from kwscls import models
    from kwscls.serving import bundle, c_api

    contents = clip()
    print("| model | p50 ms | p90 ms | transformers p50 ms | ratio |\n|---|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "clip.wav").write_bytes(contents)
        for name in chosen.names:
            model = models.build(name, 8, 16000)
            bundle.save(model, Path(room) / name)
            session = c_api.Session(Path(room) / name, threads=1)
            times(session.run, contents, 20)
            peer = start_peer(chosen.transformers, model, Path(room) / "clip.wav") if chosen.transformers and name == "ast" else None
            ours, theirs = [], []
            for _ in range(10):  # in turn, so that whatever else the machine does hits both
                ours += times(session.run, contents, chosen.repeats // 10)
                theirs += ask_peer(peer, chosen.repeats // 10) if peer else []
            p50 = 1000 * statistics.median(ours)
            other = 1000 * statistics.median(theirs) if theirs else None
            print(f"| `{name}` | {p50:.2f} | {1000 * float(np.quantile(ours, 0.9)):.2f} | "
                  + (f"{other:.2f} | {other / p50:.2f} |" if other else "- | - |"), flush=True)
            session.close()
            if peer:
                peer.stdin.close()
                peer.wait()


def start_peer(python, model, path):
    """A process that answers with transformers' pipeline, at the size of our tiny AST: 12 layers, 3 heads, 98 frames."""
    width = int(model.embedding.shape[-1])
    size = {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": 12, "num_attention_heads": 3, "frames": 98}
    peer = subprocess.Popen([python, "-c", PEER, json.dumps(size), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdout.readline().strip() == "ready"
    ask_peer(peer, 10)
    return peer


def ask_peer(peer, count):
    """Seconds of each of some answers of that process."""
    peer.stdin.write(f"{count}\n")
    peer.stdin.flush()
    return json.loads(peer.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
