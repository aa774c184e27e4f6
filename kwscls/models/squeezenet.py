"""SqueezeNet on spectrogram images (Iandola et al., 2016, arXiv 1602.07360)."""

import keras

from kwscls.layers.class_maps import ClassMaps
from kwscls.layers.pooling import PaddedMaxPooling2D
from kwscls.models.blocks import convolution, relu
from kwscls.models.classifier import label_names
from kwscls.models.images import image_classifier, spectrogram_image

SQUEEZES = (16, 16, 32, 32, 48, 48, 64, 64)


def squeezenet(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
               channels=1, stem=96, stem_size=7, squeezes=SQUEEZES, pools=(3, 7), expansion=4, dropout=0.5,
               name="squeezenet"):
    """Fires: a 1x1 convolution squeezes the channels, a 1x1 and a 3x3 beside each other expand them again.

    As it stands it is version 1.0, 730,120 parameters with 8 labels and one channel. torchvision's, written by hand:
    neither `keras.applications` nor keras-cv has it. Its max-pools round up, its stem is not padded. The head is a 1x1
    convolution, a ReLU and the mean over the map, all in the layer "logits": see `ClassMaps`. Layers are named stem_*,
    stage1_* ... stage3_*.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 21 frames (1.1: 17).
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and a side has 21 at least (1.1: 17).
        activation: "softmax" or "sigmoid", what turns the logits into scores; with "sigmoid" the ReLU of the head is
            left out, since no label could fall below one half with it.
        stem: filters of the first convolution.
        stem_size: height and width of its kernel.
        squeezes: squeezed channels of each fire.
        pools: fires, counted from 0, that have a max-pool in front; the stem always ends in one.
        expansion: how many times the squeezed channels each of the two expansions has.
        dropout: share dropped in front of the head.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels]. Its embedding is a map.
    """
    smallest = 2 * (2 ** (len(pools) + 1) - 1) + stem_size  # leaves the last pool one pixel
    waveform, x = spectrogram_image(samples, smallest, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    x = relu(convolution(x, stem, stem_size, 2, padding=0, bias=True, name="stem_conv"), name="stem_relu")
    x = PaddedMaxPooling2D(3, 2, ceil=True, name="stem_pool")(x)
    stage = 1
    for index, squeezed in enumerate(squeezes):
        if index in pools:
            x = PaddedMaxPooling2D(3, 2, ceil=True, name=f"stage{stage}_pool")(x)
            stage += 1
        x = _fire(x, squeezed, expansion * squeezed, f"stage{stage}_fire{index + 2}")
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    logits = ClassMaps(len(label_names(labels)), rectified=activation == "softmax",
                       dtype="float32", name="logits")(x)
    return image_classifier(waveform, logits, labels, sample_rate=sample_rate, activation=activation, name=name)


def _fire(x, squeezed, expanded, name):
    x = relu(convolution(x, squeezed, 1, bias=True, name=f"{name}_squeeze"), name=f"{name}_squeeze_relu")
    one = relu(convolution(x, expanded, 1, bias=True, name=f"{name}_expand1x1"), name=f"{name}_expand1x1_relu")
    three = relu(convolution(x, expanded, 3, bias=True, name=f"{name}_expand3x3"), name=f"{name}_expand3x3_relu")
    return keras.layers.Concatenate(name=f"{name}_concat")([one, three])
