"""GoogLeNet on spectrogram images (Szegedy et al., 2014, arXiv 1409.4842)."""

import keras

from kwscls.layers.auxiliary import AuxiliaryHead
from kwscls.layers.pooling import AdaptiveAveragePooling2D, PaddedMaxPooling2D
from kwscls.models.blocks import conv_norm_relu, dense, head, relu, transformed
from kwscls.models.classifier import label_names
from kwscls.models.images import image_classifier, spectrogram_image

SMALLEST = 15
"""The smallest side of the image; its pools round up."""

# Table 1 of the paper, a row a module: 1x1; reduced 3x3, 3x3; reduced 5x5, 5x5; behind the pool.
STAGES = (
    {"a": (64, 96, 128, 16, 32, 32), "b": (128, 128, 192, 32, 96, 64)},
    {"a": (192, 96, 208, 16, 48, 64), "b": (160, 112, 224, 24, 64, 64), "c": (128, 128, 256, 24, 64, 64),
     "d": (112, 144, 288, 32, 64, 64), "e": (256, 160, 320, 32, 128, 128)},
    {"a": (256, 160, 320, 32, 128, 128), "b": (384, 192, 384, 48, 128, 128)},
)
AUXILIARY = ("stage2_a", "stage2_d")


def googlenet(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
              channels=1, width=1.0, transform_input=False, auxiliary=False, auxiliary_weight=0.3, dropout=0.2,
              auxiliary_dropout=0.7, name="googlenet"):
    """Nine modules of four branches: 5,601,832 parameters with 8 labels and one channel.

    torchvision's, written by hand, as neither `keras.applications` nor keras-cv has it: batch norm instead of local
    response normalisation, max-pools that round up, and 3x3 kernels where the paper has 5x5. Layers are named stem_*,
    stage1_* (3a, 3b), stage2_* (4a to 4e), stage3_* (5a, 5b).

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 15 frames.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and a side has 15 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        width: factor on all filters.
        transform_input: whether the image is changed as for torchvision's ImageNet weights, see `transformed`.
        auxiliary: whether the two side heads of the paper learn along, see `AuxiliaryClassifier`.
        auxiliary_weight: of each of their losses.
        dropout: share dropped in front of the head.
        auxiliary_dropout: share dropped in the side heads.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    def wide(filters):
        return max(1, round(filters * width))

    waveform, x = spectrogram_image(samples, SMALLEST, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    if transform_input:
        x = transformed(x)
    x = conv_norm_relu(x, wide(64), 7, 2, name="stem_1")
    x = PaddedMaxPooling2D(3, 2, ceil=True, name="stem_pool1")(x)
    x = conv_norm_relu(x, wide(64), 1, name="stem_2")
    x = conv_norm_relu(x, wide(192), 3, name="stem_3")
    x = PaddedMaxPooling2D(3, 2, ceil=True, name="stem_pool2")(x)
    for stage, modules in enumerate(STAGES, 1):
        if stage > 1:
            x = PaddedMaxPooling2D(3 if stage == 2 else 2, 2, ceil=True, name=f"stage{stage}_pool")(x)
        for letter, filters in modules.items():
            prefix = f"stage{stage}_{letter}"
            x = _module(x, [wide(count) for count in filters], prefix)
            if auxiliary and prefix in AUXILIARY:
                number = AUXILIARY.index(prefix) + 1
                side = _side_head(x, len(label_names(labels)), wide, auxiliary_dropout, f"auxiliary{number}")
                x = AuxiliaryHead(auxiliary_weight, name=f"auxiliary{number}")([x, side])
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name, auxiliary=auxiliary)


def _module(x, filters, name):
    one, reduced3, three, reduced5, five, behind = filters
    branches = [
        conv_norm_relu(x, one, 1, name=f"{name}_branch1"),
        conv_norm_relu(conv_norm_relu(x, reduced3, 1, name=f"{name}_branch2_0"), three, 3, name=f"{name}_branch2_1"),
        conv_norm_relu(conv_norm_relu(x, reduced5, 1, name=f"{name}_branch3_0"), five, 3, name=f"{name}_branch3_1"),
        conv_norm_relu(PaddedMaxPooling2D(3, 1, padding=1, ceil=True, name=f"{name}_pool")(x), behind, 1,
                       name=f"{name}_branch4_1"),
    ]
    return keras.layers.Concatenate(name=f"{name}_concat")(branches)


def _side_head(x, labels, wide, dropout, name):
    x = AdaptiveAveragePooling2D((4, 4), name=f"{name}_pool")(x)
    x = keras.layers.Flatten(name=f"{name}_flatten")(conv_norm_relu(x, wide(128), 1, name=name))
    x = relu(dense(x, wide(1024), name=f"{name}_fc1"), name=f"{name}_fc1_relu")
    x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return keras.layers.Dense(labels, dtype="float32", name=f"{name}_logits")(x)
