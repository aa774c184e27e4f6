"""From a run to what is handed over, put in place only after its answers were compared with the model's."""

import shutil
from pathlib import Path

from kwscls import console, files, models
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, card, checksums, proof, tf_serving, verify, warmup
from kwscls.serving.detector import STORED
from kwscls.serving.graph import Bundle
from kwscls.serving.runtimes import WAVEFORM

TOLERANCES = {"savedmodel": 1e-5, "tflite": 1e-4, "onnx": 1e-4}
"""What a format may differ by, anywhere."""

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
    out = Path(settings.out) if settings.out else default_out(run, kind)
    model = load_model(run)
    made = Bundle(change(model, run) if change else model)
    version = out / str(max(bundle.versions(out), default=0) + 1)
    try:
        with files.writing_folder(version) as beside:
            whole = beside / "whole"
            bundle.write(made, whole)
            complete(whole, run, made, kind)
            check(whole, kind)
            for part in whole.iterdir():
                part.rename(beside / part.name)
            whole.rmdir()
    finally:
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
    if kind == "savedmodel" and not settings.out:
        console.wrote(*tf_serving.configure(out.parent))
    return version


def default_out(run, kind):
    """The folder of a run's versions, beside the run."""
    return run.parent / {"savedmodel": "served"}.get(kind, kind) / run.name


def load_model(run):
    """The Keras model of a run's folder.

    Raises:
        KwsclsError: there is none, or it cannot be read.
    """
    path = Path(run) / "model.keras"
    if not path.is_file():
        raise KwsclsError("holds no model.keras", run, "name the folder of a run, such as export/cnn")
    return models.load(path)


def complete(folder, run, made, kind):
    """Put beside a model all that travels with it: facts, proof, warm-up requests, card, settings, checksums."""
    signatures = list(proof.INPUTS) if kind == "savedmodel" else [WAVEFORM]
    facts = {**bundle.facts(made.model), "format": kind, "quantize": "none", "signatures": signatures,
             "tolerance": TOLERANCES[kind]}
    files.write_json(folder / bundle.FACTS, facts)
    proof.write(folder, made, proof.choose(run, made.model))
    if kind == "savedmodel":
        warm_up(folder, signatures)
    if (run / "settings.json").is_file():
        shutil.copyfile(run / "settings.json", folder / "settings.json")
    if (rules := run / "saved_model" / STORED).is_file():  # how to listen, as evaluate --stream chose
        shutil.copyfile(rules, folder / STORED)
    card.write(folder, facts, run)
    checksums.write(folder)


def warm_up(folder, signatures):
    """Write a request of one clip for every signature: the graph is the same for more."""
    if not warmup.there():
        console.say("note: no warm-up requests, since tensorflow-serving-api is not installed: pip install 'kwscls[serving]'")
        return
    inputs, _ = proof.read(folder)
    warmup.write(folder, [(signature, {proof.INPUTS[signature]: inputs[proof.INPUTS[signature]][:1]})
                          for signature in signatures])


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
