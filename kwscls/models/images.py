"""What all image backbones share: the waveform as an image in front, and the classifier around them."""

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.spectrogram_image import SpectrogramImage
from kwscls.models.auxiliary import AuxiliaryClassifier
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def spectrogram_image(samples, smallest, *, sample_rate, bands, frame_step, image_size, channels):
    """The input of an image classifier: a waveform, and the normalised log-mel image it becomes.

    Frames are 25 ms under a Hann window, bands reach from 0 Hz to half the rate, energies are log(power + 1e-6).

    Args:
        samples: clip length.
        smallest: the least height and width that the family can read, in pixels; silence follows a clip that has fewer
            frames.
        sample_rate: in Hz.
        bands: mel bands, the height of the image.
        frame_step: samples from frame to frame; one frame is one column.
        image_size: height and width to which the image is resized; None leaves it at bands x frames.
        channels: 1, or 3 alike, for weights whose first convolution shall keep its three colours.

    Returns:
        The waveform's input and the image [batch, height, width, channels], both Keras tensors. The image is what the
        layer "image" answers, normalised with mean and deviation of the data set once that layer was adapted.

    Raises:
        KwsclsError: the image would be smaller than the family can read.
    """
    side = min(image_size or (bands,))
    if side < smallest:
        raise KwsclsError(f"an image with a side of {side} is too small: this model reads {smallest} or more", None,
                          "raise bands or image_size")
    waveform = waveform_input(samples)
    frame_length = milliseconds(25, sample_rate)
    missing = frame_length + ((1 if image_size else smallest) - 1) * frame_step - samples
    x = keras.ops.pad(waveform, ((0, 0), (0, missing))) if missing > 0 else waveform
    x = LogMel(frame_length, frame_step, bands, sample_rate=sample_rate, name="logmel")(x)
    x = SpectrogramImage(image_size, channels, name="upright")(x)
    return waveform, keras.layers.Normalization(axis=None, dtype="float32", name="image")(x)


def image_classifier(waveform, logits, labels, *, sample_rate, activation, name, auxiliary=False):
    """The classifier of an image backbone, from its waveform to the layer "logits".

    Args:
        waveform, logits: Keras tensors.
        labels, sample_rate, activation, name: see `AudioClassifier`.
        auxiliary: whether it has side heads that learn along.
    """
    kind = AuxiliaryClassifier if auxiliary else AudioClassifier
    return kind(waveform, logits, name=name, labels=label_names(labels), sample_rate=sample_rate, activation=activation)
