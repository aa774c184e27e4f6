"""In what order clips come into batches, each once an epoch, and which parts of each batch are read where."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Share:
    """Which parts of every batch are read here: those of the replicas that this process feeds.

    Args:
        first: the number of the first replica.
        count: how many replicas follow each other.
        of: how many there are in all workers together.
        least: clips that each must get of every batch.
    """

    first: int = 0
    count: int = 1
    of: int = 1
    least: int = 1

    def edges(self, clips, batch_size):
        """int64 [batches + 1], where each batch of an epoch begins; the last number is `clips`.

        A last batch too small for every replica takes some clips of the one before.
        """
        batches = -(-clips // batch_size)
        return np.array([*(min(batch * batch_size, clips - self.of * self.least) for batch in range(batches)), clips], np.int64)

    def sizes(self, clips, batch_size, replicas):
        """int64 [batches, replicas], the clips of each batch that go to some replicas."""
        rows, replicas = np.diff(self.edges(clips, batch_size))[:, None], np.asarray(replicas)
        return rows * (replicas + 1) // self.of - rows * replicas // self.of

    def numbers(self, clips, batch_size, before):
        """A `tf.data.Dataset` of the number of each part of an epoch; `before` batches came in earlier epochs."""
        import tensorflow as tf

        count = -(-clips // batch_size) * self.count
        return tf.data.Dataset.range(count).map(
            lambda place: (before + place // self.count) * self.of + self.first + place % self.count)


class Indexed:
    """Clips that are reached by index: a subclass has a length and `batch(indices)`."""

    service = None  # see `stream.StreamedClips`

    def cropped(self, indices, seed):
        """As `batch`; of clips that are kept longer than they are heard, any stretch, drawn by a seed, int32 [2]."""
        return self.batch(indices)

    def shuffled(self, batch_size, draw, chances=None, share=Share()):
        """What `batch` takes for each part of each batch of one epoch.

        Args:
            batch_size: clips a batch, of all replicas together; the last one may have fewer.
            draw: int64 [2], what the order follows from.
            chances: float [clips], how often clips come into the epoch, or None for once each.
            share: which part of each batch is given; the parts of one batch follow each other.

        Returns:
            A `tf.data.Dataset`.
        """
        import tensorflow as tf

        chosen = tf.range(len(self)) if chances is None else drawn(chances, draw)
        return self._parts(tf.random.experimental.stateless_shuffle(chosen, seed=draw), batch_size, share)

    def ordered(self, batch_size, share=Share()):
        """The same of all clips in order."""
        import tensorflow as tf

        return self._parts(tf.range(len(self)), batch_size, share)

    def _parts(self, order, batch_size, share):
        import tensorflow as tf

        edges = share.edges(len(self), batch_size)
        parts, edges = (len(edges) - 1) * share.count, tf.constant(edges)

        @tf.autograph.experimental.do_not_convert
        def part(place):
            batch, replica = place // share.count, share.first + place % share.count
            start, rows = edges[batch], edges[batch + 1] - edges[batch]
            return order[start + rows * replica // share.of:start + rows * (replica + 1) // share.of]

        return tf.data.Dataset.range(parts).map(part)


def drawn(chances, seed):
    """As many indices as there are chances, each index as often as its chance says, rounded down or up at random."""
    import tensorflow as tf

    edges = tf.cumsum(tf.constant(chances, tf.float64))
    count = len(chances)
    start = tf.random.stateless_uniform([], seed, dtype=tf.float64)
    places = (tf.range(count, dtype=tf.float64) + start) / count * edges[-1]
    return tf.minimum(tf.searchsorted(edges, places, side="right"), count - 1)
