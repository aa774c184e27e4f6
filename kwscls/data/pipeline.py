"""From a prepared folder to batches: read once, kept in memory when it fits, shuffled by seed and epoch."""

import math
import wave
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kwscls.data.prepared import class_files, class_folders, label_marks, label_names, split_clips

MEMORY = 4 << 30
"""Bytes of 16-bit samples that one split may take in memory; a larger one is read from its files in each epoch."""


class Clips:
    """The clips of one split as equal-length waveforms, reachable by index.

    Args:
        folder: class folders of 16-bit mono WAV files, as `prepare` writes them; where clips have several labels,
            the manifest beside it tells.
        samples: length that each clip is cut or zero-padded to, at its end.
        labels: their names in the order of the logits; those found when None.
        memory: bytes that the samples may take in memory.
        corrections: a table of clips to drop or relabel, see `corrections`; or None.

    Attributes:
        paths: the files, in order.
        labels: the names of the labels.
        marks: bool [clips, labels], which labels each clip has.
        targets: int64 [clips], index of each clip's first label.

    Raises:
        KwsclsError: the folder holds no clips, or a label that the model does not know.
    """

    def __init__(self, folder, samples, labels=None, memory=MEMORY, corrections=None):
        self.folder, self.samples = Path(folder), samples
        clips = split_clips(folder, corrections)
        self.labels = list(labels or label_names(clips))
        self.marks = label_marks(clips, self.labels, folder)
        self.targets = np.array([self.labels.index(clip.labels[0]) for clip in clips], np.int64)
        self.paths = [str(clip.path) for clip in clips]
        fits = 2 * samples * len(self.paths) <= memory
        self._read = self._from_memory(class_folders(folder)) if fits else self._from_files()

    def __len__(self):
        return len(self.paths)

    def batch(self, indices):
        """Waveforms float32 [batch, samples] and targets float32 [batch, labels], 1 where a clip has the label."""
        return self._read(indices), tf.cast(tf.gather(self.marks, indices), tf.float32)

    def _from_memory(self, found):
        """A reader that keeps all samples in memory, as 16-bit integers."""
        dataset = keras.utils.audio_dataset_from_directory(
            self.folder, class_names=found, batch_size=None, shuffle=False, output_sequence_length=self.samples,
            verbose=False)  # classes in the order given, the files of each sorted
        places = {path: place for place, path in enumerate(self.paths)}
        wanted = np.array([places.get(str(path), -1) for path in class_files(self.folder, found)])
        kept = np.empty((len(self.paths), self.samples), np.int16)
        start = 0
        for waveforms, _ in dataset.batch(256).prefetch(1):
            rows = wanted[start:start + len(waveforms)]
            kept[rows[rows >= 0]] = np.rint(waveforms.numpy()[rows >= 0, :, 0] * 32768)
            start += len(waveforms)
        kept = tf.constant(kept)
        return lambda indices: tf.cast(tf.gather(kept, indices), tf.float32) / 32768

    def _from_files(self):
        """A reader that decodes the files of each batch when they are asked for."""
        paths, samples = tf.constant(self.paths), self.samples

        def one(path):
            waveform, _ = tf.audio.decode_wav(tf.io.read_file(path), desired_channels=1, desired_samples=samples)
            return waveform[:, 0]

        return lambda indices: tf.map_fn(one, tf.gather(paths, indices), fn_output_signature=tf.float32,
                                         parallel_iterations=16)


def clip_length(folder, seconds=None):
    """The clip length for a folder of prepared clips, in samples, and their sample rate in Hz.

    Args:
        folder: class folders of 16-bit mono WAV files of one rate.
        seconds: the length; when None, one that nineteen of twenty clips fit into, in tenths of a second, at most 10 s.
    """
    paths = sorted(Path(folder).glob("*/*.wav"))
    with wave.open(str(paths[0])) as first:
        rate = first.getframerate()
    if seconds is None:
        lengths = sorted((path.stat().st_size - 44) / 2 / rate for path in paths)
        long = lengths[min(len(lengths) - 1, int(0.95 * len(lengths)))]
        seconds = min(10.0, max(0.1, math.ceil(10 * long - 0.01) / 10))
    return round(seconds * rate), rate


def training_batches(clips, batch_size, seed, epochs, first_epoch=0, change=None, chances=None, weights=None):
    """Shuffled batches of the epochs `first_epoch` to `epochs`, the same for the same seed whatever came before.

    Args:
        clips: `Clips`.
        batch_size: clips a batch; the last one of an epoch may have fewer.
        seed: of the order and of what `change` draws.
        epochs: where to end.
        first_epoch: where to begin, when a run is resumed.
        change: augmentation, a function (waveforms, targets, seed int32 [2]) -> (waveforms, targets), or None.
        chances: float [clips], summing up to 1: how often clips come into an epoch, which stays as long; None is once
            each.
        weights: float [labels], of each label in the loss, or None.

    Returns:
        A `tf.data.Dataset` of waveforms [batch, samples] and targets [batch, labels], with `weights` also the weight of
        each clip [batch]; `steps(...)` batches an epoch.
    """
    def epoch_indices(epoch):
        draw = tf.stack([tf.cast(seed, tf.int64), epoch])
        chosen = tf.range(len(clips)) if chances is None else _drawn(chances, draw)
        order = tf.random.experimental.stateless_shuffle(chosen, seed=draw)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
        return tf.data.Dataset.zip(batches, tf.data.Dataset.counter(epoch * steps(clips, batch_size)))

    def read(indices, step):
        waveforms, targets = clips.batch(indices)
        if change is not None:
            waveforms, targets = change(waveforms, targets,
                                        tf.cast(tf.stack([tf.cast(seed, tf.int64), step]), tf.int32))
        if weights is None:
            return waveforms, targets
        return waveforms, targets, tf.linalg.matvec(targets, tf.cast(weights, tf.float32)) / tf.reduce_sum(targets, axis=1)

    indices = tf.data.Dataset.range(first_epoch, epochs).flat_map(epoch_indices)
    return indices.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def _drawn(chances, seed):
    """As many indices as there are chances, each index as often as its chance says, rounded down or up at random."""
    edges = tf.cumsum(tf.constant(chances, tf.float64))
    count = len(chances)
    start = tf.random.stateless_uniform([], seed, dtype=tf.float64)
    places = (tf.range(count, dtype=tf.float64) + start) / count * edges[-1]
    return tf.minimum(tf.searchsorted(edges, places, side="right"), count - 1)


def ordered_batches(clips, batch_size):
    """Every clip once, in order: for validation and for adapting statistics."""
    indices = tf.data.Dataset.range(len(clips)).batch(batch_size)
    return indices.map(clips.batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def steps(clips, batch_size):
    """The number of batches in one epoch."""
    return -(-len(clips) // batch_size)
