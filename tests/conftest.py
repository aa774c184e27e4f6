"""What all tests share: a quiet TensorFlow, and small corpora made on the spot."""

import os
import wave

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
import tensorflow as tf

RATE = 16000

tf.config.list_logical_devices()  # it has begun: verbs that tests call open no `devices.lanes`, which would stay for the others


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep a file's tests on one worker, which makes their fixtures once, where they do not say otherwise.

    The notebooks and the trainings, which take longest, come first: at the end no worker shall wait long for another.
    """
    items.sort(key=lambda item: not item.module.__name__.startswith(("tests.test_notebooks", "tests.training")))
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


def write_wav(path, waveform, rate=RATE):
    """Write float samples in [-1, 1] as 16-bit mono PCM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(waveform, -1, 1) * 32767).astype("<i2").tobytes())


def tone(frequency, seconds=0.25, rate=RATE, seed=0):
    """A tone with a random phase and loudness and a little noise."""
    draw = np.random.default_rng(seed)
    times = np.arange(int(seconds * rate)) / rate
    waveform = draw.uniform(0.3, 0.8) * np.sin(2 * np.pi * (frequency * times + draw.uniform()))
    return waveform + draw.normal(0, 0.01, len(times))


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    """A prepared folder of two labels that any model can learn: low and high tones, a quarter of a second each."""
    folder = tmp_path_factory.mktemp("corpora") / "tones"
    for split, clips in (("train", 16), ("validation", 6), ("test", 6)):
        for place, (label, frequency) in enumerate((("high", 2500), ("low", 400))):
            for clip in range(clips):
                seed = 1000 * place + clip + {"train": 0, "validation": 100, "test": 200}[split]
                write_wav(folder / split / label / f"speaker{split}{clip}_nohash_0.wav", tone(frequency, seed=seed))
    return folder
