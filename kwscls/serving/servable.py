"""Any SavedModel as something to serve: its signatures, its description, its answers. No Keras, no model code."""

import io
import re
import wave
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from kwscls import files
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, runtimes
from kwscls.serving.rest import Refused, Signature, Tensor


class Servable:
    """One version of a model, loaded.

    Args:
        folder: a SavedModel's.
        version: its number.

    Attributes:
        signatures: names -> `rest.Signature`.
        definitions: the signatures as TensorFlow Serving's `/metadata` shows them.
        facts: what kwscls wrote about the model; empty for a SavedModel of other origin.

    Raises:
        KwsclsError: it cannot be loaded, or has no signatures.
    """

    def __init__(self, folder, version):
        self.folder, self.version = Path(folder), version
        try:
            proto = saved_model_pb2.SavedModel.FromString((self.folder / "saved_model.pb").read_bytes())
            self._graph = tf.saved_model.load(str(self.folder))
        except Exception as error:  # protobuf, TensorFlow and the file system each raise their own
            raise KwsclsError(f"cannot be loaded: {error}"[:300], self.folder, "export it again") from error
        told = {name: definition for name, definition in proto.meta_graphs[0].signature_def.items()
                if not name.startswith("__")}
        if not told:
            raise KwsclsError("is a SavedModel without signatures", self.folder, "export it with kwscls")
        self.signatures = {name: Signature(_tensors(one.inputs), _tensors(one.outputs)) for name, one in told.items()}
        self.definitions = {name: _as_json(one) for name, one in told.items()}
        facts = self.folder / bundle.FACTS
        self.facts = files.read_json(facts) if facts.is_file() else {}

    def answer(self, signature, inputs):
        """The outputs of a signature: names -> arrays.

        Args:
            signature: its name.
            inputs: names -> arrays.

        Raises:
            Refused: the graph does not take these inputs.
        """
        try:
            given = {name: tf.constant(array, self._graph.signatures[signature].structured_input_signature[1][name].dtype)
                     for name, array in inputs.items()}
            return {name: value.numpy() for name, value in self._graph.signatures[signature](**given).items()}
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as error:
            raise Refused(400, readable(runtimes.reason(error.message))) from error
        except tf.errors.OpError as error:
            raise Refused(500, readable(runtimes.reason(error.message))) from error

    def warm(self):
        """Let the signatures of kwscls answer once, so that the first client need not wait."""
        known = {"wav_bytes": np.array([silence()], object), "waveform": np.zeros((1, 16000), np.float32)}
        for name, signature in self.signatures.items():
            if set(signature.inputs) <= set(known):
                self.answer(name, {key: known[key] for key in signature.inputs})


def readable(text):
    """One line of a TensorFlow error."""
    return re.sub(r"\s+", " ", text)[:500]


def silence(seconds=0.1, rate=16000):
    """The bytes of a silent WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(2 * round(seconds * rate)))
    return file.getvalue()


def _tensors(infos):
    found = {}
    for name, info in infos.items():
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
        found[name] = Tensor(np.dtype(tf.dtypes.as_dtype(info.dtype).as_numpy_dtype), sizes)
    return found


def _as_json(definition):
    return json_format.MessageToDict(definition, preserving_proto_field_name=True, including_default_value_fields=True)
