"""Pieces of networks over time, whose frequencies are channels: Keras tensor to Keras tensor."""

import keras

from kwscls.layers.batch_norm import FusedBatchNormalization


def time_convolution(
    x, width, size, stride=1, *, dilation=1, relu=True, epsilon=1e-3, momentum=0.9, name
):
    """A convolution over time without bias, its batch norm and ReLU: `name`, `name`_norm,
    `name`_relu.

    Args:
        x: [batch, frames, channels].
        width: channels of the answer.
        size: taps.
        stride: from frame to frame.
        dilation: frames between two taps.
        relu: whether the ReLU is there.
        epsilon, momentum: of the norm.
        name: of the layers.
    """
    x = keras.layers.Conv1D(
        width,
        size,
        stride,
        "same",
        dilation_rate=dilation,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    x = FusedBatchNormalization(epsilon=epsilon, momentum=momentum, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if relu else x


def joined(x, y, name):
    """ReLU of a shortcut and a branch: layers `name`_add and `name`_relu."""
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([x, y]))


def time_block(x, width, stride, kernel, name):
    """Two convolutions over time beside a shortcut; `stride` steps over frames."""
    y = time_convolution(x, width, kernel, stride, name=f"{name}_conv0")
    y = time_convolution(y, width, kernel, relu=False, name=f"{name}_conv1")
    if stride > 1 or width != x.shape[-1]:
        x = time_convolution(x, width, 1, stride, relu=False, name=f"{name}_shortcut")
    return joined(x, y, name)
