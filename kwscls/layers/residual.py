"""What stands on the branch of a residual: a learned scale, and the chance to be left out."""

import keras


@keras.saving.register_keras_serializable("kwscls")
class LayerScale(keras.layers.Layer):
    """One learned factor a channel on the branch of a residual (Touvron et al., arXiv 2103.17239).

    Args:
        start: the value all factors start with.
    """

    def __init__(self, start=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.start = float(start)

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],),
                                     initializer=keras.initializers.Constant(self.start))

    def call(self, inputs):
        return inputs * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable("kwscls")
class StochasticDepth(keras.layers.Layer):
    """Leaves the branch of a residual out for some clips of a batch, in training only (Huang et al., arXiv 1603.09382).

    What stays is divided by its chance of staying.

    Args:
        rate: the share of clips whose branch is left out, below 1.
        seed: of the choice.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = float(rate), seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None):
        if not training or self.rate == 0:
            return inputs
        shape = (keras.ops.shape(inputs)[0],) + (1,) * (len(inputs.shape) - 1)
        stays = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator) >= self.rate
        return inputs * keras.ops.cast(stays, inputs.dtype) / (1 - self.rate)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
