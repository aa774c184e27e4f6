"""One model, four ways to ask it: in memory, the reloaded SavedModel, TensorFlow's C API, and WAV bytes. All the same?

    python -m benchmarks.equality [NAME ...]

For every family in `MODELS` at the contract tests' small sizes, with weights drawn at random: the largest difference of the
scores of four clips of a quarter of a second from those in memory, in one batch. 0 is bit for bit.
"""

import argparse
import io
import os
import sys
import tempfile
import wave
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

SAMPLES = 4000


def wav_bytes(sound):
    """A WAV file of int16 samples at 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16000)
        made.writeframes(sound.astype("<i2").tobytes())
    return file.getvalue()


def main():
    """Run and print."""
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("names", nargs="*", metavar="NAME", help="models (default: the first name of every family)")
    chosen = said.parse_args()

    import keras

    from kwscls import models
    from kwscls.serving import bundle, runtimes
    from tests.models.small import SMALL

    names = chosen.names or list({row.builder: name for name, row in reversed(models.MODELS.items())}.values())
    sounds = (3000 * np.random.default_rng(0).normal(size=(4, SAMPLES))).astype(np.int16)
    sounds[3, SAMPLES // 2:] = 0
    waveforms = (sounds / 32768).astype(np.float32)
    print("| model | reloaded | C API | WAV bytes | C API, WAV bytes |\n|---|---:|---:|---:|---:|", flush=True)
    worst = 0.0
    for name in names:
        keras.utils.set_random_seed(1)
        model = models.build(name, ("down", "go", "left"), SAMPLES, **SMALL.get(name, {}))
        with tempfile.TemporaryDirectory() as room:
            bundle.save(model, Path(room) / "saved_model")
            ours = bundle.scores_of(model, waveforms)
            asked = [runtimes.RUNTIMES[way](Path(room) / "saved_model") for way in ("savedmodel", "c-api")]
        contents = [wav_bytes(sound) for sound in sounds]
        found = [np.abs(ask("serving_default", waveform=waveforms)["scores"] - ours).max() for ask in asked]
        found += [np.abs(ask("wav_bytes", wav_bytes=contents)["scores"] - ours).max() for ask in asked]
        worst = max(worst, *found)
        print(f"| `{name}` | " + " | ".join(f"{value:.1g}" for value in found) + " |", flush=True)
        keras.backend.clear_session()
    return 0 if worst == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
