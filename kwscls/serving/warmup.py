"""Requests with which TensorFlow Serving warms a model up before clients are sent to it.

Source: TensorFlow Serving, SavedModel Warmup (saved_model_warmup.md).
"""

import importlib.util
from pathlib import Path

import tensorflow as tf

FILE = "assets.extra/tf_serving_warmup_requests"
"""Where TensorFlow Serving looks for them."""


def there():
    """Whether the official protos are installed."""
    return importlib.util.find_spec("tensorflow_serving") is not None


def write(folder, requests):
    """Write warm-up requests into a SavedModel.

    Args:
        folder: the SavedModel's.
        requests: pairs of a signature's name and its inputs by name: float arrays, or lists of bytes.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(str(Path(folder) / FILE)) as writer:
        for signature, inputs in requests:
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())
