"""Clips whose label is probably wrong, and clips that hold too little: among those to learn from, never among the test's."""

from pathlib import Path

import numpy as np

from kwscls.data import convert, corrections, pipeline, prepared
from kwscls.data.findings import MUCH_CLIPPED
from kwscls.errors import KwsclsError
from kwscls.evaluation import answers, probe

TABLE = "suspects.csv"
SHOWN = ("clip", "label", "why", "score#")

TURNS = 3
"""How many times all clips are judged, each time with other folds."""

SURE = 0.5
"""How much likelier another label must be for the table to drop a clip unless a person says otherwise."""

EDGE = 0.01
"""Seconds at a clip's ends that are loud where it was cut."""

CUT = 0.5
"""The loudness of an end, as a share of the loudest such stretch, from which on a clip counts as cut."""

COMMON = 0.1
"""Share of clips with loud ends from which on that is the nature of the recordings, and not told."""


def suspects(folder, run=None, seed=0):
    """The clips of train and validation that a person should listen to.

    A label is suspected by confident learning: probes that have not learnt from the clip are as sure of another label as
    they are on average of the clips that bear it, and that one is likeliest. Other clips of the clip's speaker may have
    taught them, which only makes them better judges: here a clip is compared with its like, and nothing is scored.

    Args:
        folder: a prepared folder.
        run: the folder of a run whose embeddings the probes see, best one trained on other clips; None for `probe.features`.
        seed: of the folds.

    Returns:
        A list of dicts with `corrections.COLUMNS` and `probability` (of the given label, None where that is not why), wrong
        labels first, the likeliest first; then silent, clipped and cut clips. `score` is how much likelier the other label
        is than the given one; of the rest it says how silent (1), how clipped (share of samples), how cut (loudness of
        the end). Without two labels of enough clips that sound, no label is suspected.

    Raises:
        KwsclsError: the folder was not prepared, or the run is none.

    Source: C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021.
    """
    folder = Path(folder)
    clips = [clip for split in ("train", "validation") for clip in prepared.split_clips(folder / split)]
    names = [clip.path.relative_to(folder).as_posix() for clip in clips]
    poor = _poor(clips, names, pipeline.clip_length(folder / "train")[1])
    sound = [i for i, name in enumerate(names) if poor.get(name, {}).get("why") != "silent"]
    kept = [clips[i] for i in sound]
    labels = prepared.label_names(kept)
    truth = np.array([labels.index(clip.labels[0]) for clip in kept], np.int64)
    common = np.bincount(truth, minlength=len(labels)) >= 2
    chosen = np.flatnonzero(common[truth])
    made = _judged([kept[i].path for i in chosen], truth[chosen], folder, run, seed)
    if made is None:
        return list(poor.values())
    marks = prepared.label_marks([kept[i] for i in chosen], labels)[:, :made.shape[1]]
    found = []
    for row, other, margin in wrong_labels(made, truth[chosen], marks):
        clip = kept[chosen[row]]
        found.append({"path": clip.path.relative_to(folder).as_posix(), "label": ";".join(clip.labels),
                      "action": "drop" if margin > SURE else "keep", "becomes": labels[other], "why": f"probably {labels[other]}",
                      "score": round(margin, 4), "probability": round(float(made[row, truth[chosen[row]]]), 4)})
    told = {row["path"] for row in found}
    return found + [row for name, row in poor.items() if name not in told]


def wrong_labels(probabilities, truth, marks=None):
    """Which labels confident learning takes as wrong.

    Args:
        probabilities: [clips, labels], out of fold.
        truth: int [clips], the given labels.
        marks: bool [clips, labels], all labels that clips have; those of `truth` when None.

    Returns:
        A list of (clip, the other label, how much likelier that is than the given one), the largest margin first.
    """
    clips, labels = probabilities.shape
    marks = np.eye(labels, dtype=bool)[truth] if marks is None else marks
    sums = np.zeros(labels)
    np.add.at(sums, truth, probabilities[np.arange(clips), truth])
    usual = sums / np.maximum(np.bincount(truth, minlength=labels), 1)
    sure = np.where(probabilities >= np.where(usual > 0, usual, np.inf), probabilities, -1.0)
    best = sure.argmax(axis=1)
    wrong = np.flatnonzero((sure.max(axis=1) > 0) & ~marks[np.arange(clips), best])
    margins = probabilities[wrong, best[wrong]] - probabilities[wrong, truth[wrong]]
    return [(int(wrong[i]), int(best[wrong[i]]), float(margins[i])) for i in np.argsort(-margins, kind="stable")
            if margins[i] > 0]


def write_table(found, out):
    """Write the suspects as a table that `train` and `prepare` take as --corrections; its path."""
    corrections.write(Path(out) / TABLE, found)
    return Path(out) / TABLE


def shown(found):
    """Rows of suspects for the terminal."""
    return [(row["path"], row["label"], row["why"], f"{row['score']:.2f}") for row in found]


def _poor(clips, names, rate):
    """The silent, clipped and cut clips: name -> row, in this order."""
    kinds = {"silent": {}, "clipped": {}, "cut": {}}
    for clip, name in zip(clips, names):
        samples = convert.samples_of(prepared.read_bytes(clip.path)).astype(np.float32) / 32768
        clipped, cut = float((np.abs(samples) >= convert.CLIPPED / 32768).mean()), _loud_end(samples, rate)
        if not len(samples) or np.abs(samples).max() < convert.SILENT:
            kinds["silent"][name] = 1.0
        elif clipped > MUCH_CLIPPED:
            kinds["clipped"][name] = clipped
        elif cut > CUT:
            kinds["cut"][name] = cut
    if len(kinds["cut"]) > COMMON * len(clips):
        kinds["cut"] = {}
    labels = dict(zip(names, (";".join(clip.labels) for clip in clips)))
    return {name: {"path": name, "label": labels[name], "action": "drop" if why == "silent" else "keep", "becomes": "",
                   "why": why, "score": round(score, 4), "probability": None}
            for why, scores in kinds.items() for name, score in sorted(scores.items(), key=lambda item: -item[1])}


def _loud_end(samples, rate):
    """The loudness of a clip's louder end as a share of its loudest stretch."""
    size = max(1, round(EDGE * rate))
    pieces = samples[:len(samples) // size * size].reshape(-1, size)
    if len(pieces) < 3:
        return 0.0
    loudness = np.sqrt(np.square(pieces).mean(axis=1))
    return float(max(loudness[0], loudness[-1]) / max(loudness.max(), 1e-9))


def _judged(paths, truth, folder, run, seed):
    """The mean of what the probes of all turns make of clips, [clips, labels]; None where there is too little to learn from."""
    if len(np.unique(truth)) < 2:
        return None
    seen = _seen(paths, folder, run)
    turns = [probe.out_of_fold(seen, truth, seed=seed + turn) for turn in range(TURNS)]
    return None if any(made is None for made in turns) else np.mean(turns, axis=0)


def _seen(paths, folder, run):
    """What the probes see of clips: float32 [clips, features]."""
    if run is None:
        samples, rate = pipeline.clip_length(folder / "train")
        return probe.features(paths, rate, samples)
    import keras

    from kwscls.serving.export import load_model

    model = load_model(run)
    if len(model.embedding.shape) != 2:
        raise KwsclsError("has no embedding of a whole clip", run, "take a model that answers for clips")
    body = keras.Model(model.inputs[0], model.embedding)
    return np.concatenate([body(waveforms, training=False).numpy() for waveforms in
                           answers.read_waveforms(paths, model.sample_rate, model.samples, 64)])
