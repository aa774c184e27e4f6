"""Several runs as one: an ensemble that answers with the mean of their scores, or one model with the mean of their weights."""

from pathlib import Path

import numpy as np

from kwscls import console, files
from kwscls.data.pipeline import Clips, ordered_batches
from kwscls.data.prepared import has_split
from kwscls.errors import KwsclsError
from kwscls.evaluation import calibration
from kwscls.evaluation.run import evaluate, prepared_folder
from kwscls.layers.mean_scores import MeanScores
from kwscls.models.classifier import AudioClassifier, copied, settle, waveform_input
from kwscls.serving import bundle
from kwscls.serving.export import load_model
from kwscls.training.place import check_replaceable
from kwscls.training.run import validated_thresholds, write_model

NAME = "ensemble"


def combine(settings):
    """Make one run of several, which evaluates, predicts and exports as any other.

    Args:
        settings: a `CombineSettings`.

    Returns:
        The folder of the run: `model.keras`, `saved_model`, `labels.txt`, `settings.json`, `metrics.json`, pictures.

    Raises:
        KwsclsError: the runs do not go together, or their data is not there.
    """
    out = Path(settings.out)
    check_replaceable(out)
    models = [load_model(run) for run in settings.runs]
    whole = together(models, settings.by, settings.runs)
    prepared, heard = Path(prepared_folder(settings.runs[0], settings.data)), learnt_from(settings.runs)
    if len(heard) > 1 and not settings.data:
        console.say(f"note: the runs were trained on other splits ({', '.join(heard)}) and have probably heard clips of "
                    f"{prepared}, so the figures flatter; name clips that none has heard with --data")
    clips = Clips(prepared / "validation", whole.samples, whole.labels)
    called = [*settings.runs, f"mean of {settings.by}"]
    console.table(f"{len(clips)} validation clips", ("run", "accuracy %#"), [
        (name, f"{100 * accuracy(model, clips):.1f}") for name, model in zip(called, [*models, whole], strict=True)])
    if settings.calibrate:
        console.say(calibrate(whole, clips))
    if whole.activation == "sigmoid":
        whole.thresholds = validated_thresholds(whole, clips)
    stored = Path(settings.runs[0]) / "settings.json"
    first = files.read_json(stored) if stored.is_file() else {}
    with files.writing_folder(out, settings.overwrite) as beside:
        write_model(beside, whole)
        files.write_json(beside / "settings.json", {
            "model": whole.name, "data": first.get("data", str(prepared)), "prepared": str(prepared),
            "seconds": whole.samples / whole.sample_rate, "learnt_from": heard,
            "combined": [str(run) for run in settings.runs], "by": settings.by,
            **({"sizes": first["sizes"]} if whole.name != NAME and "sizes" in first else {})})
        evaluate(beside, data=str(prepared), split="test" if has_split(prepared, "test") else "validation")
    console.wrote(*sorted(out.iterdir()))
    return out


def learnt_from(runs):
    """The prepared folders that runs were trained on, as far as they tell, each once: a list of paths in words."""
    stored = [Path(run) / "settings.json" for run in runs]
    told = [files.read_json(path) for path in stored if path.is_file()]
    return sorted({str(Path(place).resolve()) for one in told
                   for place in one.get("learnt_from") or [one.get("prepared")] if place})


def together(models, by="scores", names=None):
    """One model of several.

    Args:
        models: `AudioClassifier`s with the same labels, clip length and sample rate.
        by: "scores", a model whose scores are the means of theirs; or "weights", one of their kind whose weights are the
            means of theirs, which makes sense for runs that began with the same weights.
        names: what to call them in errors.

    Returns:
        An `AudioClassifier`.

    Raises:
        KwsclsError: they do not go together.
    """
    first, names = models[0], names or [model.name for model in models]
    for model, name in zip(models, names, strict=True):
        for fact in ("labels", "samples", "sample_rate", "activation", "frame_step"):
            if getattr(model, fact) != getattr(first, fact):
                raise KwsclsError(f"has other {fact.replace('_', ' ')} than {names[0]}", name,
                                  "combine runs of the same data and clip length")
    if by == "weights":
        shapes = [[tuple(weight.shape) for weight in model.weights] for model in models]
        if shapes.count(shapes[0]) != len(shapes):
            raise KwsclsError("the weights of different networks have no mean", "--by weights", "combine them --by scores")
        made = copied(first)
        made.set_weights([np.mean(values, axis=0) if values[0].dtype.kind == "f" else values[0]
                          for values in zip(*(model.get_weights() for model in models), strict=True)])
        settle(made)
        made.temperature = 1.0
        return made
    if len(models) == 1:
        return copied(first)
    waveform = waveform_input(first.samples)
    logits = MeanScores(first.activation, [model.temperature for model in models], name="logits")(
        [copied(model, f"member_{place}")(waveform) for place, model in enumerate(models)])
    return AudioClassifier(waveform, logits, name=NAME, labels=first.labels, sample_rate=first.sample_rate,
                           activation=first.activation, frame_step=first.frame_step, frame_length=first.frame_length)


def calibrate(model, clips):
    """Set a model's temperature to the one that makes the labels of validation clips likeliest; what changed, in a sentence.

    Raises:
        KwsclsError: the model answers for frames or for independent labels, or the clips have one label only.
    """
    if model.activation != "softmax" or model.frame_step:
        raise KwsclsError("temperatures are for models with one label a clip", model.name, "leave out --calibrate")
    model.temperature = 1.0
    labels, scores = list(model.labels), _scores(model, clips)
    before = calibration.reliability(clips.targets, scores, labels, draws=1)["ece"]
    model.temperature = calibration.fit_temperature(clips.targets, scores, labels)
    after = calibration.reliability(clips.targets, _scores(model, clips), labels, draws=1)["ece"]
    return (f"temperature {model.temperature:.3f}: the calibration error of {len(clips)} validation clips goes from "
            f"{before:.3f} to {after:.3f}")


def calibrated(model, run):
    """The model of a run with a temperature, chosen on the validation clips that it was trained with."""
    clips = Clips(Path(prepared_folder(run)) / "validation", model.samples, model.labels)
    console.say(calibrate(model, clips))
    return model


def accuracy(model, clips):
    """The share of clips whose best answer is one of their labels."""
    best = _scores(model, clips).argmax(axis=1)
    return float(clips.marks[np.arange(len(best)), best].mean())


def _scores(model, clips):
    """Scores of clips as the export computes them: float32 [clips, labels]."""
    found = np.concatenate([bundle.scores_of(model, waveforms) for waveforms, _ in ordered_batches(clips, 64)])
    return found if found.ndim == 2 else found.mean(axis=1)
