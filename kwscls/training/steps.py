"""One update of the weights and one look at validation clips, the same on one device and on many."""

import keras
import tensorflow as tf

from kwscls import devices
from kwscls.training import measures, optimizers
from kwscls.training.frames import FrameAccuracy, FrameCrossentropy, PooledAccuracy, PooledCrossentropy


class Steps:
    """Gives a model the loss and the optimizer of its task, and takes the steps of its training.

    Every device works on its share of a batch; dropout hides the same units of each. One CPU works on shares side by side where
    `devices.lanes` are open and the model has no norms over a batch. Loss and gradients are those of the whole batch, whatever
    the number of devices and lanes; gradients are added up before they are clipped and applied.

    Args:
        model: an `AudioClassifier`, built in the scope of the strategy; "sigmoid" models get a binary cross-entropy for
            each label.
        recipe: a `Recipe`.
        per_frame: whether a frame model has a target for each frame; if not, its frames' mean answers for the clip.
        uneven: whether labels are so uneven that their balanced accuracy tells more than the accuracy.
        strategy: a `tf.distribute.Strategy`; one device when None.
        parts: in how many parts a batch goes through the model, for less memory; their gradients are added up.

    Source: Keras' own `fit` builds no model whose batches are spread over several workers, and its optimizers clip the
    gradients of each device alone.
    """

    def __init__(self, model, recipe, per_frame=False, uneven=False, strategy=None, parts=1):
        self.model, self.parts = model, parts
        self.strategy = strategy or tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        with self.strategy.scope():
            if model.frame_step:
                self.loss, metric = ((FrameCrossentropy, FrameAccuracy) if per_frame else
                                     (PooledCrossentropy, PooledAccuracy))
                self.loss = self.loss(model.activation, recipe.label_smoothing)
                self.metrics = [metric(model.activation)]
            else:
                binary = model.activation == "sigmoid"
                kind = keras.losses.BinaryCrossentropy if binary else keras.losses.CategoricalCrossentropy
                self.loss = kind(from_logits=True, label_smoothing=recipe.label_smoothing)
                self.metrics = measures.metrics(model.activation, uneven, len(model.labels))
            self.mean_loss = keras.metrics.Mean(name="loss")
            model.compile(optimizer=optimizers.optimizer(recipe, model), loss=self.loss)
            if not model.optimizer.built:  # what scales the loss of float16, which Keras puts around it
                model.optimizer.build(model.trainable_variables)
            self.sums = [self._sum_like(weight) for weight in model.trainable_weights] if self.parts > 1 else []
        compiled = recipe.jit and self.replicas == 1
        whole = compiled or self.replicas * self.parts > 1 or has_batch_norms(model)
        self.lanes = 1 if whole else min(devices.lanes(), recipe.batch_size)
        if compiled:
            devices.start_compiler()
        self._update_one = tf.function(self._update_here, jit_compile=True, autograph=False) if compiled else self._update_here

    @staticmethod
    def _sum_like(weight):
        """A place for the sum of a weight's gradients, which each device keeps for itself."""
        return tf.Variable(tf.zeros(weight.shape, weight.dtype), trainable=False,
                           synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.SUM)

    def update(self, batches):
        """Take the next batch of an iterator and update the weights once."""
        with devices.lost_workers():
            if self.parts == 1:
                self._update(batches)
                return
            batch = next(batches)
            for part in range(self.parts):
                self._gather(batch, tf.constant(part))
            self._finish()

    def check(self, batches):
        """The loss and the metrics on batches, by name."""
        self.reset()
        with devices.lost_workers():
            for batch in batches:
                (self._check_in_lanes if 1 < self.lanes <= len(batch[0]) else self._check)(batch)
        return self.results()

    def reset(self):
        """Forget the clips so far."""
        for metric in (self.mean_loss, *self.metrics):
            metric.reset_state()

    def results(self):
        """The mean loss and the metrics since they were reset, by name."""
        with devices.lost_workers():
            return {metric.name: float(metric.result()) for metric in (self.mean_loss, *self.metrics)}

    @tf.function(reduce_retracing=True, autograph=False)
    def _update(self, batches):
        self.strategy.run(self._update_one, args=(next(batches),))

    @tf.function(reduce_retracing=True, autograph=False)
    def _gather(self, batch, part):
        self.strategy.run(self._gather_here, args=(batch, part))

    @tf.function(autograph=False)
    def _finish(self):
        self.strategy.run(self._finish_here)

    @tf.function(reduce_retracing=True, autograph=False)
    def _check(self, batch):
        self.strategy.run(self._check_here, args=(batch,))

    @tf.function(reduce_retracing=True, autograph=False)
    def _check_in_lanes(self, batch):
        shares = self._in_lanes(batch)
        logits = tf.concat([self.model(waveforms, training=False) for waveforms, *_ in shares], 0)
        self._noted([tf.concat(values, 0) for values in zip(*shares)], logits, training=False)

    def _update_here(self, batch):
        found = [self._gradients(some, self._share(some, batch)) for some in self._in_lanes(batch)]
        self._apply(found[0] if self.lanes == 1 else
                    [None if gradients[0] is None else tf.add_n(gradients) for gradients in zip(*found)])

    def _in_lanes(self, batch):
        """The shares of a batch that go through the model side by side."""
        return [[value[lane::self.lanes] for value in batch] for lane in range(self.lanes)] if self.lanes > 1 else [batch]

    def _gather_here(self, batch, part):
        some = [value[part::self.parts] for value in batch]  # not in a row: augmentation changes the first and the last clips
        for total, gradient in zip(self.sums, self._gradients(some, self._share(some, batch)), strict=True):
            if gradient is not None:
                total.assign_add(gradient)

    def _finish_here(self):
        self._apply([tf.convert_to_tensor(total) for total in self.sums])
        for total in self.sums:
            total.assign(tf.zeros_like(total))

    def _share(self, some, batch):
        """What the mean loss of some clips counts in that of the whole batch, of which `batch` is this device's part."""
        if some is batch and self.replicas == 1:
            return 1.0
        whole = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, self._count(batch))
        return self._count(some) / tf.maximum(whole, 1.0)

    def _count(self, batch):
        """Over how many targets the loss of a batch is a mean: clips, or frames with a label."""
        return self.loss.counted(batch[1]) if hasattr(self.loss, "counted") else tf.cast(tf.shape(batch[0])[0], tf.float32)

    def _gradients(self, batch, share):
        """The gradients of the loss times its share; loss and metrics are noted."""
        waveforms, targets, *weights = batch
        with tf.GradientTape() as tape:
            logits = self.model(waveforms, training=True)
            loss = self._noted(batch, logits, training=True)
            scaled = self.model.optimizer.scale_loss(loss * share)
        return tape.gradient(scaled, self.model.trainable_weights)

    def _noted(self, batch, logits, training):
        """The mean loss over a batch; it and the metrics are noted."""
        waveforms, targets, *weights = batch
        loss = self.model.compute_loss(waveforms, targets, logits, *weights, training=training)
        if self.replicas > 1:
            loss *= self.replicas  # Keras divides by them
        self.mean_loss.update_state(loss, sample_weight=self._count(batch))
        for metric in self.metrics:
            metric.update_state(targets, logits)
        return loss

    def _apply(self, gradients):
        """Update the weights by gradients that are parts of the whole batch's."""
        if self.replicas > 1:
            there = [gradient for gradient in gradients if gradient is not None]
            there = iter(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, there))
            gradients = [None if gradient is None else next(there) for gradient in gradients]
        self.model.optimizer.apply(gradients, self.model.trainable_weights)

    def _check_here(self, batch):
        self._noted(batch, self.model(batch[0], training=False), training=False)


def has_batch_norms(model):
    """Whether what a model makes of a clip in training hangs on the clips beside it."""
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in model._flatten_layers())
