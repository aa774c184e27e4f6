"""Pieces that several families are made of: functions from a Keras tensor to a Keras tensor."""

import keras

from kwscls.models.classifier import label_names


def convolution(x, filters, size, stride=1, padding=None, *, groups=1, bias=False, initializer="he_normal", name):
    """A 2-D convolution with the same padding at both ends of an axis, as PyTorch has it.

    Keras' "same" pads an even axis only at its end when the stride is 2.

    Args:
        x: [batch, height, width, channels].
        filters: how many.
        size: of the kernel: a number, or height and width.
        stride: down and across.
        padding: zeros on each side: a number, or rows and columns; half the kernel when None.
        groups: parts of the channels that are convolved apart.
        bias: whether there is one.
        initializer: of the kernel.
        name: of the layer; zeros in front are a layer of their own, `name` + "_pad".
    """
    x, padding = _padded(x, size, stride, padding, name)
    return keras.layers.Conv2D(filters, size, stride, padding, groups=groups, use_bias=bias,
                               kernel_initializer=initializer, name=name)(x)


def depthwise(x, size, stride=1, padding=None, *, dilation=1, bias=False, initializer="he_normal", name):
    """A convolution of every channel by itself, padded as `convolution` does; `dilation` spreads its kernel."""
    x, padding = _padded(x, (size - 1) * dilation + 1, stride, padding, name)
    return keras.layers.DepthwiseConv2D(size, stride, padding, use_bias=bias, depthwise_initializer=initializer,
                                        dilation_rate=dilation, name=name)(x)


def norm(x, *, epsilon=1e-5, momentum=0.9, start="ones", name):
    """Batch norm with PyTorch's epsilon and momentum (its 0.1 is 0.9 here); `start` initialises the gain."""
    return keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, gamma_initializer=start, name=name)(x)


def relu(x, *, name):
    """max(x, 0)."""
    return keras.layers.ReLU(name=name)(x)


def conv_norm_relu(x, filters, size, stride=1, padding=None, *, epsilon=1e-3, name):
    """The unit of the Inception family: `name`_conv without bias, `name`_norm, `name`_relu."""
    x = convolution(x, filters, size, stride, padding, name=f"{name}_conv")
    return relu(norm(x, epsilon=epsilon, name=f"{name}_norm"), name=f"{name}_relu")


def squeeze_excite(x, squeezed, *, name):
    """Weigh the channels by what the whole map holds (Hu et al., 2017, arXiv 1709.01507), with a hard sigmoid.

    Args:
        x: [batch, height, width, channels].
        squeezed: channels between the two convolutions, `name`_fc1 and `name`_fc2.
        name: what the layers' names begin with.
    """
    weights = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    weights = relu(convolution(weights, squeezed, 1, bias=True, name=f"{name}_fc1"), name=f"{name}_relu")
    weights = convolution(weights, x.shape[-1], 1, bias=True, name=f"{name}_fc2")
    weights = keras.layers.Activation("hard_sigmoid", name=f"{name}_sigmoid")(weights)
    return keras.layers.Multiply(name=f"{name}_scaled")([x, weights])


def transformed(image):
    """What torchvision does to the input of GoogLeNet and Inception-v3 where they hold its ImageNet weights.

    Those weights were trained on colours from -1 to 1, so images normalised with ImageNet's mean and deviation are
    brought there, each colour by its own factor and shift. An image of one channel gets their means.

    Args:
        image: [batch, height, width, 3 or 1].
    """
    scale = [deviation / 0.5 for deviation in (0.229, 0.224, 0.225)]
    shift = [(mean - 0.5) / 0.5 for mean in (0.485, 0.456, 0.406)]
    if image.shape[-1] == 1:
        scale, shift = sum(scale) / 3, sum(shift) / 3
    return keras.layers.Rescaling(scale, shift, name="transformed")(image)


def dense(x, units, *, initializer="he_normal", name):
    """A dense layer with a bias."""
    return keras.layers.Dense(units, kernel_initializer=initializer, name=name)(x)


def head(x, labels, *, deviation=0.01):
    """The layer "logits": one number a label from the embedding, in float32 under any precision.

    Args:
        x: [batch, features].
        labels: their names, or their count.
        deviation: of the normal distribution that the kernel is drawn from, narrow so that no label is favoured at first.
    """
    start = keras.initializers.TruncatedNormal(stddev=deviation)
    return keras.layers.Dense(len(label_names(labels)), kernel_initializer=start, dtype="float32", name="logits")(x)


def divisible(channels, divisor=8):
    """The multiple of `divisor` nearest to a channel count, at least `divisor` and not below 90 % of the count."""
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def _padded(x, size, stride, padding, name):
    """The image with its zeros, and what Keras is to pad: "same" or "valid"."""
    size = (size, size) if isinstance(size, int) else tuple(size)
    half = tuple((side - 1) // 2 for side in size)
    padding = half if padding is None else (padding, padding) if isinstance(padding, int) else tuple(padding)
    if stride == 1 and all(2 * pad + 1 == side for pad, side in zip(padding, size)):
        return x, "same"
    if any(padding):
        x = keras.layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)
    return x, "valid"
