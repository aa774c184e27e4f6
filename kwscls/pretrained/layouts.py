"""From the layouts of other frameworks to ours: functions of the original's arrays that give one weight of ours."""

import numpy as np


def as_is(tensor):
    """Nothing to do: biases, norms, statistics."""
    return tensor


def dense(tensor):
    """A linear layer's [outputs, inputs] to [inputs, outputs]."""
    return tensor.T


def dense_beside(*tensors):
    """Several linear layers [outputs, inputs] to one kernel [inputs, all outputs], in their order."""
    return np.concatenate(tensors).T


def beside(*tensors):
    """Several vectors, one behind the other."""
    return np.concatenate(tensors)


def stacked(*tensors):
    """Several tokens [1, 1, width], or one, to the rows of [tokens, width]."""
    return np.concatenate([tensor.reshape(-1, tensor.shape[-1]) for tensor in tensors])


def convolution(tensor):
    """A convolution's [outputs, inputs, *kernel] to [*kernel, inputs, outputs], in any number of dimensions."""
    return np.moveaxis(tensor, (0, 1), (-1, -2))


def depthwise(tensor):
    """A depthwise convolution's [channels, 1, *kernel] to [*kernel, channels, 1]; one filter a channel."""
    return np.moveaxis(tensor, (0, 1), (-2, -1))
