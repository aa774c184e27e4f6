"""Whatever can run an export: each loads it and gives a function that asks it."""

import re
from pathlib import Path

import numpy as np

from kwscls.errors import KwsclsError
from kwscls.serving import remote

FILES = {"savedmodel": "saved_model.pb", "tflite": "model.tflite", "onnx": "model.onnx"}
"""The file by which a folder is known to hold a model of each format."""

WAVEFORM = "serving_default"
"""The only signature of the formats that have no strings."""

MOST_BYTES = 8 << 20
"""What one request to a server holds at most: half of what kwscls's own takes."""

DIGITS = 22
"""Letters that a number takes in JSON, with its comma."""

PATIENCE = 60
"""Seconds that a server's answer may take."""


def savedmodel(folder, **_):
    """TensorFlow's Python.

    Args:
        folder: the export's folder.

    Returns:
        A function of a signature's name, and its inputs by name, that gives the outputs by name as numpy arrays; strings
        are bytes. It raises a KwsclsError where the signature does not exist or refuses the input.

    Raises:
        KwsclsError: the folder cannot be loaded.
    """
    import tensorflow as tf

    try:
        graph = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise KwsclsError("is a damaged SavedModel", folder, "export it again") from error

    def ask(signature, **inputs):
        if signature not in graph.signatures:
            raise unknown(signature, folder)
        try:
            given = {name: tf.constant(value) for name, value in inputs.items()}
            return {name: value.numpy() for name, value in graph.signatures[signature](**given).items()}
        except tf.errors.InvalidArgumentError as error:
            raise KwsclsError(reason(error.message)) from error

    return ask


def c_api(folder, **_):
    """TensorFlow's C API, which is what a C++ server uses; see `savedmodel`."""
    from kwscls.serving.c_api import Session

    try:
        session = Session(folder)
    except (OSError, ValueError) as error:
        raise KwsclsError("cannot be loaded by TensorFlow's C API", folder, str(error).splitlines()[0]) from error

    def ask(signature, **inputs):
        if signature not in session.signatures:
            raise unknown(signature, folder)
        try:
            return session.run(signature, **inputs)
        except ValueError as error:
            raise KwsclsError(reason(str(error))) from error

    return ask


def tflite(folder, **_):
    """TensorFlow Lite on the CPU, clip by clip; see `savedmodel`."""
    import tensorflow as tf

    try:
        interpreter = tf.lite.Interpreter(str(Path(folder) / FILES["tflite"]))
        interpreter.allocate_tensors()
        run = interpreter.get_signature_runner(WAVEFORM)
    except ValueError as error:
        raise KwsclsError("is a damaged TFLite model", folder, "export it again") from error
    samples = run.get_input_details()["waveform"]["shape"][-1]

    def ask(signature, **inputs):
        if signature != WAVEFORM:
            raise unknown(signature, folder)
        answers = [run(waveform=clip[np.newaxis]) for clip in fitted(inputs["waveform"], samples)]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    return ask


def onnx(folder, **_):
    """ONNX Runtime on the CPU; see `savedmodel`."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(Path(folder) / FILES["onnx"]), providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes share no base
        raise KwsclsError("is a damaged ONNX model", folder, "export it again") from error
    samples = session.get_inputs()[0].shape[-1]
    names = [output.name for output in session.get_outputs()]

    def ask(signature, **inputs):
        if signature != WAVEFORM:
            raise unknown(signature, folder)
        return dict(zip(names, session.run(names, {"waveform": fitted(inputs["waveform"], samples)}), strict=True))

    return ask


def http(folder, url, name, **_):
    """A server that speaks TensorFlow Serving's REST, at `url`, of the model `name`; see `savedmodel`."""
    return _remote(remote.Rest(url or "http://localhost:8501", name, timeout=PATIENCE))


def grpc(folder, url, name, **_):
    """A server that speaks TensorFlow Serving's gRPC, at `url`, of the model `name`; see `savedmodel`."""
    return _remote(remote.Grpc(url or "localhost:8500", name, timeout=PATIENCE))


def _remote(server):
    def ask(signature, **inputs):
        try:
            found = [server.outputs(signature, some) for some in in_parts(inputs)]
            return {name: np.concatenate([_array(one[name]) for one in found]) for name in found[0]}
        except remote.Unanswered as failed:
            raise KwsclsError(failed.reason, server.url, "start a server there, or name another with --url"
                              if failed.again else None) from failed

    return ask


def in_parts(inputs, most=MOST_BYTES):
    """The same rows in as few requests as keep each below so many bytes, if one row does.

    Args:
        inputs: by name: arrays [rows, ...], or lists of bytes.
        most: bytes of a request's JSON.

    Returns:
        A list of such dicts.
    """
    rows = len(next(iter(inputs.values())))
    largest = sum(max(4 * len(one) // 3 if isinstance(one, bytes) else DIGITS * np.size(one) for one in value)
                  for value in inputs.values())
    share = max(1, most // max(1, largest))
    return [{name: value[at:at + share] for name, value in inputs.items()} for at in range(0, rows, share)]


def _array(value):
    """Nested lists as an array like TensorFlow's: float32, and strings as bytes."""
    array = np.array(value)
    if array.dtype.kind != "U":
        return array.astype(np.float32) if array.dtype.kind == "f" else array
    return np.array([text.encode() for text in array.ravel()], object).reshape(array.shape)


RUNTIMES = {"savedmodel": savedmodel, "c-api": c_api, "tflite": tflite, "onnx": onnx, "http": http, "grpc": grpc}


def fitted(waveforms, samples):
    """Waveforms [batch, any], cut or zero-padded at their end: float32 [batch, samples]."""
    waveforms = np.asarray(waveforms, np.float32)[:, :samples]
    return np.pad(waveforms, ((0, 0), (0, samples - waveforms.shape[1])))


def unknown(signature, folder):
    """The error about a signature that an export does not have."""
    return KwsclsError(f"has no signature {signature}", folder, "export it as a SavedModel")


def reason(message):
    """The sentence of a TensorFlow error, without the place in the graph that stands around it."""
    asserted = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", message, re.DOTALL)
    return asserted[1] if asserted else message.strip().split("\n")[0]
