"""SincNet: learned band-pass filters on the waveform (Ravanelli and Bengio, 2018, arXiv 1808.00158)."""

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.sinc import SincConv, SpareNorm, UnbiasedLayerNormalization
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input

ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "elu", "softmax", "linear")
"""The original's activations under its own names: leaky_relu has slope 0.2, softmax is the log-softmax."""


def sincnet(labels, samples, *, sample_rate=16000, activation="softmax", filters=(80, 60, 60), kernel_sizes=(251, 5, 5),
            pools=(3, 3, 3), input_norm="layer", norms="layer", activations="leaky_relu", dropouts=0.0,
            dnn1_units=(2048, 2048, 2048), dnn1_input_norm="layer", dnn1_norms="batch", dnn1_activations="leaky_relu",
            dnn1_dropouts=0.0, dnn2_units=(), dnn2_input_norm=None, dnn2_norms=None, dnn2_activations="softmax",
            dnn2_dropouts=0.0, spare_norms=False, name="sincnet"):
    """The published stack: convolutions, then two networks of dense layers; the defaults are those for TIMIT.

    A convolution's stage is: convolution, max-pool, norm, activation, dropout; the first one's filters are sinc
    filters, and where its norm is a layer norm, their outputs' absolute values are pooled. A norm is "layer" (over
    time, with a gain for each time, so the clip length is fixed), "batch" or None. Where several stages are set, one
    value stands for all. With 462 labels, 3200 samples and `spare_norms` it has the original's 22,787,134
    parameters, 14,536 of them never used.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; the original reads 200 ms.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        filters: of each convolution.
        kernel_sizes: of each convolution; an even first one is raised by one.
        pools: of each convolution's max-pool; what does not fill a pool is left out.
        input_norm: norm of the waveform; "layer+batch" for both, in this order.
        norms: of each convolution. A batch norm's epsilon is its pooled length, as in the original, which counts an
            even first kernel as it is given.
        activations: of each convolution, names in `ACTIVATIONS`.
        dropouts: of each convolution.
        dnn1_units: sizes of the first network's layers; the last one's answer is the d-vector.
        dnn1_input_norm: norm of its input, as `input_norm`.
        dnn1_norms: of each of its layers.
        dnn1_activations: of each of its layers.
        dnn1_dropouts: of each of its layers.
        dnn2_units: sizes of the second network's layers in front of the labels.
        dnn2_input_norm: norm of its input, as `input_norm`.
        dnn2_norms: of each of its layers, the labels included.
        dnn2_activations: of each of its layers, the labels included; "softmax" there leaves logits.
        dnn2_dropouts: of each of its layers, the labels included.
        spare_norms: whether every stage also owns the norms that it doesn't use, as the original's checkpoints do.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].

    Raises:
        KwsclsError: the clip is too short for the convolutions, or there are more or fewer settings than stages.

    Source: mravanelli/SincNet, dnn_models.py and cfg/SincNet_TIMIT.cfg.
    """
    labels = label_names(labels)
    stages = _each(len(filters), filters=filters, kernel_sizes=kernel_sizes, pools=pools, norms=norms,
                   activations=activations, dropouts=dropouts)
    _check_length(samples, stages)
    waveform = waveform_input(samples)
    x = _input_norm(waveform, input_norm, "input_{}")
    length = samples  # as the original counts it for its norms
    for index, (width, kernel, pool, norm, act, dropout) in enumerate(stages):
        x = _convolution(index, width, kernel, sample_rate)(x)  # [batch, time, filters]
        if index == 0 and norm == "layer":
            x = keras.ops.absolute(x)
        x = keras.layers.MaxPooling1D(pool, name=f"pool_{index}")(x)
        length = (length - kernel + 1) // pool
        x = _norm(x, norm, f"{{}}_{index}", float(length))
        x = _spares(x, norm, f"{{}}_{index}", (length, width), spare_norms)
        x = _activation(act, f"stage_{index}")(x)
        x = keras.layers.Dropout(dropout, name=f"dropout_{index}")(x)
    x = keras.layers.Permute((2, 1), name="channels_first")(x)  # the original's order of features
    x = keras.layers.Flatten(name="flatten")(x)
    x = _input_norm(x, dnn1_input_norm, "dnn1_input_{}")
    x = _dense(x, "dnn1", _each(len(dnn1_units), dnn1_units=dnn1_units, dnn1_norms=dnn1_norms,
                                dnn1_activations=dnn1_activations, dnn1_dropouts=dnn1_dropouts), spare_norms)
    x = _input_norm(x, dnn2_input_norm, "dnn2_input_{}")
    *hidden, last = _each(len(dnn2_units) + 1, dnn2_units=(*dnn2_units, len(labels)), dnn2_norms=dnn2_norms,
                          dnn2_activations=dnn2_activations, dnn2_dropouts=dnn2_dropouts)
    x = _dense(x, "dnn2", hidden, spare_norms)
    logits = _head(x, len(hidden), last, spare_norms)
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation)


def _each(count, **settings):
    """A tuple of settings for each of `count` stages; a single value stands for all."""
    columns = []
    for name, values in settings.items():
        values = (values,) * count if isinstance(values, (str, int, float, type(None))) else tuple(values)
        if len(values) != count:
            raise KwsclsError(f"has {len(values)} values for {count} stages", name)
        columns.append(values)
    return list(zip(*columns))


def _check_length(samples, stages):
    """See to it that the last pool still gets something."""
    need = 1
    for _, kernel, pool, *_ in reversed(stages):
        need = need * pool + kernel - 1
    need += 1 - stages[0][1] % 2  # an even first kernel is raised by one
    if samples < need:
        raise KwsclsError(f"clips of {samples} samples are too short for these convolutions", None,
                          f"take clips of {need} samples or more")


def _convolution(index, width, kernel, sample_rate):
    if index == 0:
        return SincConv(width, kernel, sample_rate, name="conv_0")
    start = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")  # +-1/sqrt(fan_in)
    return keras.layers.Conv1D(width, kernel, kernel_initializer=start, name=f"conv_{index}")


def _input_norm(x, kind, name):
    """The norm of an input, or both, as the original's two switches may have it."""
    for one in ("layer", "batch") if kind == "layer+batch" else (kind,):
        x = _norm(x, one, name)
    return x


def _norm(x, kind, name, epsilon=1e-5):
    """A norm; "{}" in its name becomes its kind."""
    if kind == "layer":
        return UnbiasedLayerNormalization(name=name.format("layer_norm"))(x)
    if kind == "batch":
        return keras.layers.BatchNormalization(momentum=0.95, epsilon=epsilon, name=name.format("batch_norm"))(x)
    if kind is None:
        return x
    raise KwsclsError("is no norm", kind, "known are layer, batch and None")


def _spares(x, used, name, shape, wanted):
    """The weights of the norms that a stage owns without using them, under the names they would have in use."""
    if wanted and used != "layer":
        x = SpareNorm(shape, name=name.format("layer_norm"))(x)
    if wanted and used != "batch":
        x = SpareNorm(shape[-1:], statistics=True, name=name.format("batch_norm"))(x)
    return x


def _activation(name, layer_name):
    if name not in ACTIVATIONS:
        raise KwsclsError("is no activation", name, f"known are {', '.join(ACTIVATIONS)}")
    return keras.layers.Activation("log_softmax" if name == "softmax" else name, name=layer_name)


def _dense(x, prefix, stages, spare, first=0):
    """Dense layers, each with its norm, activation and dropout."""
    for index, (units, norm, act, dropout) in enumerate(stages, first):
        x = keras.layers.Dense(units, kernel_initializer=_narrow(), name=f"{prefix}_dense_{index}")(x)
        x = _norm(x, norm, f"{prefix}_{{}}_{index}")
        x = _spares(x, norm, f"{prefix}_{{}}_{index}", (units,), spare)
        x = _activation(act, f"{prefix}_{index}")(x)
        x = keras.layers.Dropout(dropout, name=f"{prefix}_dropout_{index}")(x)
    return x


def _head(x, index, stage, spare):
    """The last layer is the logits, but for a norm or an activation of its own that stands between."""
    units, norm, act, dropout = stage
    x = _spares(x, norm, f"dnn2_{{}}_{index}", (units,), spare)
    if norm is None and act in ("softmax", "linear") and not dropout:
        return keras.layers.Dense(units, kernel_initializer=_narrow(), dtype="float32", name="logits")(x)
    x = _dense(x, "dnn2", [stage], False, first=index)
    return keras.layers.Activation("linear", dtype="float32", name="logits")(x)


def _narrow():
    return keras.initializers.VarianceScaling(0.01 / 6, "fan_avg", "uniform")  # +-sqrt(0.01 / (in + out))
