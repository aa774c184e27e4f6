"""A head that makes one map a label and takes the map's mean for the label's logit."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kwscls")
class ClassMaps(keras.layers.Layer):
    """A 1x1 convolution to one map a label, a ReLU, and the mean over the map (Lin et al., arXiv 1312.4400, 3.2).

    Rectified logits are never negative, and a map that is negative everywhere has no gradient. So the biases start at
    1 there, which moves all logits alike and keeps every label alive at the start.

    Args:
        labels: how many.
        rectified: whether the ReLU is applied.

    Input: [batch, height, width, channels]. Output: [batch, labels].
    Weights: `kernel` [1, 1, channels, labels] and `bias`.
    """

    def __init__(self, labels, rectified=True, **kwargs):
        super().__init__(**kwargs)
        self.labels, self.rectified = int(labels), bool(rectified)

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(1, 1, input_shape[-1], self.labels),
                                      initializer=keras.initializers.RandomNormal(stddev=0.01))
        self.bias = self.add_weight(name="bias", shape=(self.labels,),
                                    initializer="ones" if self.rectified else "zeros")

    def call(self, features):
        maps = tf.nn.bias_add(tf.nn.conv2d(features, self.kernel, 1, "VALID"), self.bias)
        if self.rectified:
            maps = tf.nn.relu(maps)
        return tf.reduce_mean(maps, axis=[1, 2])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.labels)

    def get_config(self):
        return {**super().get_config(), "labels": self.labels, "rectified": self.rectified}
