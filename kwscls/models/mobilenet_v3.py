"""MobileNetV3 on spectrogram images (Howard et al., 2019, arXiv 1905.02244)."""

import keras

from kwscls.models.blocks import convolution, depthwise, divisible, head, norm, squeeze_excite
from kwscls.models.images import image_classifier, spectrogram_image

ACTIVATIONS = {"RE": "relu", "HS": "hard_swish"}

# Kernel, expanded channels, channels, squeeze-and-excite, activation, stride: tables 1 and 2 of the paper.
BLOCKS = {
    "small": (
        (3, 16, 16, True, "RE", 2),
        (3, 72, 24, False, "RE", 2), (3, 88, 24, False, "RE", 1),
        (5, 96, 40, True, "HS", 2), (5, 240, 40, True, "HS", 1), (5, 240, 40, True, "HS", 1),
        (5, 120, 48, True, "HS", 1), (5, 144, 48, True, "HS", 1),
        (5, 288, 96, True, "HS", 2), (5, 576, 96, True, "HS", 1), (5, 576, 96, True, "HS", 1),
    ),
    "large": (
        (3, 16, 16, False, "RE", 1),
        (3, 64, 24, False, "RE", 2), (3, 72, 24, False, "RE", 1),
        (5, 72, 40, True, "RE", 2), (5, 120, 40, True, "RE", 1), (5, 120, 40, True, "RE", 1),
        (3, 240, 80, False, "HS", 2), (3, 200, 80, False, "HS", 1), (3, 184, 80, False, "HS", 1),
        (3, 184, 80, False, "HS", 1), (3, 480, 112, True, "HS", 1), (3, 672, 112, True, "HS", 1),
        (5, 672, 160, True, "HS", 2), (5, 960, 160, True, "HS", 1), (5, 960, 160, True, "HS", 1),
    ),
}

LAST = {"small": 1024, "large": 1280}
TAIL = 3
"""Blocks at the end that `reduced_tail` halves and `dilated` spreads."""


def mobilenet_v3(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160,
                 image_size=None, channels=1, variant="small", width_mult=1.0, reduced_tail=False, dilated=False,
                 stem=16, last=None, norm_momentum=0.9, dropout=0.2,
                 name="mobilenet_v3"):
    """Inverted residuals with squeeze-and-excite and hard-swish; as it stands small, 1,525,768 parameters (8 labels).

    torchvision's, written by hand: `keras.applications` and keras-cv pad even sizes at their end only, as the original
    in TensorFlow does, so their weights hear something else here. Layers are named stem_*, stage1_* ... (a stage begins
    where height and width are halved), top_*.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length, any; a clip without one frame of 25 ms is filled up with silence.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and any size is read.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        variant: "small" or "large".
        width_mult: factor on all channels, which are then rounded to multiples of 8.
        reduced_tail: whether the channels of the last three blocks and the last layer are halved.
        dilated: whether the last three blocks spread their kernels by two instead of halving height and width.
        stem: filters of the first convolution, before the factor.
        last: units of the dense layer in front of the head, before the factor; the paper's when None.
        norm_momentum: of the batch norms. The paper's 0.99 is for hundreds of thousands of steps; in a training of some
            hundreds its statistics stay behind, and the model answers by chance while it learns well.
        dropout: share dropped in front of the head.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, 1, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    tail = 2 if reduced_tail else 1
    x = _unit(convolution(x, divisible(stem * width_mult), 3, 2, name="stem_conv"), "hard_swish", norm_momentum, "stem")
    stage, index, rows = 0, 0, BLOCKS[variant]
    for place, (size, expanded, width, squeezed, act, stride) in enumerate(rows):
        if stride == 2 or place == 0:
            stage, index = stage + 1, 0
        late = place >= len(rows) - TAIL
        # The first of the last blocks widens what comes before it, which is not halved.
        halved = tail if place > len(rows) - TAIL else 1
        x = _block(x, size, divisible(expanded // halved * width_mult),
                   divisible(width // (tail if late else 1) * width_mult), squeezed, ACTIVATIONS[act], stride,
                   2 if dilated and late else 1, norm_momentum, f"stage{stage}_block{index}")
        index += 1
    x = _unit(convolution(x, 6 * x.shape[-1], 1, name="top_conv"), "hard_swish", norm_momentum, "top")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dense(divisible((last or LAST[variant]) // tail * width_mult), name="dense")(x)
    x = keras.layers.Activation("hard_swish", name="dense_act")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name)


def _block(x, size, expanded, width, squeezed, act, stride, dilation, momentum, name):
    """Widen, convolve each channel, weigh the channels, narrow; the block's input is added where it fits."""
    y = x
    if expanded != x.shape[-1]:
        y = _unit(convolution(y, expanded, 1, name=f"{name}_expand_conv"), act, momentum, f"{name}_expand")
    y = depthwise(y, size, 1 if dilation > 1 else stride, dilation=dilation, name=f"{name}_depthwise_conv")
    y = _unit(y, act, momentum, f"{name}_depthwise")
    if squeezed:
        y = squeeze_excite(y, divisible(expanded // 4), name=f"{name}_squeeze")
    y = _norm(convolution(y, width, 1, name=f"{name}_project_conv"), momentum, f"{name}_project")
    if stride == 1 and x.shape[-1] == width:
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y


def _unit(x, act, momentum, name):
    return keras.layers.Activation(act, name=f"{name}_act")(_norm(x, momentum, name))


def _norm(x, momentum, name):
    return norm(x, epsilon=1e-3, momentum=momentum, name=f"{name}_norm")
