"""A running average of the weights: what validation hears and what a training leaves, calmer than the last step."""

import keras
import tensorflow as tf

from kwscls.training import state


class Averages(keras.callbacks.Callback):
    """Keeps an exponential moving average of a model's weights, and lets validation hear it.

    Statistics of batch norm are averaged too, so that they belong to the averaged kernels. Keras' own `use_ema` puts
    the average in the place of the weights at the end of each `fit`; here the training itself never sees it. It reaches
    back over a share of the steps taken so far, so that it is as calm as a training is long and never lags behind.

    Args:
        model: the Keras model that is trained.
        reach: that share, in [0, 1]; 1 is the plain mean of all steps, 0 leaves the weights as they are.
        strategy: the `tf.distribute.Strategy` in whose scope the model was built; every device keeps its averages.

    Attributes:
        variables: the averages, in the order of `model.weights`, and after them how many steps were taken.

    Source: the polynomial-decay averaging of Shamir and Zhang, arXiv 1212.1824.
    """

    def __init__(self, model, reach, strategy=None):
        super().__init__()
        self.reach, self.strategy = float(reach), strategy or tf.distribute.get_strategy()
        self.own = [weight.value for weight in model.weights]
        with self.strategy.scope():
            self.averages = [tf.Variable(value, trainable=False) for value in self.own] if reach else []
            self.count = tf.Variable(0.0, trainable=False)
        self.aside = []

    @property
    def variables(self):
        return [*self.averages, self.count] if self.averages else []

    @tf.function(autograph=False)
    def _update(self):
        self.count.assign_add(1.0)
        share = 1 / tf.maximum(self.reach * self.count, 1.0)

        def move(average, value, share):
            average.assign_add(tf.cast(share, average.dtype) * (value - average))

        for average, value in zip(self.averages, self.own, strict=True):
            self.strategy.extended.update(average, move, args=(value, share), group=False)

    def on_train_batch_end(self, batch, logs=None):
        if self.averages:
            self._update()

    def on_test_begin(self, logs=None):
        """Give the model the averages for the validation."""
        if self.averages:
            self.aside = state.snapshot(self.own)
            state.put_back(self.own, state.snapshot(self.averages))

    def on_test_end(self, logs=None):
        """Give the model its own weights back."""
        if self.averages:
            state.put_back(self.own, self.aside)

    def weights(self):
        """What validation heard: the averages, or the weights themselves where there are none."""
        return state.snapshot(self.averages or self.own)
