"""Asking a server that speaks TensorFlow Serving's REST or gRPC, signature by signature.

Source: TensorFlow Serving, RESTful API (api_rest.md) and tensorflow_serving/apis/prediction_service.proto.
"""

import base64
import json
import urllib.error
import urllib.request

import numpy as np

from kwscls.errors import KwsclsError

SECONDS = 60
"""How long an answer may take."""


def ask_rest(url, name, signature, inputs):
    """The outputs of a signature over REST.

    Args:
        url: such as http://localhost:8501.
        name: of the model, as the server knows it.
        signature: its name.
        inputs: by name: float arrays, or sequences of bytes.

    Returns:
        Numpy arrays by name; strings are bytes.

    Raises:
        KwsclsError: nobody answers, or the answer is an error.
    """
    asked = {"signature_name": signature, "inputs": {key: as_json(value) for key, value in inputs.items()}}
    request = urllib.request.Request(f"{url.rstrip('/')}/v1/models/{name}:predict", json.dumps(asked).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            told = json.load(reply)
    except urllib.error.HTTPError as error:
        raise KwsclsError(f"answers {error.code}: {error.read(500).decode('utf-8', 'replace')}", url) from error
    except (OSError, ValueError) as error:
        raise KwsclsError(f"does not answer ({error})", url, "start a server there, or name another with --url") from error
    return from_json(told["outputs"], signature)


def as_json(value):
    """An input in JSON: numbers as lists, bytes as {"b64": text}."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode("ascii")} for item in value]


def from_json(outputs, signature):
    """Outputs by name; a signature with one output gives it without its name."""
    outputs = outputs if isinstance(outputs, dict) else {signature: outputs}
    return {name: _array(value) for name, value in outputs.items()}


def ask_grpc(address, name, signature, inputs):
    """The outputs of a signature over gRPC; `address` is host:port, all else as in `ask_rest`."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        try:
            reply = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=SECONDS)
        except grpc.RpcError as error:
            raise KwsclsError(f"answers {error.code().name}: {error.details()}", address) from error
    return {key: tf.make_ndarray(value) for key, value in reply.outputs.items()}


def _array(value):
    array = np.array(value)
    if array.dtype.kind != "U":
        return array.astype(np.float32) if array.dtype.kind == "f" else array
    return np.array([text.encode() for text in array.ravel()], object).reshape(array.shape)
