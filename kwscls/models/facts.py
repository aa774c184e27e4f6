"""What a model costs, counted on its graph and not typed in."""

import keras
import tensorflow as tf
from tensorflow.python.framework import function_def_to_graph


def facts(model):
    """Parameters and multiply-adds of a model.

    Args:
        model: an `AudioClassifier`.

    Returns:
        A dict: `parameters` (all), `trainable`, `samples`, `sample_rate`, and `multiply_adds` of one clip.
    """
    trainable = sum(weight.shape.num_elements() for weight in (one.value for one in model.trainable_variables))
    return {"parameters": model.count_params(), "trainable": trainable, "samples": model.samples,
            "sample_rate": model.sample_rate, "multiply_adds": multiply_adds(model)}


def multiply_adds(model):
    """Multiplications that are added up, for one clip: those of convolutions, matrix products and recurrent layers.

    Spectra, norms, activations and sums are not counted, as the papers do not count them. Mel filters are matrix
    products and are.
    """
    graph = tf.function(lambda clip: model(clip, training=False), autograph=False).get_concrete_function(
        tf.TensorSpec((1, *model.inputs[0].shape[1:]), tf.float32)).graph
    return _count(graph) + sum(_recurrent(layer) for layer in model.layers)


def _count(graph):
    """Multiply-adds of a graph and of the functions that it calls; loops are left to `_recurrent`."""
    total = 0
    for operation in _needed(graph):
        total += COUNTS.get(operation.type, lambda _: 0)(operation)
        if operation.type in ("PartitionedCall", "StatefulPartitionedCall"):
            definition = graph._get_function(operation.get_attr("f").name)
            shapes = [tensor.shape for tensor in operation.inputs]
            total += _count(function_def_to_graph.function_def_to_graph(definition.function_def, shapes))
    return total


def _needed(graph):
    """The operations that a graph's answer depends on: side heads are in the graph, but nothing reads them."""
    waiting, seen = [tensor.op for tensor in graph.outputs], set()
    while waiting:
        operation = waiting.pop()
        if operation not in seen:
            seen.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
    return seen


def _convolution(operation):
    """Places of the output times the kernel's weights, each used once a place; a depthwise kernel has but one row a channel."""
    kernel = operation.inputs[1].shape
    places = operation.outputs[0].shape.num_elements() // operation.outputs[0].shape[-1]
    return places * kernel.num_elements()


def _product(operation):
    """Elements of the output times the length of the sums."""
    left = operation.inputs[0].shape
    turned = any(operation.get_attr(name) for name in ("transpose_a", "adj_x") if name in operation.node_def.attr)
    return operation.outputs[0].shape.num_elements() * left[-2 if turned else -1]


def _einsum(operation):
    """The product of all letters' sizes."""
    letters = operation.get_attr("equation").decode().split("->")[0].split(",")
    sizes = {}
    for part, tensor in zip(letters, operation.inputs):
        sizes.update(zip(part, tensor.shape))
    total = 1
    for size in sizes.values():
        total *= size
    return total


COUNTS = {"Conv2D": _convolution, "DepthwiseConv2dNative": _convolution, "MatMul": _product, "BatchMatMulV2": _product,
          "BatchMatMulV3": _product, "Einsum": _einsum}


def _recurrent(layer):
    """Multiply-adds of a recurrent layer, whose steps the graph hides in a loop."""
    if isinstance(layer, keras.layers.Bidirectional):
        runs = (layer.forward_layer, layer.backward_layer)
    elif isinstance(layer, (keras.layers.LSTM, keras.layers.GRU)):
        runs = (layer,)
    else:
        return 0
    kernels = (kernel for run in runs for kernel in (run.cell.kernel, run.cell.recurrent_kernel))
    return layer.input.shape[1] * sum(kernel.value.shape.num_elements() for kernel in kernels)
