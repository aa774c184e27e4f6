"""AlexNet on spectrogram images (Krizhevsky, 2014, arXiv 1404.5997)."""

import keras

from kwscls.layers.pooling import AdaptiveAveragePooling2D
from kwscls.models.blocks import convolution, dense, head, relu
from kwscls.models.images import image_classifier, spectrogram_image

SMALLEST = 63
"""The smallest side of the image that leaves the last pool a pixel."""


def alexnet(labels, samples, *, sample_rate=16000, activation="softmax", bands=128, frame_step=160, image_size=None,
            channels=1, widths=(64, 192, 384, 256, 256), pooled=6, units=4096, dropout=0.5, name="alexnet"):
    """Five convolutions and three dense layers: 57,021,128 parameters with 8 labels and one channel.

    torchvision's, written by hand, as no library of Keras has it: one tower and no local response normalisation, where
    the network of 2012 has two and one. Layers are named stem_*, stage1_*, stage2_*, fc6, fc7.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for 63 frames.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            128 bands high and 98 frames wide, and a side has 63 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        widths: filters of the five convolutions.
        pooled: height and width to which the last map is averaged, or spread out.
        units: of both dense layers.
        dropout: share dropped in front of them.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, SMALLEST, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    first, second, *others = widths
    x = relu(convolution(x, first, 11, 4, padding=2, bias=True, name="stem_conv"), name="stem_relu")
    x = keras.layers.MaxPooling2D(3, 2, name="stem_pool")(x)
    x = relu(convolution(x, second, 5, bias=True, name="stage1_conv1"), name="stage1_relu1")
    x = keras.layers.MaxPooling2D(3, 2, name="stage1_pool")(x)
    for index, width in enumerate(others, 1):
        x = relu(convolution(x, width, 3, bias=True, name=f"stage2_conv{index}"), name=f"stage2_relu{index}")
    x = keras.layers.MaxPooling2D(3, 2, name="stage2_pool")(x)
    x = AdaptiveAveragePooling2D((pooled, pooled), name="pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for layer in ("fc6", "fc7"):
        x = keras.layers.Dropout(dropout, name=f"{layer}_dropout")(x)
        x = relu(dense(x, units, name=layer), name=f"{layer}_relu")
    logits = head(x, labels, deviation=0.001)  # of 4,096 features, which no norm keeps small
    return image_classifier(waveform, logits, labels, sample_rate=sample_rate, activation=activation, name=name)
