"""Recurrent keyword nets: Att-RNN (arXiv 1808.08929) and MHAtt-RNN (arXiv 2005.06720)."""

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.logmel import LogMel, milliseconds
from kwscls.layers.query_attention import QueryAttention
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input
from kwscls.models.mfcc_input import mfcc_input

RECURRENT = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def attrnn(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    rnn="lstm",
    units=64,
    layers=2,
    filters=(10, 1),
    kernel=5,
    dense=(64, 32),
    bands=80,
    name="attrnn",
):
    """The published network on its log-mel: 80 bands, 64 ms every 8 ms, normalised clip by clip.

    The original normalises by those of a whole batch, so that answers depend on the neighbours.
    200,433 parameters with 12 labels.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        rnn: "lstm" or "gru".
        units: of each direction.
        layers: bidirectional ones.
        filters: of the two convolutions over time.
        kernel: their taps.
        dense: units of the layers behind the attention; the first has a ReLU, the others none.
        bands: of the log-mel, 40 to 8000 Hz.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: douglas125/SpeechCmdRecognition.
    """
    labels = label_names(labels)
    waveform = waveform_input(samples)
    x = LogMel(
        milliseconds(64, sample_rate),
        milliseconds(8, sample_rate),
        bands,
        sample_rate=sample_rate,
        power=1.0,
        pad_end=True,
        low=40.0,
        high=8000.0,
        slopes="mel",
        keep_dc=False,
        offset=1e-6,
        name="log_mel",
    )(waveform)
    x = keras.layers.LayerNormalization(
        axis=(1, 2), epsilon=1e-8, center=False, scale=False, dtype="float32", name="features"
    )(x)
    logits = body(
        x, labels, rnn=rnn, units=units, layers=layers, filters=filters, kernel=kernel, dense=dense
    )
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def mhattrnn(
    labels,
    samples,
    *,
    sample_rate=16000,
    activation="softmax",
    rnn="gru",
    units=128,
    layers=2,
    filters=(10, 1),
    kernel=5,
    heads=4,
    dropout=0.2,
    dense=(64,),
    coefficients=40,
    bands=80,
    frame_length=30,
    frame_step=10,
    name="mhattrnn",
):
    """The network of kws_streaming on its 40 MFCC: several heads that ask for the middle frame.

    756,689 parameters with 12 labels.

    Args:
        labels, samples, sample_rate, activation, rnn, units, layers, filters, kernel, dense, name:
            see `attrnn`.
        heads: of the attention.
        dropout: behind the attention.
        coefficients: MFCC kept.
        bands: mel bands, 20 to 7600 Hz, that they are made of.
        frame_length: in ms.
        frame_step: in ms.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Source: google-research/kws_streaming, models/att_mh_rnn.py.
    """
    labels = label_names(labels)
    waveform, x = mfcc_input(
        samples, sample_rate=sample_rate, coefficients=coefficients, bands=bands, high=7600.0,
        frame_length=frame_length, frame_step=frame_step,
    )
    logits = body(
        x,
        labels,
        rnn=rnn,
        units=units,
        layers=layers,
        filters=filters,
        kernel=kernel,
        dense=dense,
        heads=heads,
        query="middle",
        dropout=dropout,
    )
    return AudioClassifier(
        waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation
    )


def body(
    features,
    labels,
    *,
    rnn="lstm",
    units=64,
    layers=2,
    filters=(10, 1),
    kernel=5,
    dense=(64, 32),
    heads=1,
    query="last",
    dropout=0.0,
):
    """From features [batch, frames, bands] to the logits; see `attrnn` and `mhattrnn`."""
    if rnn not in RECURRENT:
        raise KwsclsError("is no recurrent layer", rnn, f"known are {', '.join(RECURRENT)}")
    x = keras.layers.Reshape((*features.shape[1:], 1), name="picture")(features)
    for index, width in enumerate(filters, 1):
        x = keras.layers.Conv2D(
            width, (kernel, 1), padding="same", activation="relu", name=f"conv{index}"
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"conv{index}_norm")(x)
    x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="convolved")(x)
    for index in range(layers):
        recurrent = RECURRENT[rnn](units, return_sequences=True, name=rnn)
        x = keras.layers.Bidirectional(recurrent, name=f"rnn_{index}")(x)
    x = QueryAttention(heads, query, name="attention")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    for index, width in enumerate(dense):
        x = keras.layers.Dense(width, activation=None if index else "relu", name=f"dense{index}")(x)
    return keras.layers.Dense(len(label_names(labels)), dtype="float32", name="logits")(x)
