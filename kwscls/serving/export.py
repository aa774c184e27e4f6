"""From a run to what is handed over, put in place only after its answers were compared with the model's."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from kwscls import console, files, models
from kwscls.data.pipeline import Clips
from kwscls.data.prepared import has_split
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, card, checksums, formats, proof, runtimes, tf_serving, verify, warmup
from kwscls.serving.detector import STORED
from kwscls.serving.graph import Bundle
from kwscls.serving.runtimes import WAVEFORM

TOLERANCES = {"savedmodel": 1e-5, "tflite": 1e-4, "onnx": 1e-4}
"""What a format may differ by, anywhere."""

QUANTISED = 0.05
"""The same of a quantised model, whose roundings no two runtimes do alike."""

LOSS = 0.02
"""The share of test clips that a quantised model may lose."""

SHORT = 1600
"""Samples of the waveforms that warm a model up."""

HERE = {"savedmodel": 0.0, "c-api": 1e-6}
"""What a runtime may differ by here, where the model is in memory: TensorFlow's Python by nothing, its sessions, which
optimise the same graph on their own, in the last bit."""


def export(settings, change=None):
    """Write the model of a run as the next version of a served folder.

    Args:
        settings: an `ExportSettings`.
        change: a function (model, run) -> model that is called before; or None.

    Returns:
        The version's folder.

    Raises:
        KwsclsError: the run holds no model, or the export answers otherwise than the model.
    """
    run, kind = Path(settings.run), settings.format
    if settings.quantize != "none" and kind != "tflite":
        raise KwsclsError(f"is for tflite, not for {kind}", f"--quantize {settings.quantize}", "add --format tflite")
    out = Path(settings.out) if settings.out else default_out(run, kind, settings.quantize)
    model = load_model(run)
    made = Bundle(change(model, run) if change else model)
    version = out / str(max(bundle.versions(out), default=0) + 1)
    try:
        with files.writing_folder(version) as beside:
            whole = beside / "whole"
            compared = write(made, whole, run, kind, settings.quantize)
            complete(whole, run, made, kind, settings.quantize, compared, out.name)
            check(whole, kind)
            for part in whole.iterdir():
                part.rename(beside / part.name)
            whole.rmdir()
    finally:
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
    if kind == "savedmodel" and not settings.out:
        console.wrote(*tf_serving.configure(out.parent))
    if compared:
        console.table("Beside the SavedModel, on the test split", ("format", "bytes#", "accuracy#"),
                      [(name, f"{size:,}", f"{accuracy:.4f}") for name, size, accuracy in compared])
    return version


def default_out(run, kind, quantize="none"):
    """The folder of a run's versions, beside the run."""
    run = run if run.name.strip(".") else run.resolve()  # "." and ".." are no names
    name = run.name if quantize == "none" else f"{run.name}-{quantize}"
    return run.parent / {"savedmodel": "served"}.get(kind, kind) / name


def write(made, folder, run, kind, quantize):
    """Write a bundle in a format.

    Returns:
        For a quantised model rows (format, bytes, accuracy) of the SavedModel and of it; else none.

    Raises:
        KwsclsError: it cannot be converted, or a quantised one loses more than `LOSS` of its accuracy.
    """
    if kind == "savedmodel":
        bundle.write(made, folder)
    elif kind == "onnx":
        formats.write_onnx(made, folder)
    elif quantize == "none":
        formats.write_tflite(made, folder)
    else:
        training, test = prepared_clips(run, made.model)
        draw = np.random.default_rng(0).permutation(len(training))[:formats.CALIBRATION]
        formats.write_tflite(made, folder, quantize, np.asarray(training.batch(draw)[0]))
        return compare(made, folder, quantize, test)
    return ()


def prepared_clips(run, model):
    """The training clips of a run, to calibrate with, and its test clips, or the validation clips where it has none.

    Raises:
        KwsclsError: the data is no longer where it was.
    """
    stored = run / "settings.json"
    data = Path((files.read_json(stored).get("prepared") if stored.is_file() else None) or "nowhere")
    if not has_split(data, "train"):
        raise KwsclsError("does not say where the clips are that it was trained with", run,
                          "a model is quantised by its own data; prepare it again, or export with --quantize none")
    test = data / "test" if has_split(data, "test") else data / "validation"
    return Clips(data / "train", model.samples, model.labels), Clips(test, model.samples, model.labels)


def compare(made, folder, quantize, test):
    """The sizes and the accuracies of a quantised model and of the SavedModel that it comes from.

    Raises:
        KwsclsError: it loses more than `LOSS`.
    """
    ask = runtimes.RUNTIMES["tflite"](folder)
    ways = {"savedmodel": lambda waveform: made.from_waveform(waveform)["scores"].numpy(),
            f"tflite, {quantize}": lambda waveform: ask(WAVEFORM, waveform=waveform)["scores"]}
    with tempfile.TemporaryDirectory() as room:
        bundle.write(made, Path(room) / "made")
        bytes_of = [sum(path.stat().st_size for path in (Path(room) / "made").rglob("*") if path.is_file()),
                    (folder / runtimes.FILES["tflite"]).stat().st_size]
    rows = [(name, size, accuracy(way, test)) for (name, way), size in zip(ways.items(), bytes_of, strict=True)]
    if not rows[1][2] >= rows[0][2] - LOSS:
        raise KwsclsError(f"the export loses {100 * (rows[0][2] - rows[1][2]):.1f} points of accuracy, more than "
                          f"{100 * LOSS:g}", f"--quantize {quantize}", "take another of int8, float16 and none")
    return rows


def accuracy(way, clips, batch=64):
    """The share of clips whose highest score, of a frame model on average, is at one of their labels."""
    right = 0
    for start in range(0, len(clips), batch):
        places = np.arange(start, min(start + batch, len(clips)))
        waveforms, marks = (value.numpy() for value in clips.batch(places))
        scores = way(waveforms)
        if not np.isfinite(scores).all():
            raise KwsclsError("the export answers with what is no number")
        best = (scores if scores.ndim == 2 else scores.mean(axis=1)).argmax(axis=1)
        right += marks[np.arange(len(places)), best].sum()
    return float(right / len(clips))


def load_model(run):
    """The Keras model of a run's folder.

    Raises:
        KwsclsError: there is none, or it cannot be read.
    """
    path = Path(run) / "model.keras"
    if not path.is_file():
        raise KwsclsError("holds no model.keras", run, "name the folder of a run, such as export/cnn")
    return models.load(path)


def complete(folder, run, made, kind, quantize, compared, name):
    """Put beside a model all that travels with it: facts, proof, warm-up requests, card, settings, checksums."""
    signatures = list(proof.INPUTS) if kind == "savedmodel" else [WAVEFORM]
    known = bundle.facts(made)
    facts = {**known, "stream": known["stream"] if kind == "savedmodel" else None, "format": kind, "quantize": quantize,
             "signatures": signatures,
             "tolerance": TOLERANCES[kind] if quantize == "none" else QUANTISED}
    (folder / bundle.FACTS).parent.mkdir(exist_ok=True)
    files.write_json(folder / bundle.FACTS, facts)
    files.write_text(folder / "assets" / "labels.txt", "".join(f"{label}\n" for label in made.model.labels))
    proof.write(folder, made, proof.choose(run, made.model))
    if quantize != "none":  # it is another model, whose quality `compare` measured: what it gives here, it must give anywhere
        proof.expect(folder, runtimes.RUNTIMES[kind](folder))
    if kind == "savedmodel":
        warm_up(folder)
    if (run / "settings.json").is_file():
        shutil.copyfile(run / "settings.json", folder / "settings.json")
    keep_rules(folder, run, made.model)
    card.write(folder, facts, run, name, compared)
    checksums.write(folder)


def keep_rules(folder, run, model):
    """Copy how to listen, as `evaluate --stream` chose it for a run, unless the model's scores have another temperature."""
    rules = run / "saved_model" / STORED
    if not rules.is_file():
        return
    if model.temperature == bundle.read_facts(run / "saved_model")["temperature"]:
        shutil.copyfile(rules, folder / STORED)
    else:
        console.say("note: the rules for listening were chosen for other scores than the calibrated ones and stay behind; "
                    "python -m kwscls.evaluate --stream chooses them anew for the export")


def warm_up(folder):
    """Write a request of one short clip for every signature: it is padded, and the graph is the same for more."""
    if not warmup.there():
        console.say("note: no warm-up requests, since tensorflow-serving-api is not installed: pip install 'kwscls[serving]'")
        return
    inputs, _ = proof.read(folder)
    clip = {"waveform": inputs["waveform"][:1, :SHORT], "wav_bytes": inputs["wav_bytes"][:1]}
    requests = [(signature, {name: clip[name]}) for signature, name in proof.INPUTS.items()]
    if stream := bundle.read_facts(folder)["stream"]:
        requests.append(("stream", {"waveform": np.zeros((1, stream["step"]), np.float32),
                                    "state": np.zeros((1, stream["state"]), np.float32)}))
    warmup.write(folder, requests)


def check(folder, kind):
    """Replay an export in every runtime of its format that is on this machine.

    Raises:
        KwsclsError: it answers otherwise than the model.
    """
    for runtime in verify.FITTING[kind]:
        if runtime in ("http", "grpc"):
            continue
        found = verify.verify(folder, runtime, tolerance=HERE.get(runtime))
        if not found["same"]:
            worst = next(row for row in verify.table(found) if row[-1] != "same")
            raise KwsclsError(f"the export answers otherwise than the model: in {runtime}, {worst[1]} of {worst[0]} differs by "
                              f"{worst[3]}", folder.parent.parent)
