"""The bundle that leaves the house: one SavedModel with preprocessing, model, scores and label names."""

import dataclasses
import json
import re
import tempfile
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.errors import KwsclsError

FACTS = "assets.extra/kwscls.json"
"""Where, beside the graph, a bundle says what it is; TensorFlow's loaders and servers leave that folder alone."""


def save(model, folder):
    """Write a model as a SavedModel with everything that it needs to answer about recordings.

    Signatures, whose every output has the batch dimension first:
        serving_default: waveform, float32 [batch, samples], any length, at the model's sample rate.
        wav_bytes: wav_bytes, strings [batch]: WAV files of any rate and channels.
    Both cut or zero-pad a clip at its end to the model's length, and give
        scores: float32 [batch, labels], or [batch, frames, labels] of a frame model;
        label: string [batch] or [batch, frames], the label with the highest score;
        labels: string [batch, labels], the labels in the order of the scores;
        heard: bool like the scores, which labels reach their thresholds (models of independent labels only);
        times: float32 [batch, frames], the middle of each frame in seconds (frame models only).

    Args:
        model: an `AudioClassifier`.
        folder: the SavedModel's folder; it is replaced if it is there.

    Raises:
        KwsclsError: the folder cannot be written.
    """
    import tensorflow as tf

    from kwscls.serving.graph import Bundle

    with files.writing_folder(folder, overwrite=True) as beside, tempfile.TemporaryDirectory() as room:
        names = Path(room) / "labels.txt"  # an asset keeps its name
        names.write_text("".join(f"{label}\n" for label in model.labels), encoding="utf-8")
        bundle = Bundle(model, str(names))
        tf.saved_model.save(bundle, str(beside), signatures={
            "serving_default": bundle.from_waveform.get_concrete_function(),
            "wav_bytes": bundle.from_wav_bytes.get_concrete_function()})
        (beside / "assets.extra").mkdir()
        (beside / FACTS).write_text(json.dumps(facts(model), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def scores_of(model, waveforms):
    """Scores of a model in memory, computed as its bundle computes them.

    Args:
        model: an `AudioClassifier`.
        waveforms: float32 [batch, samples], any length.
    """
    from kwscls.serving.graph import Bundle

    made = Bundle(model)  # its functions hold it by a weak reference
    return made.from_waveform(waveforms)["scores"].numpy()


def facts(model):
    """What a bundle says about its model."""
    return {"model": model.name, "labels": list(model.labels), "sample_rate": model.sample_rate,
            "samples": model.samples, "activation": model.activation, "frame_step": model.frame_step,
            "frame_length": model.frame_length, "parameters": model.count_params(),
            "thresholds": model.thresholds and list(model.thresholds), "temperature": model.temperature}


def find(run):
    """The SavedModel's folder of a run's folder or of an export's folder.

    Raises:
        KwsclsError: there is none.
    """
    run = Path(run)
    for folder in (run, run / "saved_model"):
        if (folder / "saved_model.pb").is_file():
            return folder
    if not run.exists():
        raise KwsclsError("does not exist", run, "name the folder of a run, such as export/cnn")
    raise KwsclsError("holds no SavedModel", run, "name a run's folder or an export's folder")


def load(run):
    """Load the bundle of a run's folder or of an export's folder, without Keras or any model code.

    Returns:
        A `Loaded`.

    Raises:
        KwsclsError: there is none, or it was not made by kwscls.
    """
    import tensorflow as tf

    folder = find(run)
    if not (folder / FACTS).is_file():
        raise KwsclsError(f"is a SavedModel without {FACTS}", folder, "export it with kwscls")
    known = files.read_json(folder / FACTS)
    try:
        graph = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise KwsclsError("is a damaged SavedModel", folder, "export it again") from error
    return Loaded(folder=folder, graph=graph, model=known["model"], labels=known["labels"],
                  sample_rate=known["sample_rate"], samples=known["samples"], activation=known["activation"],
                  frame_step=known["frame_step"], frame_length=known["frame_length"], thresholds=known.get("thresholds"))


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A bundle that answers.

    Args:
        folder: the SavedModel's.
        graph: what TensorFlow loaded.
        model: the model's name.
        labels: their names in the order of the scores.
        sample_rate: of waveforms, in Hz.
        samples: the clip length that the model was made for.
        activation: "softmax" or "sigmoid".
        frame_step: samples between frames of a frame model, else None.
        frame_length: samples that such a frame sees, else None.
        thresholds: of independent labels, the score of each from which on it counts as heard; None where none are known.
    """

    folder: Path
    graph: object
    model: str
    labels: list
    sample_rate: int
    samples: int
    activation: str
    frame_step: int | None
    frame_length: int | None
    thresholds: list | None = None

    def scores(self, waveforms):
        """Scores, float32 [batch, labels] or [batch, frames, labels], of waveforms, float32 [batch, samples]."""
        return self.answer("serving_default", waveform=waveforms)["scores"]

    def heard(self, scores):
        """Which labels scores [..., labels] say are there: those that reach their thresholds, or the best one of a softmax."""
        scores = np.asarray(scores)
        if self.activation == "softmax":
            return np.arange(len(self.labels)) == scores.argmax(axis=-1)[..., None]
        return scores >= np.array(self.thresholds or 0.5, np.float32)

    def answer(self, signature, **inputs):
        """The outputs of a signature, as numpy arrays by name.

        Raises:
            KwsclsError: the graph refuses the input, as it does bytes that are no WAV file.
        """
        import tensorflow as tf

        try:
            given = {name: tf.constant(value) for name, value in inputs.items()}
            return {name: value.numpy() for name, value in self.graph.signatures[signature](**given).items()}
        except tf.errors.InvalidArgumentError as error:
            raise KwsclsError(reason(error)) from error


def reason(error):
    """The sentence of a TensorFlow error, without the place in the graph that stands around it."""
    asserted = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", error.message, re.DOTALL)
    return asserted[1] if asserted else error.message.strip().split("\n")[0]
