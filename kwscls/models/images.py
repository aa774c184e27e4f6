"""What all image backbones share: the waveform as an image in front, and the classifier around them."""

import keras

from kwscls.layers.spectrogram_image import SpectrogramImage
from kwscls.models.auxiliary import AuxiliaryClassifier
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def spectrogram_image(samples, smallest, *, sample_rate, bands, frame_step, image_size, channels):
    """The input of an image classifier: a waveform, and the normalised log-mel image it becomes.

    Args:
        samples: clip length.
        smallest: the least height and width that the family can read; a clip too short for that many frames is
            followed by silence.
        sample_rate: in Hz.
        bands: mel bands, the height of the image.
        frame_step: samples from frame to frame; one frame is one column.
        image_size: height and width to which the image is resized; None leaves it at bands x frames.
        channels: 1, or 3 alike ones for weights that shall keep the three colours they were trained with.

    Returns:
        The waveform's input and the image [batch, height, width, channels], both Keras tensors. The image leaves the
        layer "image" normalised with mean and deviation of the data set, once that layer was adapted.
    """
    waveform = waveform_input(samples)
    image = SpectrogramImage(sample_rate, bands=bands, frame_step=frame_step, smallest=smallest, image_size=image_size,
                             channels=channels, name="spectrogram")(waveform)
    return waveform, keras.layers.Normalization(axis=None, dtype="float32", name="image")(image)


def image_classifier(waveform, logits, labels, *, sample_rate, activation, name, auxiliary=False):
    """The classifier of an image backbone, from its waveform to the layer "logits".

    Args:
        waveform, logits: Keras tensors.
        labels, sample_rate, activation, name: see `AudioClassifier`.
        auxiliary: whether it has side heads that learn along.
    """
    kind = AuxiliaryClassifier if auxiliary else AudioClassifier
    return kind(waveform, logits, name=name, labels=label_names(labels), sample_rate=sample_rate, activation=activation)
