"""Residual networks on spectrogram images: ResNet-18, 34, 50 (He et al., 2015, arXiv 1512.03385)."""

import keras

from kwscls.layers.pooling import PaddedMaxPooling2D
from kwscls.models.blocks import convolution, head, norm, relu
from kwscls.models.images import image_classifier, spectrogram_image


def resnet(labels, samples, *, sample_rate=16000, activation="softmax", bands=64, frame_step=160, image_size=None,
           channels=1, block="basic", depths=(2, 2, 2, 2), widths=(64, 128, 256, 512), stem=64, groups=1,
           width_per_group=64, zero_last_norm=False, name="resnet"):
    """A residual network, torchvision's; as it stands ResNet-18, 11,174,344 parameters with 8 labels and one channel.

    Written by hand. `keras.applications` has no ResNet-18 and 34; its ResNet-50 strides in a block's first 1x1
    convolution instead of the 3x3, and has biases in front of its norms. keras-cv pads even sizes at their end only.
    Layers are named stem_*, stage1_* ... stage4_*.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length, any; a clip without one frame of 25 ms is filled up with silence.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            64 bands high and 98 frames wide, and any size is read.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        block: "basic" (two 3x3 convolutions) or "bottleneck" (1x1, 3x3, 1x1 to four times the width).
        depths: blocks of each stage.
        widths: of each stage; each but the first halves height and width.
        stem: filters of the first convolution.
        groups: of the 3x3 convolution of a bottleneck (ResNeXt).
        width_per_group: filters of a group of a bottleneck whose width is 64 (ResNeXt, wide ResNet).
        zero_last_norm: whether the last norm of a block starts at 0, so that the block starts as its shortcut (Goyal et al.,
            2017, arXiv 1706.02677, 5.1). For SGD: under AdamW the gains need hundreds of steps to get away from 0.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, 1, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    x = convolution(x, stem, 7, 2, name="stem_conv")
    x = relu(norm(x, name="stem_norm"), name="stem_relu")
    x = PaddedMaxPooling2D(3, 2, padding=1, name="stem_pool")(x)
    last = "zeros" if zero_last_norm else "ones"
    for stage, (depth, width) in enumerate(zip(depths, widths), 1):
        for index in range(depth):
            stride = 2 if stage > 1 and index == 0 else 1
            prefix = f"stage{stage}_block{index}"
            if block == "bottleneck":
                inner = int(width * width_per_group / 64) * groups
                x = _bottleneck(x, inner, 4 * width, stride, groups, last, prefix)
            else:
                x = _basic(x, width, stride, last, prefix)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name)


def _basic(x, width, stride, last, name):
    y = convolution(x, width, 3, stride, name=f"{name}_conv1")
    y = relu(norm(y, name=f"{name}_norm1"), name=f"{name}_relu1")
    y = norm(convolution(y, width, 3, name=f"{name}_conv2"), start=last, name=f"{name}_norm2")
    return _joined(x, y, stride, name)


def _bottleneck(x, inner, width, stride, groups, last, name):
    y = relu(norm(convolution(x, inner, 1, name=f"{name}_conv1"), name=f"{name}_norm1"), name=f"{name}_relu1")
    y = convolution(y, inner, 3, stride, groups=groups, name=f"{name}_conv2")
    y = relu(norm(y, name=f"{name}_norm2"), name=f"{name}_relu2")
    y = norm(convolution(y, width, 1, name=f"{name}_conv3"), start=last, name=f"{name}_norm3")
    return _joined(x, y, stride, name)


def _joined(x, y, stride, name):
    """The block's answer: the shortcut, brought to the branch's shape where it has another, and the branch."""
    if stride > 1 or x.shape[-1] != y.shape[-1]:
        x = norm(convolution(x, y.shape[-1], 1, stride, name=f"{name}_shortcut_conv"), name=f"{name}_shortcut_norm")
    return relu(keras.layers.Add(name=f"{name}_add")([x, y]), name=f"{name}_relu")
