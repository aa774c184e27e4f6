"""The evaluation of a run: its bundle asked about every clip of a split, scored, drawn and written."""

from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.data.frames import is_table
from kwscls.data.noises import read_noises
from kwscls.data.prepared import has_split
from kwscls.errors import KwsclsError
from kwscls.evaluation import answers, frames, plots
from kwscls.evaluation.calibration import apply_temperature, fit_temperature, reliability
from kwscls.evaluation.mistakes import worst_mistakes
from kwscls.evaluation.multilabel import choose_thresholds, multilabel_scores
from kwscls.evaluation.scores import scores
from kwscls.evaluation.spread import spread

METRICS = "metrics.json"


def evaluate(run, data=None, split="test", out=None, batch_size=64, mistakes=20, noise=None, seed=0, strategy=None):
    """Say how good a run's exported model is on a split, and write the results.

    A temperature, and the thresholds of a model of independent labels that brings none, are chosen on the validation
    clips where there are some; the split that is scored has no part in them. Where clips have several labels, an answer
    that is one of them is right.

    Args:
        run: a run's folder, or an export's.
        data: a prepared folder, or what `kwscls.data.prepare.ready` makes one of, or a table of segments for a frame
            model; the run's own when None.
        split: "train", "validation" or "test".
        out: the folder for `metrics.json` and the pictures; the run's when None.
        batch_size: clips answered at once.
        mistakes: how many of the worst to name.
        noise: a folder of WAV files to disturb the clips with; None leaves the robustness out.
        seed: of the bootstrap and of the noise.
        strategy: a `tf.distribute.Strategy` whose devices answer together; one device when None.

    Returns:
        What `metrics.json` holds: the keys of `scores.scores`, `model`, `split`, `data`, `calibration` (see
        `calibration.reliability`; and `temperature` with its `ece_at_temperature`), `mistakes`; `multilabel` for a
        model of independent labels; `robustness` when there is noise.

    Raises:
        KwsclsError: there is no bundle or no data, the data has labels that the model does not know, or there is noise for a
            model that answers for frames.
    """
    from kwscls.serving import bundle as bundles

    bundle = spread(bundles.load(run), strategy)
    if table := table_of_segments(run, data):
        if noise:
            raise KwsclsError("disturbs clips, and this model answers for frames", "--noise", "leave it out")
        results, picture = frames.frame_results(bundle, table, split, batch_size, seed)
        write(results, Path(out or run))
        plots.save(picture, Path(out or run) / frames.PICTURE)
        return results
    folder = Path(prepared_folder(run, data))
    clips = answers.find_split(folder, split, bundle.labels)
    raw = answers.answer(bundle, clips, batch_size)
    probabilities = answers.as_distributions(raw, bundle.activation)
    clips = clips.with_truth_of(probabilities)
    results = {
        "model": bundle.model, "split": split, "data": str(folder),
        **scores(clips.truth, probabilities, bundle.labels, clips.groups, seed=seed),
        "calibration": reliability(clips.truth, probabilities, bundle.labels, groups=clips.groups, seed=seed),
        "mistakes": worst_mistakes(clips.truth, probabilities, bundle.labels, clips.names, mistakes)}
    validation = None
    if split != "validation" and has_split(folder, "validation"):
        validation = answers.find_split(folder, "validation", bundle.labels)
    if bundle.activation == "sigmoid":
        results["multilabel"] = independent(bundle, clips, raw, validation, batch_size, seed)
    elif validation and len(np.unique(validation.truth)) > 1:
        results["calibration"] |= cooled(bundle, clips, raw, validation, batch_size, seed)
    if noise:
        results["robustness"] = disturbed(bundle, clips, noise, seed)
    write(results, Path(out or run))
    return results


def table_of_segments(run, data=None):
    """The table of segments that `data` names, or that the run was trained with; None if neither is one."""
    named = data if data is not None else _told(run).get("prepared") or ""
    return named if is_table(named) else None


def prepared_folder(run, data=None):
    """The prepared folder to evaluate on: that of `data`, or the one that the run was trained with.

    Raises:
        KwsclsError: neither is known.
    """
    from kwscls.data.prepare import ready

    if data is not None:
        return ready(data)
    told = _told(run)
    if not (told.get("prepared") or told.get("data")):
        raise KwsclsError("does not say which data it was trained with", run, "name some with --data")
    if Path(told.get("prepared") or "").is_dir():
        return ready(told["prepared"])
    return ready(told["data"])


def _told(run):
    """The settings stored with a run or beside its export; empty where there are none."""
    stored = next((place / "settings.json" for place in (Path(run), Path(run).parent)
                   if (place / "settings.json").is_file()), None)
    return files.read_json(stored) if stored else {}


def independent(bundle, clips, raw, validation, batch_size, seed):
    """Scores of independent labels, at the model's own thresholds, or at those that the validation clips choose, or 0.5."""
    thresholds = bundle.thresholds or 0.5
    if validation and not bundle.thresholds:
        thresholds = choose_thresholds(validation.marks, answers.answer(bundle, validation, batch_size), bundle.labels)
    return multilabel_scores(clips.marks, raw, bundle.labels, thresholds, clips.groups, seed=seed)


def cooled(bundle, clips, raw, validation, batch_size, seed):
    """The temperature that validation clips choose, and at it the calibration error of the answers `raw`."""
    temperature = fit_temperature(validation.truth, answers.answer(bundle, validation, batch_size), bundle.labels)
    found = reliability(clips.truth, apply_temperature(raw, temperature), bundle.labels, groups=clips.groups, seed=seed)
    return {"temperature": temperature, "ece_at_temperature": found["ece"],
            "ece_at_temperature_interval": found["ece_interval"]}


def disturbed(bundle, clips, noise, seed):
    """The accuracy of some of the clips under noise, shifts and gains."""
    from kwscls.evaluation import robustness

    some = clips.some(robustness.CLIPS, seed)
    return robustness.robustness(bundle, robustness.waveforms(bundle, some.paths), some.marks,
                                 read_noises(noise, bundle.sample_rate), groups=some.groups, seed=seed)


def write(results, out):
    """Write `metrics.json` and the pictures of it into a folder."""
    for name, draw in _pictures(results).items():
        plots.save(draw(), out / name)
    files.write_json(out / METRICS, results)


def written(results, out):
    """The paths that `evaluate` writes."""
    return [out / name for name in (METRICS, *_pictures(results), *[frames.PICTURE] * ("frames" in results))]


def _pictures(results):
    """File names -> functions that draw."""
    drawn = {"confusion.png": lambda: plots.confusion(results["confusion"], results["labels"]),
             "per_label.png": lambda: plots.per_label(results["per_label"]),
             "reliability.png": lambda: plots.reliability(results["calibration"])}
    if "robustness" in results:
        drawn["robustness.png"] = lambda: plots.robustness(results["robustness"])
    return drawn
