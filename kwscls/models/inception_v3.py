"""Inception-v3 on spectrogram images (Szegedy et al., 2015, arXiv 1512.00567)."""

import keras

from kwscls.layers.auxiliary import AuxiliaryHead
from kwscls.layers.pooling import AdaptiveAveragePooling2D
from kwscls.models.blocks import conv_norm_relu, head, transformed
from kwscls.models.classifier import label_names
from kwscls.models.images import image_classifier, spectrogram_image

SMALLEST = 75
"""The smallest side of the image: its unpadded convolutions then leave one pixel."""


def inception_v3(labels, samples, *, sample_rate=16000, activation="softmax", bands=128, frame_step=160,
                 image_size=None, channels=1, width=1.0, pool_features=(32, 64, 64), channels_7x7=(128, 160, 160, 192),
                 last_modules=2, transform_input=False, auxiliary=False, auxiliary_weight=0.4, dropout=0.5,
                 name="inception_v3"):
    """Modules whose 5x5 and 7x7 kernels are taken apart: 21,801,384 parameters with 8 labels and one channel.

    torchvision's, written by hand: the average pools of `keras.applications` do not count the padding, and its norms
    have no gain. Layers are named stem_*, stage1_* (Mixed_5b to 5d), stage2_* (6a to 6e), stage3_* (7a to 7c).

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 75 frames.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            128 bands high and 98 frames wide, and a side has 75 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        width: factor on all filters.
        pool_features: filters behind the pool, for each module of the first stage.
        channels_7x7: inner filters of each module of the second stage but its first.
        last_modules: modules of the third stage behind its first.
        transform_input: whether the image is changed as for torchvision's ImageNet weights, see `transformed`.
        auxiliary: whether the side head of the paper learns along, see `AuxiliaryClassifier`.
        auxiliary_weight: of its loss.
        dropout: share dropped in front of the head.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, SMALLEST, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    if transform_input:
        x = transformed(x)
    x = _stem(x, width)
    for letter, filters in zip("bcdefghij", pool_features):
        x = _module(x, _spatial(filters), width, f"stage1_{letter}")
    x = _module(x, _SHRINK, width, "stage2_a")
    for letter, inner in zip("bcdefghij", channels_7x7):
        x = _module(x, _sevens(inner), width, f"stage2_{letter}")
    if auxiliary:
        side = _side_head(x, len(label_names(labels)), width)
        x = AuxiliaryHead(auxiliary_weight, name="auxiliary")([x, side])
    x = _module(x, _SHRINK_AGAIN, width, "stage3_a")
    for letter in "bcdefghij"[:last_modules]:
        x = _module(x, _SIDE_BY_SIDE, width, f"stage3_{letter}")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name, auxiliary=auxiliary)


# A module is its branches, laid beside each other. A branch is a chain of steps (name, filters, kernel, stride); a
# stride of 2 comes without padding. A step of filters None is a pool: "average" or "max". A list at the end forks it.
_SHRINK = (
    (("branch3x3", 384, 3, 2),),
    (("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 1), ("branch3x3dbl_3", 96, 3, 2)),
    (("max", None, 3, 2),),
)
_SHRINK_AGAIN = (
    (("branch3x3_1", 192, 1, 1), ("branch3x3_2", 320, 3, 2)),
    (("branch7x7x3_1", 192, 1, 1), ("branch7x7x3_2", 192, (1, 7), 1), ("branch7x7x3_3", 192, (7, 1), 1),
     ("branch7x7x3_4", 192, 3, 2)),
    (("max", None, 3, 2),),
)
_SIDE_BY_SIDE = (
    (("branch1x1", 320, 1, 1),),
    (("branch3x3_1", 384, 1, 1), [("branch3x3_2a", 384, (1, 3), 1), ("branch3x3_2b", 384, (3, 1), 1)]),
    (("branch3x3dbl_1", 448, 1, 1), ("branch3x3dbl_2", 384, 3, 1),
     [("branch3x3dbl_3a", 384, (1, 3), 1), ("branch3x3dbl_3b", 384, (3, 1), 1)]),
    (("average", None, 3, 1), ("branch_pool", 192, 1, 1)),
)


def _spatial(behind_pool):
    return (
        (("branch1x1", 64, 1, 1),),
        (("branch5x5_1", 48, 1, 1), ("branch5x5_2", 64, 5, 1)),
        (("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 1), ("branch3x3dbl_3", 96, 3, 1)),
        (("average", None, 3, 1), ("branch_pool", behind_pool, 1, 1)),
    )


def _sevens(inner):
    return (
        (("branch1x1", 192, 1, 1),),
        (("branch7x7_1", inner, 1, 1), ("branch7x7_2", inner, (1, 7), 1), ("branch7x7_3", 192, (7, 1), 1)),
        (("branch7x7dbl_1", inner, 1, 1), ("branch7x7dbl_2", inner, (7, 1), 1), ("branch7x7dbl_3", inner, (1, 7), 1),
         ("branch7x7dbl_4", inner, (7, 1), 1), ("branch7x7dbl_5", 192, (1, 7), 1)),
        (("average", None, 3, 1), ("branch_pool", 192, 1, 1)),
    )


def _module(x, branches, width, name):
    ends = []
    for branch in branches:
        y = x
        for step in branch[:-1]:
            y = _step(y, step, width, name)
        last = branch[-1] if isinstance(branch[-1], list) else [branch[-1]]
        ends += [_step(y, step, width, name) for step in last]
    return keras.layers.Concatenate(name=f"{name}_concat")(ends)


def _step(x, step, width, name):
    kind, filters, size, stride = step
    if kind == "max":
        return keras.layers.MaxPooling2D(size, stride, name=f"{name}_max_pool")(x)
    if kind == "average":  # the zeros around the map count
        x = keras.layers.ZeroPadding2D(1, name=f"{name}_average_pool_pad")(x)
        return keras.layers.AveragePooling2D(size, stride, name=f"{name}_average_pool")(x)
    return conv_norm_relu(x, max(1, round(filters * width)), size, stride, 0 if stride == 2 else None,
                          name=f"{name}_{kind}")


def _stem(x, width):
    for kind, filters, size, stride, padding in (
            ("1a", 32, 3, 2, 0), ("2a", 32, 3, 1, 0), ("2b", 64, 3, 1, 1), ("max1", None, 3, 2, 0),
            ("3b", 80, 1, 1, 0), ("4a", 192, 3, 1, 0), ("max2", None, 3, 2, 0)):
        if filters is None:
            x = keras.layers.MaxPooling2D(size, stride, name=f"stem_{kind}_pool")(x)
        else:
            x = conv_norm_relu(x, max(1, round(filters * width)), size, stride, padding, name=f"stem_{kind}")
    return x


def _side_head(x, labels, width):
    """The paper's side head, made for maps of 17 x 17; a smaller one is spread out to what its pool would leave."""
    if min(x.shape[1:3]) >= 17:
        x = keras.layers.AveragePooling2D(5, 3, name="auxiliary_pool")(x)
    else:
        x = AdaptiveAveragePooling2D((5, 5), name="auxiliary_pool")(x)
    x = conv_norm_relu(x, max(1, round(128 * width)), 1, name="auxiliary_conv0")
    x = conv_norm_relu(x, max(1, round(768 * width)), 5, 1, 0, name="auxiliary_conv1")
    x = keras.layers.GlobalAveragePooling2D(name="auxiliary_mean")(x)
    return keras.layers.Dense(labels, dtype="float32", name="auxiliary_logits")(x)
