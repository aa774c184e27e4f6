"""A run as training leaves it: a small bundle that tells tones apart, and prepared recordings of tones."""

import csv
import json
import types
import wave

import numpy as np
import pytest

RATE, SAMPLES = 8000, 4000
TONES = {"high": 3000, "low": 300, "middle": 1200}


def tone(frequency, seconds=0.5, rate=RATE, seed=0, loud=0.4):
    """A tone with a little noise: float [samples]."""
    noise = 0.02 * np.random.default_rng(seed).normal(size=round(seconds * rate))
    return loud * np.sin(2 * np.pi * frequency * np.arange(len(noise)) / rate) + noise


def write_wav(path, waveform, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(waveform * 32767).astype("<i2").tobytes())


def save_bundle(folder, activation="softmax", frames=False):
    """A SavedModel with a bundle's signature that scores the energy in the band around each label's tone."""
    import tensorflow as tf

    spectrum = np.fft.rfftfreq(SAMPLES, 1 / RATE)
    bands = np.stack([abs(spectrum - centre) < 250 for centre in TONES.values()], axis=1).astype(np.float32)

    class Bands(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, SAMPLES], tf.float32, name="waveform")])
        def serve(self, waveform):
            energy = tf.matmul(tf.square(tf.abs(tf.signal.rfft(waveform, [SAMPLES]))), bands)
            logits = tf.math.log(energy + 1e-3)
            scores = tf.nn.softmax(logits) if activation == "softmax" else tf.sigmoid(logits - 5)
            if frames:
                scores = tf.tile(scores[:, tf.newaxis], [1, 3, 1])
            return {"scores": scores}

    model = Bands()
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serve})
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "kwscls.json").write_text(json.dumps({
        "model": "bands", "labels": list(TONES), "sample_rate": RATE, "samples": SAMPLES, "activation": activation,
        "frame_step": 100 if frames else None, "frame_length": 200 if frames else None, "parameters": 0}))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A prepared folder: 30 test clips of three speakers, two of them under a wrong label, and 12 validation clips."""
    folder = tmp_path_factory.mktemp("data") / "tones"
    rows = []
    for split, count in (("train", 1), ("validation", 4), ("test", 10)):
        for label, frequency in TONES.items():
            for i in range(count):
                wrong = split == "test" and label == "low" and i < 2
                path = f"{split}/{label}/{i:02d}.wav"
                rate = 16000 if i == 5 else RATE  # another rate is resampled
                sound = tone(TONES["middle"] if wrong else frequency, 0.3 + 0.04 * i, rate, seed=i)
                write_wav(folder / path, sound, rate)
                rows.append({"path": path, "label": label, "split": split, "group": f"{split}{i % 3}"})
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "split", "group"])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "report.json").write_text(json.dumps({"kwscls": "prepared"}))
    return folder


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory):
    """Bundles by kind: "softmax", "sigmoid", and "frames"."""
    folder = tmp_path_factory.mktemp("bundles")
    save_bundle(folder / "softmax")
    save_bundle(folder / "sigmoid", "sigmoid")
    save_bundle(folder / "frames", frames=True)
    return folder


@pytest.fixture(scope="session")
def make_run(tmp_path_factory, saved_models, prepared):
    """A function that makes a run folder around the bundle of a kind."""
    def make(kind="softmax"):
        run = tmp_path_factory.mktemp("run")
        (run / "saved_model").symlink_to(saved_models / kind)
        (run / "settings.json").write_text(json.dumps({"data": "tones", "prepared": str(prepared)}))
        (run / "history.csv").write_text(
            "epoch,loss,accuracy,val_loss,val_accuracy\n1,1.0,0.5,0.9,0.6\n2,0.5,0.8,0.6,0.7\n")
        return run
    return make


@pytest.fixture(scope="session")
def evaluated(make_run):
    """A run that was evaluated, and the results."""
    from kwscls.evaluation.run import evaluate

    run = make_run()
    return run, evaluate(run)


@pytest.fixture
def ear():
    """A bundle in memory whose one answer is the louder half of the clip: label 0 the first, 1 the second."""
    def scores(waveforms):
        energy = np.square(waveforms).reshape(len(waveforms), 2, -1).sum(axis=2) + 1e-12
        return energy / energy.sum(axis=1, keepdims=True)
    return types.SimpleNamespace(scores=scores, sample_rate=1000, samples=1000, labels=["early", "late"])
