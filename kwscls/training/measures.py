"""What a training watches beside the loss: the metrics that say which epoch's weights stay."""

import keras
import tensorflow as tf

BINS = 240
"""Steps between logits -12 and 12 in which average precision tells scores apart."""


def metrics(activation, uneven, labels):
    """The metrics of a model that answers for clips: "accuracy", and "score" where something else tells more.

    Args:
        activation: "softmax", or "sigmoid", whose score is the mean average precision.
        uneven: whether the labels of the data are; then the score of a "softmax" is the balanced accuracy.
        labels: how many there are.
    """
    if activation == "sigmoid":
        return [HitRate(), MeanAveragePrecision(labels)]
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    return [accuracy, BalancedAccuracy(labels)] if uneven else [accuracy]


@keras.saving.register_keras_serializable("kwscls")
class HitRate(keras.metrics.MeanMetricWrapper):
    """The share of clips whose highest score is that of one of their labels: what accuracy is with several labels."""

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(hit, name=name, **kwargs)

    def get_config(self):
        return {"name": self.name}


class BalancedAccuracy(keras.metrics.Metric):
    """The mean over labels of the share of their clips that is answered right.

    Targets: [batch, labels], shares; the largest is the label. Logits: [batch, labels].

    Args:
        labels: how many there are.
    """

    def __init__(self, labels, name="score", **kwargs):
        super().__init__(name=name, **kwargs)
        self.right, self.clips = (self.add_weight(shape=(labels,), initializer="zeros", name=what)
                                  for what in ("right", "clips"))

    def update_state(self, targets, logits, sample_weight=None):
        truth = tf.one_hot(tf.argmax(targets, axis=-1), logits.shape[-1])
        hits = hit(truth, logits)
        self.right.assign_add(tf.reduce_sum(truth * hits[:, None], axis=0))
        self.clips.assign_add(tf.reduce_sum(truth, axis=0))

    def result(self):
        return _mean_where(tf.math.divide_no_nan(self.right.value, self.clips.value), self.clips.value > 0)


class MeanAveragePrecision(keras.metrics.Metric):
    """The mean over labels of the average precision of their ranking, from counts in `BINS` steps of the logits.

    Targets: [batch, labels], 1 (or more than a half) where a clip has the label. Logits: [batch, labels]. Labels that
    no clip has are left out.

    Args:
        labels: how many there are.
    """

    def __init__(self, labels, name="score", **kwargs):
        super().__init__(name=name, **kwargs)
        self.have, self.all = (self.add_weight(shape=(labels * BINS,), initializer="zeros", name=what)
                               for what in ("have", "all"))

    def update_state(self, targets, logits, sample_weight=None):
        labels = logits.shape[-1]
        steps = tf.clip_by_value(tf.cast((tf.cast(logits, tf.float32) + 12) * (BINS / 24), tf.int32), 0, BINS - 1)
        places = tf.reshape(steps + tf.range(labels) * BINS, [-1])
        have = tf.reshape(tf.cast(targets > 0.5, tf.float32), [-1])
        for counts, new in ((self.have, have), (self.all, tf.ones_like(have))):
            counts.assign_add(tf.math.unsorted_segment_sum(new, places, labels * BINS))

    def result(self):
        have, all_ = (tf.reshape(counts.value, [-1, BINS])[:, ::-1] for counts in (self.have, self.all))
        precision = tf.math.divide_no_nan(tf.cumsum(have, axis=1), tf.cumsum(all_, axis=1))
        total = tf.reduce_sum(have, axis=1)
        return _mean_where(tf.math.divide_no_nan(tf.reduce_sum(precision * have, axis=1), total), total > 0)


def hit(targets, logits):
    """1 where the highest logit is at a label, which is more than half of the largest target: float32 [batch]."""
    best = tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1], dtype=targets.dtype)
    at_best = tf.reduce_sum(targets * best, axis=-1)
    return tf.cast(at_best > 0.5 * tf.reduce_max(targets, axis=-1), tf.float32)


def _mean_where(values, chosen):
    chosen = tf.cast(chosen, values.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(values * chosen), tf.reduce_sum(chosen))
