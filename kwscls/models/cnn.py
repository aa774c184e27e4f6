"""The small CNN of TensorFlow's tutorial "Simple audio recognition: Recognizing keywords"."""

import keras

from kwscls.layers.frontends import Spectrogram
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def cnn(labels, samples, *, sample_rate=16000, activation="softmax", frame_length=255, frame_step=128, size=32,
        width=32, units=128, dropout=(0.25, 0.5), name="cnn"):
    """The tutorial's network with its preprocessing inside: 1,625,611 parameters with 8 labels.

    The magnitude of a short-time Fourier transform is normalised, shrunk to a small square picture and read by two
    convolutions. The tutorial shrinks first and normalises with the statistics of the full spectrogram; both are
    affine, so the order makes no difference, and in this one the layer adapts to what the tutorial's adapts to.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; shorter than one frame is padded with zeros to one frame.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        frame_length: of the transform, in samples.
        frame_step: of the transform, in samples.
        size: height and width of the picture.
        width: filters of the first convolution; the second has twice as many.
        units: of the dense layer.
        dropout: shares dropped after the convolutions and after the dense layer.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: https://www.tensorflow.org/tutorials/audio/simple_audio
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = Spectrogram(frame_length, frame_step, periodic=not frame_length % 2, name="spectrogram")(waveform)
    x = keras.layers.Reshape((*x.shape[1:], 1), dtype="float32", name="picture")(x)
    x = keras.layers.Normalization(axis=-1, dtype="float32", name="normalization")(x)
    x = keras.layers.Resizing(size, size, name="resizing")(x)
    x = keras.layers.Conv2D(width, 3, activation="relu", name="conv1")(x)
    x = keras.layers.Conv2D(2 * width, 3, activation="relu", name="conv2")(x)
    x = keras.layers.MaxPooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout[0], name="dropout1")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(units, activation="relu", name="dense")(x)
    x = keras.layers.Dropout(dropout[1], name="dropout2")(x)
    logits = keras.layers.Dense(len(labels), dtype="float32", name="logits")(x)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)
