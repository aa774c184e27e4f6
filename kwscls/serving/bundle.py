"""The bundle that leaves the house: one SavedModel with preprocessing, model, scores and label names."""

import dataclasses
import json
import tempfile
import typing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kwscls import devices, files
from kwscls.errors import KwsclsError
from kwscls.serving import runtimes

FACTS = "assets.extra/kwscls.json"
"""Where, beside the graph, a bundle says what it is; TensorFlow's loaders and servers leave that folder alone."""


def save(model, folder):
    """Write a model as a SavedModel with everything that it needs to answer about recordings.

    Signatures, whose every output has the batch dimension first:
        serving_default: waveform, float32 [batch, samples], any length, at the model's sample rate.
        wav_bytes: wav_bytes, strings [batch]: WAV files of any rate and channels.
        top: the same input; top_labels, strings [batch, k], and top_scores, float32 [batch, k], the best first; k is 5, or
            the number of labels where there are fewer. A frame model's scores are averaged over the frames.
        embedding: waveform as above; embedding, float32 [batch, width], or [batch, frames, width] of a frame model: what
            the layer that makes the logits reads.
        stream: waveform, some frames of further sound, and state, float32 [batch, size], zeros at first; scores of the last
            clip of the sound, and the state to come. Only where the model's frames can be kept, see `serving.streaming`.
    All but the last cut or zero-pad a clip at its end to the model's length. The first two give
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
    from kwscls.serving.graph import Bundle

    write(Bundle(model), folder)


def write(made, folder):
    """Write a `graph.Bundle` as `save` does, which makes one and writes it."""
    with files.writing_folder(folder, overwrite=True) as beside, tempfile.TemporaryDirectory() as room:
        names = Path(room) / "labels.txt"  # an asset keeps its name
        names.write_text("".join(f"{label}\n" for label in made.model.labels), encoding="utf-8")
        made.save(beside, str(names))
        (beside / "assets.extra").mkdir()
        (beside / FACTS).write_text(json.dumps(facts(made), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def scores_of(model, waveforms):
    """Scores of a model in memory, computed as its bundle computes them.

    Args:
        model: an `AudioClassifier`.
        waveforms: float32 [batch, samples], any length.
    """
    from kwscls.serving.graph import Bundle

    made = Bundle(model)  # its functions hold it by a weak reference
    return made.from_waveform(waveforms)["scores"].numpy()


def answers_of(made, wav_bytes):
    """All that a `graph.Bundle` in memory says about WAV files: numpy arrays by the outputs' names.

    Args:
        made: the bundle.
        wav_bytes: the files' bytes.
    """
    answers, embedding = made.hear(made.decode(wav_bytes))
    told = {**answers, **made.top(wav_bytes), "embedding": embedding}
    return {name: value.numpy() for name, value in told.items()}


def facts(made):
    """What a `graph.Bundle` says about its model."""
    model, stream = made.model, made.stream
    return {"model": model.name, "labels": list(model.labels), "sample_rate": model.sample_rate,
            "samples": model.samples, "activation": model.activation, "frame_step": model.frame_step,
            "frame_length": model.frame_length, "parameters": model.count_params(),
            "thresholds": model.thresholds and list(model.thresholds), "temperature": model.temperature,
            "stream": stream and {"step": stream.step, "state": stream.size}}


def find(run):
    """The folder in which a model lies: of a run's folder, of an export's, or of its versions' folder the newest.

    Raises:
        KwsclsError: there is none.
    """
    run = Path(run)
    run = run.parent if run.name in runtimes.FILES.values() and run.is_file() else run
    for folder in (run, run / "saved_model", *(run / str(number) for number in reversed(versions(run)))):
        if format_of(folder):
            return folder
    if not run.exists():
        raise KwsclsError("does not exist", run, "name the folder of a run, such as export/cnn")
    raise KwsclsError("holds no SavedModel, no model.tflite and no model.onnx", run, "name a run's folder or an export's")


def versions(folder):
    """The numbers of the versions that lie in a folder, the newest last."""
    if not Path(folder).is_dir():
        return []
    return sorted(int(place.name) for place in Path(folder).iterdir()
                  if place.is_dir() and place.name.isascii() and place.name.isdigit())


def format_of(folder):
    """The format of the model in a folder, or None where there is none."""
    return next((kind for kind, name in runtimes.FILES.items() if (Path(folder) / name).is_file()), None)


def read_facts(folder):
    """What an export says about its model.

    Raises:
        KwsclsError: it was not made by kwscls.
    """
    if not (folder / FACTS).is_file():
        raise KwsclsError(f"holds a model without {FACTS}", folder, "export it with kwscls")
    return files.read_json(folder / FACTS)


def load(run):
    """Load the model of a run's folder or of an export's, of any format, without Keras or any model code.

    Returns:
        A `Loaded`.

    Raises:
        KwsclsError: there is none, or it was not made by kwscls.
    """
    folder = find(run)
    known = read_facts(folder)
    return Loaded(folder=folder, ask=runtimes.RUNTIMES[format_of(folder)](folder), model=known["model"],
                  labels=known["labels"], sample_rate=known["sample_rate"], samples=known["samples"],
                  activation=known["activation"], frame_step=known["frame_step"], frame_length=known["frame_length"],
                  thresholds=known.get("thresholds"), stream=known.get("stream"))


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A loaded model that answers.

    Args:
        folder: the export's.
        ask: a function of a signature's name and its inputs that gives its outputs (see `serving.runtimes`).
        model: the model's name.
        labels: their names in the order of the scores.
        sample_rate: of waveforms, in Hz.
        samples: the clip length that the model was made for.
        activation: "softmax" or "sigmoid".
        frame_step: samples between frames of a frame model, else None.
        frame_length: samples that such a frame sees, else None.
        thresholds: of independent labels, the score of each from which on it counts as heard; None where none are known.
        stream: of an export with the signature `stream`, the samples of its steps, "step", and the size of its "state".
    """

    folder: Path
    ask: typing.Callable
    model: str
    labels: list
    sample_rate: int
    samples: int
    activation: str
    frame_step: int | None
    frame_length: int | None
    thresholds: list | None = None
    stream: dict | None = None

    def scores(self, waveforms):
        """Scores, float32 [batch, labels] or [batch, frames, labels], of waveforms, float32 [batch, samples].

        Where `devices.lanes` are open, shares of the batch go through a SavedModel side by side.
        """
        count = min(devices.lanes(), len(waveforms)) if format_of(self.folder) == "savedmodel" else 1
        if count < 2:
            return self._scores(waveforms)
        with ThreadPoolExecutor(count) as room:
            return np.concatenate(list(room.map(self._scores, np.array_split(waveforms, count))))

    def _scores(self, waveforms):
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
            KwsclsError: the graph refuses the input, as it does bytes that are no WAV file, or has no such signature.
        """
        return self.ask(signature, **inputs)
