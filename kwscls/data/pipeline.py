"""From a prepared folder to batches: read once, kept in memory when it fits, shuffled by seed and epoch."""

import math
import wave
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kwscls.data import shards
from kwscls.data.convert import HEADER
from kwscls.data.order import Indexed, Share
from kwscls.data.prepared import class_files, class_folders, contents_of, label_marks, label_names, split_clips
from kwscls.data.stream import StreamedClips, waveforms_of
from kwscls.errors import KwsclsError

MEMORY = 4 << 30
"""Bytes of 16-bit samples that one split may take in memory; a larger one is read from its files in each epoch."""


LOADED = 128 << 20
"""Bytes of float32 samples that are decoded together, at most, where clips are long."""

CROP = 0x63726F70
"""What sets the seed of crops apart from those of the other changes."""


def open_clips(folder, samples, labels=None, memory=MEMORY, corrections=None, service=None, crops=False):
    """The clips of a split: `Clips`, or `StreamedClips` of shards that do not fit into memory or that a service reads.

    Arguments as of those; of shards, the start of each clip is heard, with `crops` too.
    """
    folder = Path(folder)
    if service:
        if corrections or not shards.is_sharded(folder.parent):
            raise KwsclsError("reads shards as they are", "--data-service", "make some with python -m kwscls.prepare --shards, "
                              "which takes --corrections too")
        return StreamedClips(folder, samples, labels, service=service)
    if shards.is_sharded(folder.parent) and not corrections and 2 * samples * sum(
            shards.paths_of(folder.parent, folder.name)[1]) > memory:
        return StreamedClips(folder, samples, labels)
    return Clips(folder, samples, labels, memory, corrections, crops)


class Clips(Indexed):
    """The clips of one split as equal-length waveforms, reachable by index.

    Args:
        folder: class folders of 16-bit mono WAV files, as `prepare` writes them, or a split of shards; where clips have
            several labels, the manifest beside it tells.
        samples: length that each clip is cut or zero-padded to, at its end.
        labels: their names in the order of the logits; those found when None.
        memory: bytes that the samples may take in memory.
        corrections: a table of clips to drop or relabel, see `corrections`; or None.
        crops: whether what lies behind `samples` is kept too, as far as memory goes, for `cropped`; but not where nineteen
            of twenty clips are no longer than that: there it is a word's end and silence.

    Attributes:
        paths: the files, in order.
        labels: the names of the labels.
        marks: bool [clips, labels], which labels each clip has.
        targets: int64 [clips], index of each clip's first label.

    Raises:
        KwsclsError: the folder holds no clips, or a label that the model does not know.
    """

    def __init__(self, folder, samples, labels=None, memory=MEMORY, corrections=None, crops=False):
        self.folder, self.samples = Path(folder), samples
        clips = split_clips(folder, corrections)
        self.labels = list(labels or label_names(clips))
        self.marks = label_marks(clips, self.labels, folder)
        self.targets = np.array([self.labels.index(clip.labels[0]) for clip in clips], np.int64)
        self.paths = [str(clip.path) for clip in clips]
        self.reach = self._longest(memory) if crops and not shards.is_sharded(self.folder.parent) else samples
        if 2 * samples * len(self.paths) > memory:
            self._read = self._from_files()
        elif shards.is_sharded(self.folder.parent):
            self._read = self._from_memory(*self._in_shards())
        else:
            self._read = self._from_memory(*self._in_folders())

    def __len__(self):
        return len(self.paths)

    @property
    def counts(self):
        """int64 [labels], how many clips have each label."""
        return self.marks.sum(axis=0)

    @property
    def several(self):
        """Whether a clip has more than one label."""
        return bool((self.marks.sum(axis=1) > 1).any())

    def batch(self, indices):
        """Waveforms float32 [batch, samples] and targets float32 [batch, labels], 1 where a clip has the label."""
        return self._read(indices, tf.zeros(tf.shape(indices), tf.int32)), tf.cast(tf.gather(self.marks, indices), tf.float32)

    def cropped(self, indices, seed):
        """As `batch`, but of a clip longer than `samples` any stretch, drawn by a seed, int32 [2]."""
        if self.reach == self.samples:
            return self.batch(indices)
        spare = tf.maximum(tf.gather(self._lengths, indices) - self.samples, 0)  # [batch]
        starts = tf.cast(tf.random.stateless_uniform(tf.shape(spare), seed) * tf.cast(spare + 1, tf.float32), tf.int32)
        return self._read(indices, tf.minimum(starts, spare)), tf.cast(tf.gather(self.marks, indices), tf.float32)

    def _longest(self, memory):
        """How much is kept of each clip, in samples; and `_lengths`, how much of that each has."""
        lengths = np.array([(Path(path).stat().st_size - HEADER) // 2 for path in self.paths])
        if shards.nearly_longest(lengths) <= self.samples:
            return self.samples
        fits = memory // (2 * len(self.paths))
        reach = min(lengths.max(), fits) if fits >= self.samples else lengths.max()
        self._lengths = tf.constant(np.minimum(lengths, reach), tf.int32)
        return int(reach)

    def _in_folders(self):
        """The files of the class folders, and a dataset of their waveforms [samples] in the same order."""
        found = class_folders(self.folder)
        dataset = keras.utils.audio_dataset_from_directory(
            self.folder, class_names=found, batch_size=None, shuffle=False, output_sequence_length=self.reach,
            verbose=False)  # classes in the order given, the files of each sorted
        files = class_files(self.folder, found)
        if dataset.cardinality() != len(files):
            other = min(path for name in found for path in (self.folder / name).rglob("*")
                        if path.suffix.lower() == ".wav" and path not in files)
            raise KwsclsError("is no clip that prepare wrote", other, "move it away, or prepare the folder anew")
        return files, dataset.map(lambda waveform, _: waveform[:, 0])

    def _in_shards(self):
        """The clips of the shards, and a dataset of their waveforms [samples] in the same order."""
        batches = StreamedClips(self.folder, self.samples).ordered(256).map(
            lambda records: waveforms_of(records, self.samples)[0])
        top = self.folder.parent
        return [top / name for name in shards.pieces(top, self.folder.name)], batches.unbatch()

    def _from_memory(self, found, dataset):
        """A reader that keeps all samples in memory, as 16-bit integers: a function of indices and starts [batch]."""
        places = {path: place for place, path in enumerate(self.paths)}
        wanted = np.array([places.get(str(path), -1) for path in found])
        kept = np.empty((len(self.paths), self.reach), np.int16)
        start = 0
        for waveforms in dataset.batch(max(1, min(256, LOADED // (4 * self.reach)))).prefetch(1):
            rows = wanted[start:start + len(waveforms)]
            kept[rows[rows >= 0]] = np.rint(waveforms.numpy()[rows >= 0] * 32768)
            start += len(waveforms)
        if self.reach == self.samples:
            kept = tf.constant(kept)
            return lambda indices, starts: tf.cast(tf.gather(kept, indices), tf.float32) / 32768
        kept = tf.constant(kept.ravel())

        def read(indices, starts):
            first = tf.cast(indices, tf.int64) * self.reach + tf.cast(starts, tf.int64)
            return tf.cast(tf.gather(kept, first[:, tf.newaxis] + tf.range(self.samples, dtype=tf.int64)), tf.float32) / 32768

        return read

    def _from_files(self):
        """A reader, as `_from_memory`, that decodes the files of each batch when they are asked for."""
        paths, samples, contents = tf.constant(self.paths), self.samples, contents_of(self.paths)
        at_once = max(1, min(16, LOADED // (4 * self.reach)))

        def one(clip):
            waveform, _ = tf.audio.decode_wav(contents(clip[0]), desired_channels=1)
            stretch = waveform[clip[1]:clip[1] + samples, 0]
            return tf.ensure_shape(tf.pad(stretch, [[0, samples - tf.shape(stretch)[0]]]), [samples])

        return lambda indices, starts: tf.map_fn(one, (tf.gather(paths, indices), starts), fn_output_signature=tf.float32,
                                                 parallel_iterations=at_once)


def clip_length(folder, seconds=None):
    """The clip length for a folder of prepared clips, in samples, and their sample rate in Hz.

    Args:
        folder: class folders of 16-bit mono WAV files of one rate, or a split of shards.
        seconds: the length; when None, one that nineteen of twenty clips fit into, in tenths of a second, at most 10 s.
    """
    folder = Path(folder)
    if shards.is_sharded(folder.parent):
        told = shards.read_index(folder.parent)
        rate, long = told["rate"], told["length"]
    else:
        paths = sorted(folder.glob("*/*.wav"))
        with wave.open(str(paths[0])) as first:
            rate = first.getframerate()
        long = shards.nearly_longest([(path.stat().st_size - HEADER) / 2 for path in paths]) / rate
    if seconds is None:
        seconds = min(10.0, max(0.1, math.ceil(10 * long - 0.01) / 10))
    return round(seconds * rate), rate


def training_batches(clips, batch_size, seed, epochs, first_epoch=0, change=None, chances=None, weights=None,
                     share=Share()):
    """Shuffled batches of the epochs `first_epoch` to `epochs`, the same for the same seed whatever came before.

    Args:
        clips: `Clips` or `StreamedClips`.
        batch_size: clips a batch, of all replicas together; the last one of an epoch may have fewer.
        seed: of the order and of what `change` draws.
        epochs: where to end.
        first_epoch: where to begin, when a run is resumed.
        change: augmentation, a function (waveforms, targets, seed int32 [2]) -> (waveforms, targets), or None.
        chances: float [clips], summing up to 1: how often clips come into an epoch, which stays as long; None is once
            each.
        weights: float [labels], of each label in the loss, or None.
        share: which part of each batch is given; the parts of one batch follow each other.

    Returns:
        A `tf.data.Dataset` of waveforms [batch, samples] and targets [batch, labels], with `weights` also the weight of
        each clip [batch]; `steps(...)` batches an epoch.
    """
    plain = tf.autograph.experimental.do_not_convert  # nothing branches on a tensor, and AutoGraph takes its time

    @plain
    def epoch_keys(epoch):
        draw = tf.stack([tf.cast(seed, tf.int64), epoch])
        return tf.data.Dataset.zip(clips.shuffled(batch_size, draw, chances, share),
                                   share.numbers(len(clips), batch_size, epoch * steps(clips, batch_size)))

    @plain
    def read(keys, part):
        if change is None:
            waveforms, targets = clips.batch(keys)
        else:
            draw = tf.cast(tf.stack([tf.cast(seed, tf.int64), part]), tf.int32)
            waveforms, targets = change(*clips.cropped(keys, tf.random.fold_in(draw, CROP)), draw)
        if weights is None:
            return waveforms, targets
        return waveforms, targets, tf.linalg.matvec(targets, tf.cast(weights, tf.float32)) / tf.reduce_sum(targets, axis=1)

    if clips.service:
        if share.of > 1 or chances is not None:
            raise KwsclsError("feeds one process, each clip once an epoch", "--data-service",
                              "leave out --strategy and --evened sampling")
        return clips.served(batch_size, seed, first_epoch, epochs, read).prefetch(tf.data.AUTOTUNE)
    keys = tf.data.Dataset.range(first_epoch, epochs).flat_map(epoch_keys)
    return keys.map(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def ordered_batches(clips, batch_size, share=Share()):
    """Every clip once, in order: for validation and for adapting statistics; `share` as of `training_batches`."""
    return clips.ordered(batch_size, share).map(clips.batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def steps(clips, batch_size):
    """The number of batches in one epoch."""
    return -(-len(clips) // batch_size)
