"""Depthwise convolutions and batch norms on a CPU: python benchmarks/depthwise.py [--rounds N]
[--xla].

Prints milliseconds of one forward pass and of one training step (values and all gradients) on 32
clips. The ways take turns in one process; the best and the middle of all rounds are shown, so that
a busy machine disturbs all of them alike.
"""

import argparse
import statistics
import time

from kwscls import console

console.quiet_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from kwscls.layers.batch_norm import FusedBatchNormalization  # noqa: E402
from kwscls.layers.subspectral import FrequencyDepthwise, SubSpectralNormalization  # noqa: E402

CLIPS = 32
SHAPES = {  # frames (or rows), columns, channels; kernel
    "BC-ResNet-1, stage 1": ((101, 20, 8), (1, 3)),
    "BC-ResNet-1, stage 2": ((101, 10, 12), (1, 3)),
    "BC-ResNet-1, stage 4": ((101, 5, 20), (1, 3)),
    "DS-CNN S": ((25, 5, 64), (3, 3)),
    "MatchboxNet": ((128, 1, 64), (13, 1)),
    "YAMNet, layer 6": ((12, 8, 256), (3, 3)),
}


def native(x, kernel):
    """TensorFlow's operation, which Keras' layer calls."""
    return tf.nn.depthwise_conv2d(x, kernel[..., tf.newaxis], [1, 1, 1, 1], "SAME")


def shifted(x, kernel):
    """A sum of shifted and weighted copies, one for each tap."""
    height, width, _ = kernel.shape
    rows, columns = x.shape[1:3]
    padded = tf.pad(
        x, [[0, 0], [(height - 1) // 2, height // 2], [(width - 1) // 2, width // 2], [0, 0]]
    )
    return tf.add_n(
        [
            padded[:, i : i + rows, j : j + columns] * kernel[i, j]
            for i in range(height)
            for j in range(width)
        ]
    )


def diagonal(x, kernel):
    """A full convolution whose kernel is zero between channels."""
    return tf.nn.conv2d(x, kernel[..., tf.newaxis] * tf.eye(kernel.shape[-1]), 1, "SAME")


def folded(x, kernel):
    """BC-ResNet's way: five bands of the columns lie along the channels."""
    batch, frames, columns, channels = x.shape
    layer = FrequencyDepthwise()
    layer.bands, layer.kernel, layer.built = 5, kernel[0], True
    return layer.call(tf.reshape(x, [batch, frames, columns // 5, 5, channels]))


def keras_sub_spectral(x):
    """Keras' batch norm over bands and channels."""
    batch, frames, columns, channels = x.shape
    layer = keras.layers.BatchNormalization()
    flat = tf.reshape(x, [batch, frames, columns // 5, 5 * channels])
    layer.build(flat.shape)
    return lambda x: layer(tf.reshape(x, flat.shape), training=True)


def fused_sub_spectral(x):
    """The same by TensorFlow's fused operation."""
    batch, frames, columns, channels = x.shape
    layer = SubSpectralNormalization()
    layer.build((batch, frames, columns // 5, 5, channels))
    return lambda x: layer(tf.reshape(x, [batch, frames, columns // 5, 5, channels]), training=True)


def norm(kind):
    """A batch norm over the channels, as a way of its own."""

    def way(x):
        layer = kind()
        layer.build(x.shape)
        return lambda x: layer(x, training=True)

    way.__name__ = kind.__name__
    return way


def timed(functions, arguments, rounds):
    """Milliseconds of each function in each round; they take turns."""
    for function in functions.values():
        function(*arguments)
    taken = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function(*arguments)
            taken[name].append(1000 * (time.perf_counter() - start))
    return taken


def with_step(function, jit=False):
    """The function as a graph, and one of its gradients for all arguments."""

    @tf.function(jit_compile=jit)
    def step(*arguments):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            loss = tf.reduce_sum(tf.square(function(*arguments)))
        return tape.gradient(loss, arguments)

    return tf.function(function, jit_compile=jit), step


def compare(title, ways, arguments, rounds):
    """One row of the table for each way."""
    made = {name: with_step(*way) for name, way in ways.items()}
    forward = timed({name: pair[0] for name, pair in made.items()}, arguments, rounds)
    step = timed({name: pair[1] for name, pair in made.items()}, arguments, rounds)
    return [
        (
            title,
            name,
            *(
                f"{chosen(taken[name]):.2f}"
                for taken in (forward, step)
                for chosen in (min, statistics.median)
            ),
        )
        for name in ways
    ]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--xla", action="store_true", help="compile every way with XLA too (minutes)"
    )
    asked = parser.parse_args()
    rows = []
    for title, (shape, kernel) in SHAPES.items():
        x, taps = tf.random.normal((CLIPS, *shape)), tf.random.normal((*kernel, shape[-1]))
        ways = {way.__name__: (way,) for way in (native, shifted, diagonal)}
        if title.startswith("BC"):
            ways["folded"] = (folded,)
        if asked.xla:
            ways |= {f"{name}, XLA": (*way, True) for name, way in ways.items() if name != "folded"}
        rows += compare(title, ways, (x, taps), asked.rounds)
        norms = [norm(keras.layers.BatchNormalization), norm(FusedBatchNormalization)]
        if title.startswith("BC"):
            norms += [keras_sub_spectral, fused_sub_spectral]
        rows += compare(title, {way.__name__: (way(x),) for way in norms}, (x,), asked.rounds)
    console.table(
        f"milliseconds for {CLIPS} clips: best and middle of the rounds",
        ("shape", "way", "forward#", "middle#", "step#", "middle#"),
        rows,
    )


if __name__ == "__main__":
    main()
