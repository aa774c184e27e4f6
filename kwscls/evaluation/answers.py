"""A bundle's answers about the clips of a split: which clips, whose they are, and the scores."""

import dataclasses
from pathlib import Path

import numpy as np

from kwscls import console
from kwscls.data.prepared import file_contents, has_split, label_marks, read_bytes, split_clips
from kwscls.errors import KwsclsError


@dataclasses.dataclass(frozen=True)
class Split:
    """The clips of one split of a prepared folder.

    Args:
        folder: the prepared folder.
        name: "train", "validation" or "test".
        paths: the WAV files, in order.
        truth: int64 [clips], the place of each clip's first label among the model's.
        marks: bool [clips, labels], all labels of each clip.
        groups: what each clip belongs with (its speaker), "" where that is not known.
    """

    folder: Path
    name: str
    paths: list
    truth: np.ndarray
    marks: np.ndarray
    groups: list

    @property
    def names(self):
        """The clips' paths below the prepared folder."""
        return [path.relative_to(self.folder).as_posix() for path in self.paths]

    def with_truth_of(self, scores):
        """The same clips; where the highest of the scores [clips, labels] is at one of a clip's labels, that is its truth."""
        best = np.asarray(scores).argmax(axis=1)
        return dataclasses.replace(self, truth=np.where(self.marks[np.arange(len(best)), best], best, self.truth))

    def some(self, most, seed=0):
        """At most so many of the clips, drawn by `seed`, in order."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self.paths))[:most])
        return dataclasses.replace(self, paths=[self.paths[i] for i in chosen], truth=self.truth[chosen],
                                   marks=self.marks[chosen], groups=[self.groups[i] for i in chosen])


def find_split(folder, name, labels):
    """The clips of a split.

    Args:
        folder: a prepared folder: splits, in them class folders of WAV files, and perhaps a manifest.
        name: of the split.
        labels: what the model knows, in order.

    Raises:
        KwsclsError: there is no such split or no clip in it, or a label that the model does not know.
    """
    folder = Path(folder)
    if not has_split(folder, name):
        there = sorted(place.name for place in folder.iterdir() if place.is_dir()) if folder.is_dir() else []
        raise KwsclsError(f"has no split {name}", folder,
                          f"it has {', '.join(there)}" if there else "prepare it with python -m kwscls.prepare")
    clips = split_clips(folder / name)
    marks = label_marks(clips, labels, folder / name)
    return Split(folder, name, [clip.path for clip in clips],
                 np.array([labels.index(clip.labels[0]) for clip in clips], np.int64), marks,
                 [clip.group or "" for clip in clips])


def read_waveforms(paths, sample_rate, samples, batch_size):
    """Read WAV files as an export would: decoded, resampled, cut or zero-padded at the end.

    Args:
        paths: the files.
        sample_rate: to bring them to, in Hz.
        samples: to cut or pad them to.
        batch_size: clips at once.

    Yields:
        float32 [batch, samples].

    Raises:
        KwsclsError: a file cannot be read.
    """
    import tensorflow as tf

    from kwscls.dsp.clip import reader

    read = reader(sample_rate, samples)
    clips = file_contents(paths).map(lambda contents: read(contents, 0), num_parallel_calls=tf.data.AUTOTUNE)
    batches = clips.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    done = 0
    try:
        for batch in batches:
            yield batch.numpy()
            done += len(batch)
    except tf.errors.OpError as error:
        raise KwsclsError("cannot be read as a WAV file", _first_bad(paths[done:], read, tf.errors.OpError),
                          "prepare the data again") from error


def answer(bundle, split, batch_size=64):
    """The scores of every clip of a split, with a progress bar.

    Args:
        bundle: a loaded bundle.
        split: a `Split`.
        batch_size: clips at once.

    Returns:
        float32 [clips, labels]; those of a frame model are averaged over the frames.
    """
    found = []
    with console.progress(transient=True) as bar:
        task = bar.add_task(f"answering {split.name}", total=len(split.paths))
        for waveforms in read_waveforms(split.paths, bundle.sample_rate, bundle.samples, batch_size):
            found.append(clip_scores(bundle, waveforms))
            bar.advance(task, len(waveforms))
    return np.concatenate(found)


def clip_scores(bundle, waveforms):
    """The scores of waveforms [batch, samples]: float32 [batch, labels]."""
    scores = np.asarray(bundle.scores(waveforms))
    return scores if scores.ndim == 2 else scores.mean(axis=1)


def as_distributions(scores, activation):
    """Scores as probabilities that sum up to 1: those of independent labels are divided by their sum."""
    scores = np.asarray(scores, np.float64)
    return scores if activation == "softmax" else scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-12)


def _first_bad(paths, read, kind):
    for path in paths:
        try:
            read(read_bytes(path), 0)
        except (kind, KwsclsError):
            return path
    return None
