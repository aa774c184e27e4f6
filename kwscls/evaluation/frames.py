"""Answers for each frame, scored on recordings whose segments have labels."""

import numpy as np

from kwscls import console
from kwscls.data.frames import NOTHING, FrameClips, read
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots_inside
from kwscls.evaluation.calibration import reliability
from kwscls.evaluation.scores import scores

PICTURE = "frames.png"


def frame_results(bundle, table, split="test", batch_size=64, seed=0):
    """Say how good a frame model's export is on a split of a table of segments.

    Args:
        bundle: a loaded bundle of a frame model.
        table: the table's path.
        split: "train", "validation" or "test".
        batch_size: clips answered at once.
        seed: of the bootstrap, which draws recordings.

    Returns:
        The keys of `scores.scores`, with frames in the place of clips and recordings in that of groups; `frames`, how many had
        a label, and of how many `recordings`; `calibration`; `mistakes`, empty; and beside this dict the picture of the first
        clip that has labels.

    Raises:
        KwsclsError: the model answers for clips, or the table has no such split, or labels that the model does not
            know.
    """
    if not bundle.frame_step:
        raise KwsclsError("answers for clips, not for frames", bundle.model, "take wav2vec2_frames")
    talks = [talk for talk in read(table) if talk.split == split]
    if not talks:
        raise KwsclsError(f"has no recordings in its split {split}", table)
    frames = np.asarray(bundle.scores(np.zeros((1, bundle.samples), np.float32))).shape[1]
    clips = FrameClips(talks, bundle.labels, bundle.samples, bundle.sample_rate, frames, bundle.frame_step,
                       bundle.frame_length)
    raw = answer(bundle, clips, batch_size)  # [clips, frames, labels]
    known = clips.targets != NOTHING
    if not known.any():
        raise KwsclsError(f"has no labelled frame in its split {split}", table)
    truth, found = clips.targets[known], np.asarray(raw, np.float64)[known]
    found /= found.sum(axis=1, keepdims=True)
    groups = np.repeat(clips.names, known.sum(axis=1)).tolist()
    results = scores(truth, found, bundle.labels, groups, seed=seed)
    results["interval"]["over"] = {"groups": "recordings", "clips": "frames"}[results["interval"]["over"]]
    first = int(np.argmax(known.any(axis=1)))
    picture = plots_inside.frame_labels(
        clips.waveforms[first] / 32768, bundle.sample_rate, bundle.labels, bundle.frame_step, raw[first],
        clips.targets[first], bundle.frame_length)
    return {"model": bundle.model, "split": split, "data": str(table), **results, "frames": int(known.sum()),
            "recordings": len(set(groups)),
            "calibration": reliability(truth, found, bundle.labels, groups=groups, seed=seed), "mistakes": []}, picture


def answer(bundle, clips, batch_size):
    """The scores of all frames of all clips, float32 [clips, frames, labels]."""
    found = []
    with console.progress(transient=True) as bar:
        task = bar.add_task("answering", total=len(clips))
        for start in range(0, len(clips), batch_size):
            waveforms = clips.waveforms[start:start + batch_size].astype(np.float32) / 32768
            found.append(np.asarray(bundle.scores(waveforms)))
            bar.advance(task, len(waveforms))
    return np.concatenate(found)
