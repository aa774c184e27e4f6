"""In what order clips that can be reached by index come into batches: each once an epoch, shared out among workers."""

ALONE = 0, 1
"""Of one worker: (its index, how many there are)."""


class Indexed:
    """Clips that are reached by index: a subclass has a length and `batch(indices)`."""

    def shuffled(self, batch_size, draw, chances=None, worker=ALONE):
        """The batches of indices of one epoch.

        Args:
            batch_size: clips a batch, of all workers together; the last one may have fewer.
            draw: int64 [2], what the order follows from.
            chances: float [clips], how often clips come into the epoch, or None for once each.
            worker: (index, count): of each batch every worker gets its own stretch, the same batch being cut as evenly
                as can be.

        Returns:
            A `tf.data.Dataset` of what `batch` takes.
        """
        import tensorflow as tf

        chosen = tf.range(len(self)) if chances is None else drawn(chances, draw)
        order = tf.random.experimental.stateless_shuffle(chosen, seed=draw)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
        index, count = worker
        return batches if count == 1 else batches.map(
            lambda batch: batch[tf.size(batch) * index // count:tf.size(batch) * (index + 1) // count])

    def ordered(self, batch_size):
        """The batches of indices of all clips in order, as `shuffled`."""
        import tensorflow as tf

        return tf.data.Dataset.range(len(self)).batch(batch_size)


def drawn(chances, seed):
    """As many indices as there are chances, each index as often as its chance says, rounded down or up at random."""
    import tensorflow as tf

    edges = tf.cumsum(tf.constant(chances, tf.float64))
    count = len(chances)
    start = tf.random.stateless_uniform([], seed, dtype=tf.float64)
    places = (tf.range(count, dtype=tf.float64) + start) / count * edges[-1]
    return tf.minimum(tf.searchsorted(edges, places, side="right"), count - 1)
