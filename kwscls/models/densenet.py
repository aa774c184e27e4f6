"""DenseNet on spectrogram images: a layer reads all that came before (Huang et al., 2016, arXiv 1608.06993)."""

import keras

from kwscls.layers.pooling import PaddedMaxPooling2D
from kwscls.models.blocks import convolution, head, norm, relu
from kwscls.models.images import image_classifier, spectrogram_image


def densenet(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
             channels=1, growth_rate=32, depths=(6, 12, 24, 16), stem=64, bottleneck=4, dropout=0.0, name="densenet"):
    """Dense blocks with transitions that halve channels, height and width; as it stands DenseNet-121.

    6,955,784 parameters with 8 labels and one channel. torchvision's, written by hand: `keras.applications` has the
    same network (its epsilon is 1.001e-5) with a growth rate of 32, a stem of 64 and a bottleneck of 4 that cannot be
    set; keras-cv pads even sizes at their end only. Layers are named stem_*, stage1_* ... stage4_*, top_*.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 29 frames.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and a side has 29 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        growth_rate: channels that a layer adds.
        depths: layers of each block.
        stem: filters of the first convolution.
        bottleneck: how many times the growth rate the 1x1 convolution in front of a 3x3 has.
        dropout: share dropped of what a layer adds.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    smallest = 4 * (2 ** (len(depths) - 1) - 1) + 1  # leaves the last block one pixel
    waveform, x = spectrogram_image(samples, smallest, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    x = convolution(x, stem, 7, 2, name="stem_conv")
    x = relu(norm(x, name="stem_norm"), name="stem_relu")
    x = PaddedMaxPooling2D(3, 2, padding=1, name="stem_pool")(x)
    for stage, depth in enumerate(depths, 1):
        for index in range(1, depth + 1):
            added = _layer(x, growth_rate, bottleneck * growth_rate, dropout, f"stage{stage}_layer{index}")
            x = keras.layers.Concatenate(name=f"stage{stage}_layer{index}_concat")([x, added])
        if stage < len(depths):
            x = _transition(x, f"stage{stage}_transition")
    x = relu(norm(x, name="top_norm"), name="top_relu")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name)


def _layer(x, growth, inner, dropout, name):
    x = relu(norm(x, name=f"{name}_norm1"), name=f"{name}_relu1")
    x = convolution(x, inner, 1, name=f"{name}_conv1")
    x = relu(norm(x, name=f"{name}_norm2"), name=f"{name}_relu2")
    x = convolution(x, growth, 3, name=f"{name}_conv2")
    return keras.layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x


def _transition(x, name):
    x = relu(norm(x, name=f"{name}_norm"), name=f"{name}_relu")
    x = convolution(x, x.shape[-1] // 2, 1, name=f"{name}_conv")
    return keras.layers.AveragePooling2D(2, name=f"{name}_pool")(x)
