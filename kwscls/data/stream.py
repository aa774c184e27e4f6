"""Clips of shards that need not fit into memory: read in long stretches, interleaved, shuffled, shared out among workers."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from kwscls.data import shards
from kwscls.data.order import Share
from kwscls.data.prepared import label_marks, split_clips
from kwscls.errors import KwsclsError

AT_ONCE = 8
"""Shards that are read in turns."""

BLOCK = 8
"""Clips that are taken of a shard in its turn."""

BUFFER = 64 << 20
"""Bytes of clips among which the next one is drawn; shards are fair samples already."""


READ = 256 << 10
"""Bytes that are read of a shard at once."""

PRIME = 1_000_003


class StreamedClips:
    """The clips of a split of shards as equal-length waveforms, in streams.

    Args:
        folder: the split, in a folder of shards or of their tables.
        samples: length that each clip is cut or zero-padded to, at its end.
        labels: their names in the order of the logits; those of the split when None.
        buffer: bytes of clips among which the next one is drawn.
        service: address of a tf.data service whose workers read and change the clips to train on, or None.

    Attributes:
        labels: the names of the labels.
        counts: int64 [labels], how many clips have each label.
        several: whether clips of the corpus have several labels.

    Raises:
        KwsclsError: the split holds a label that the model does not know.
    """

    def __init__(self, folder, samples, labels=None, buffer=BUFFER, service=None):
        self.folder, self.samples, self.service = Path(folder), samples, service
        told = shards.read_index(self.folder.parent)
        of_split = {label: count for label, count in told["splits"][self.folder.name]["labels"].items() if count}
        self.labels = list(labels or sorted(of_split))
        unknown = sorted(set(of_split) - set(self.labels))
        if unknown:
            raise KwsclsError(f"holds labels that the model does not know: {', '.join(unknown)}", folder,
                              f"it knows {', '.join(self.labels)}")
        self.counts = np.array([of_split.get(label, 0) for label in self.labels], np.int64)
        self.several = told["several_labels"] > 0
        self.paths, self.clips = shards.paths_of(self.folder.parent, self.folder.name)
        whole = sum(row["bytes"] for row in told["shards"] if row["split"] == self.folder.name)
        self._among = max(1, buffer * len(self) // max(1, whole))  # clips lie whole in shards, longer than what is heard
        known = {label: place for place, label in enumerate(self.labels)}
        self._places = tf.constant([known.get(label, 0) for label in told["labels"]], tf.int64)

    def __len__(self):
        return sum(self.clips)

    @property
    def marks(self):
        """bool [clips, labels], which labels each clip has, in the order of `ordered`."""
        return label_marks(split_clips(self.folder), self.labels, self.folder)

    def batch(self, records):
        """Waveforms float32 [batch, samples] and targets float32 [batch, labels] of records, strings [batch]."""
        waveforms, labels = waveforms_of(records, self.samples)
        where = tf.stack([tf.cast(labels.value_rowids(), tf.int64), tf.gather(self._places, labels.values)], axis=1)
        empty = tf.zeros([tf.size(records), len(self.labels)])
        return waveforms, tf.tensor_scatter_nd_max(empty, where, tf.ones(tf.shape(where)[:1]))

    def cropped(self, records, seed):
        """As `batch`: shards are read up to the length of a clip."""
        return self.batch(records)

    def ordered(self, batch_size, share=Share()):
        """The parts of the batches of all clips, as `shuffled`; those of a sole worker in the order of the manifest."""
        parts = self._parts(tf.range(len(self.paths)), batch_size, share, lambda stretches, _: stretches.flat_map(_read_stretch))
        count = -(-len(self) // batch_size) * share.count
        return parts.apply(tf.data.experimental.assert_cardinality(count))  # without which Keras warns at its end

    def shuffled(self, batch_size, draw, chances=None, share=Share()):
        """The records of each part of each batch of one epoch; arguments as of `order.Indexed.shuffled`.

        The shards are brought into a new order. A worker reads its own stretch of them, which may begin and end in the
        middle of a shard: so together the workers have every clip once, however many they are.

        Raises:
            KwsclsError: single clips are to be drawn, or the replicas cannot have equal parts of a batch.
        """
        if chances is not None:
            raise KwsclsError("draws single clips, which a stream of shards cannot", "--evened sampling",
                              "take --evened weights")

        def read(stretches, count):
            records = stretches.interleave(_read_stretch, cycle_length=AT_ONCE, block_length=BLOCK,
                                           num_parallel_calls=tf.data.AUTOTUNE)
            return records.shuffle(min(count, self._among), draw[0] * PRIME + draw[1], reshuffle_each_iteration=False)

        tf.compat.v1.get_default_graph().seed = 1  # of the graph in which this is traced: beside 0, TensorFlow takes no tensor
        order = tf.random.experimental.stateless_shuffle(tf.range(len(self.paths)), seed=draw)
        return self._parts(order, batch_size, share, read)

    def served(self, batch_size, seed, first_epoch, epochs, read):
        """Batches by the workers of the tf.data service, who take shards as they are free.

        Every clip comes once for each epoch, but an epoch's last clips may come after the next one's first.

        Args:
            batch_size: clips a batch.
            seed: of the shards' order in each epoch.
            first_epoch, epochs: from where to where.
            read: what workers do: a function (records, number of the batch on its worker) -> what a batch is.

        Returns:
            A `tf.data.Dataset`.
        """
        count = len(self.paths)
        paths = tf.constant(self.paths)

        def shard(place):
            order = tf.random.experimental.stateless_shuffle(tf.range(count), seed=tf.stack([tf.cast(seed, tf.int64), place // count]))
            return tf.data.TFRecordDataset(tf.gather(paths, order[place % count]), buffer_size=READ)

        records = tf.data.Dataset.range(first_epoch * count, epochs * count).interleave(
            shard, cycle_length=AT_ONCE, block_length=BLOCK, num_parallel_calls=tf.data.AUTOTUNE)
        batches = records.shuffle(min(len(self), self._among), seed=seed).batch(batch_size)
        numbered = batches.scan(tf.constant(0, tf.int64), lambda number, batch: (number + 1, (batch, number)))
        return numbered.map(read, num_parallel_calls=tf.data.AUTOTUNE).apply(tf.data.experimental.service.distribute(
            tf.data.experimental.service.ShardingPolicy.DYNAMIC, f"grpc://{self.service.removeprefix('grpc://')}"))

    def _parts(self, order, batch_size, share, read):
        """The records of each part of each batch, the shards being in some order and read by a function of stretches."""
        if batch_size % share.of:
            raise KwsclsError(f"is no multiple of the {share.of} replicas", f"--batch-size {batch_size}")
        own = batch_size // share.of
        start = share.sizes(len(self), batch_size, range(share.first)).sum()
        sizes = share.sizes(len(self), batch_size, range(share.first, share.first + share.count)).ravel()
        whole = int((sizes != own).argmax()) if (sizes != own).any() else len(sizes)
        last = sizes[whole:]
        if len(last) <= 1 and all(last):
            return read(self._stretches(order, start, start + sizes.sum()), int(sizes.sum())).batch(own)
        middle, edges = start + whole * own, np.cumsum([0, *last])
        rest = read(self._stretches(order, middle, start + sizes.sum()), int(last.sum())).batch(int(last.sum()))
        ends = rest.flat_map(lambda records: tf.data.Dataset.from_tensor_slices((edges[:-1], edges[1:])).map(
            lambda first, end: records[first:end]))
        return read(self._stretches(order, start, middle), whole * own).batch(own).concatenate(ends) if whole else ends

    def _stretches(self, order, start, end):
        """The clips `start` to `end` of the shards in some order: a dataset of paths, clips to skip, clips to take."""
        clips = tf.gather(tf.constant(self.clips, tf.int64), order)
        ends = tf.cumsum(clips)
        skip = tf.clip_by_value(start - (ends - clips), 0, clips)
        take = tf.clip_by_value(end - (ends - clips), 0, clips) - skip
        used = take > 0
        paths = tf.boolean_mask(tf.gather(tf.constant(self.paths), order), used)
        return tf.data.Dataset.from_tensor_slices((paths, skip[used], take[used]))


def waveforms_of(records, samples):
    """The clips of records.

    Args:
        records: strings [batch], each a `tf.train.Example` as `shards.example` makes it.
        samples: length that each clip is cut or zero-padded to, at its end.

    Returns:
        Waveforms float32 [batch, samples], and the places of the labels among those of the corpus, ragged int64
        [batch, (labels)].
    """
    found = tf.io.parse_example(records, {"samples": tf.io.FixedLenFeature([], tf.string),
                                          "labels": tf.io.RaggedFeature(tf.int64)})
    sounds = tf.io.decode_raw(found["samples"], tf.int16, fixed_length=2 * samples)
    return tf.cast(sounds, tf.float32) / 32768, found["labels"]


def _read_stretch(path, skip, take):
    return tf.data.TFRecordDataset(path, buffer_size=READ).skip(skip).take(take)
