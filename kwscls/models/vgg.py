"""VGG on spectrogram images: small kernels, many layers (Simonyan, Zisserman, 2014, arXiv 1409.1556)."""

import keras

from kwscls.layers.pooling import AdaptiveAveragePooling2D
from kwscls.models.blocks import convolution, dense, head, norm, relu
from kwscls.models.images import image_classifier, spectrogram_image


def vgg(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
        channels=1, depths=(1, 1, 2, 2, 2), widths=(64, 128, 256, 512, 512), batch_norm=False, pooled=7, units=4096,
        dropout=0.5, name="vgg"):
    """Stages of 3x3 convolutions, each ended by a max-pool, and three dense layers; as it stands VGG-11.

    128,797,960 parameters with 8 labels and one channel. torchvision's, written by hand: `keras.applications` has
    VGG-16 and 19 without batch norm, at fixed widths, and without the adaptive pool that lets the dense layers read an
    image of any size. Convolutions keep their bias in front of a batch norm. Layers are named stage1_* ... stage5_*,
    fc6, fc7.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for one pixel after the last pool (32 frames).
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and a side has 32 at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        depths: convolutions of each stage.
        widths: filters of each stage.
        batch_norm: whether a batch norm follows every convolution.
        pooled: height and width to which the last map is averaged, or spread out.
        units: of both dense layers.
        dropout: share dropped behind them.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, 2 ** len(depths), sample_rate=sample_rate, bands=bands,
                                    frame_step=frame_step, image_size=image_size, channels=channels)
    for stage, (depth, width) in enumerate(zip(depths, widths), 1):
        for index in range(1, depth + 1):
            x = convolution(x, width, 3, bias=True, name=f"stage{stage}_conv{index}")
            if batch_norm:
                x = norm(x, name=f"stage{stage}_norm{index}")
            x = relu(x, name=f"stage{stage}_relu{index}")
        x = keras.layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
    x = AdaptiveAveragePooling2D((pooled, pooled), name="pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for layer in ("fc6", "fc7"):
        x = relu(dense(x, units, name=layer), name=f"{layer}_relu")
        x = keras.layers.Dropout(dropout, name=f"{layer}_dropout")(x)
    logits = head(x, labels, deviation=0.001)  # of 4,096 features, which no norm keeps small
    return image_classifier(waveform, logits, labels, sample_rate=sample_rate, activation=activation, name=name)
