"""ConvNeXt on spectrogram images (Liu et al., 2022, arXiv 2201.03545)."""

import keras

from kwscls.layers.activations import gelu
from kwscls.layers.residual import LayerScale, StochasticDepth
from kwscls.models.blocks import convolution, depthwise, head
from kwscls.models.images import image_classifier, spectrogram_image


def convnext(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
             channels=1, depths=(3, 3, 9, 3), dims=(96, 192, 384, 768), stem_size=4, kernel_size=7, mlp_ratio=4,
             layer_scale=1e-6, stochastic_depth=0.1, name="convnext"):
    """A depthwise 7x7 convolution, a layer norm and a small network on every pixel, 18 times; as it stands tiny.

    27,823,208 parameters with 8 labels and one channel. torchvision's and the paper's, written by hand with depthwise
    convolutions. `keras.applications` gives the same numbers, and its weights load, but it convolves in as many groups
    as there are channels: on a CPU 19 times slower forward, and 5 times in training. Layers are named stem_*, stage1_*
    ... stage4_*, top_norm.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 32 frames.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and a side has 32 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        depths: blocks of each stage.
        dims: channels of each stage.
        stem_size: height and width of the patches that the first convolution reads.
        kernel_size: of the depthwise convolutions.
        mlp_ratio: how many times the channels the small network widens to.
        layer_scale: what the factor on every branch starts with.
        stochastic_depth: how often the last block is left out in training; those before it less, by their depth.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    smallest = stem_size * 2 ** (len(depths) - 1)  # leaves the last stage one pixel
    waveform, x = spectrogram_image(samples, smallest, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    place = 0
    for stage, (depth, width) in enumerate(zip(depths, dims), 1):
        if stage == 1:
            x = _norm(_patches(x, width, stem_size, "stem_conv"), "stem_norm")
        else:
            x = _patches(_norm(x, f"stage{stage}_down_norm"), width, 2, f"stage{stage}_down_conv")
        for index in range(depth):
            rate = stochastic_depth * place / max(1, sum(depths) - 1)
            x = _block(x, kernel_size, mlp_ratio, layer_scale, rate, f"stage{stage}_block{index}")
            place += 1
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = head(_norm(x, "top_norm"), labels, deviation=0.02)
    return image_classifier(waveform, x, labels, sample_rate=sample_rate, activation=activation, name=name)


def _block(x, kernel_size, mlp_ratio, layer_scale, rate, name):
    width = x.shape[-1]
    y = depthwise(x, kernel_size, bias=True, initializer=_narrow(), name=f"{name}_conv")
    y = _norm(y, f"{name}_norm")
    y = keras.layers.Dense(mlp_ratio * width, kernel_initializer=_narrow(), name=f"{name}_mlp1")(y)
    y = keras.layers.Activation(gelu, name=f"{name}_gelu")(y)
    y = keras.layers.Dense(width, kernel_initializer=_narrow(), name=f"{name}_mlp2")(y)
    y = LayerScale(layer_scale, name=f"{name}_scale")(y)
    if rate:
        y = StochasticDepth(rate, name=f"{name}_depth")(y)
    return keras.layers.Add(name=f"{name}_add")([x, y])


def _patches(x, width, size, name):
    return convolution(x, width, size, size, padding=0, bias=True, initializer=_narrow(), name=name)


def _norm(x, name):
    return keras.layers.LayerNormalization(epsilon=1e-6, name=name)(x)


def _narrow():
    return keras.initializers.TruncatedNormal(stddev=0.02)
