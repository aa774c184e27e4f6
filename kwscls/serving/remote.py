"""A served model's address: asked signature by signature over TensorFlow Serving's REST or gRPC.

Over REST nothing but Python takes part: no TensorFlow, no numpy.

Source: TensorFlow Serving, RESTful API (api_rest.md) and tensorflow_serving/apis/prediction_service.proto.
"""

import base64
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request

from kwscls.errors import KwsclsError

AGAIN = (429, 502, 503, 504)
"""Statuses after which the same request may succeed a little later."""


class Unanswered(Exception):
    """A request without an answer.

    Args:
        reason: one line.
        again: whether a further try may succeed.
        too_large: whether a smaller request may succeed.
    """

    def __init__(self, reason, again, too_large=False):
        super().__init__(reason)
        self.reason, self.again, self.too_large = reason, again, too_large


class Rest:
    """A model at a REST address.

    Args:
        url: the server's, such as http://127.0.0.1:8501.
        model: its name; None asks the server.
        version: its number; None lets the server choose.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, url, model=None, version=None, timeout=10.0):
        if not re.match(r"https?://[^/]", url):
            raise KwsclsError("is no address", url, "write it as http://host:8501")
        self.url, self.timeout, self.model = url.rstrip("/"), timeout, model
        self._version = f"/versions/{version}" if version is not None else ""

    @property
    def path(self):
        """The model's address."""
        return f"{self.url}/v1/models/{urllib.parse.quote(self.model, safe='')}{self._version}"

    def find_model(self):
        """Take the server's only model, where none is named.

        Raises:
            KwsclsError: the server does not say which it has.
        """
        if self.model is not None:
            return
        try:
            names = self._ask(f"{self.url}/v1/models").get("models", [])
        except Unanswered as failed:
            if failed.again:
                raise
            names = []  # TensorFlow Serving has no such list
        if len(names) != 1:
            raise KwsclsError("does not say which model it has", self.url, "name it with --model")
        self.model = names[0]

    def outputs(self, signature, inputs):
        """What a signature gives.

        Args:
            signature: its name.
            inputs: by name: arrays or lists of numbers, or lists of bytes.

        Returns:
            Nested lists by the outputs' names, strings as text. A signature with one output gives it without a name; it
            gets the signature's.

        Raises:
            Unanswered: there is no answer.
        """
        self.find_model()
        told = self._ask(f"{self.path}:predict", {"signature_name": signature, "inputs": {
            name: as_json(value) for name, value in inputs.items()}})
        if "outputs" not in told:
            raise Unanswered("the answer is not that of a model server", again=False)
        return told["outputs"] if isinstance(told["outputs"], dict) else {signature: told["outputs"]}

    def _ask(self, url, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"content-type": "application/json"})
        late = f"no answer within {self.timeout:g} s"
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                told = json.load(response)
        except urllib.error.HTTPError as error:
            raise Unanswered(_error_of(error), error.code in AGAIN, error.code == 413) from error
        except TimeoutError as error:
            raise Unanswered(late, again=True) from error
        except urllib.error.URLError as error:
            reason = late if isinstance(error.reason, TimeoutError) else f"nobody answers ({plain(error.reason)})"
            raise Unanswered(reason, again=True) from error
        except http.client.IncompleteRead as error:
            raise Unanswered("the answer broke off", again=True) from error
        except OSError as error:  # before the next: a connection that is closed without an answer is both
            raise Unanswered(f"the connection broke ({plain(error)})", again=True) from error
        except http.client.HTTPException as error:
            raise Unanswered("the answer is not HTTP; is this the server's REST port?", again=False) from error
        except ValueError as error:
            raise Unanswered("the answer is not JSON; is this a model server?", again=False) from error
        if not isinstance(told, dict):
            raise Unanswered("the answer is no JSON object; is this a model server?", again=False)
        return told


class Grpc:
    """A model at a gRPC address of TensorFlow Serving, asked with its official messages.

    Args:
        address: host:port.
        model: its name.
        version: its number; None lets the server choose.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, address, model, version=None, timeout=10.0):
        try:
            import grpc
            from tensorflow_serving.apis import prediction_service_pb2_grpc
        except ModuleNotFoundError as error:
            raise KwsclsError(f"gRPC needs {error.name}", None, "pip install 'kwscls[serving]'") from error
        if model is None:
            raise KwsclsError("gRPC needs the model's name", None, "name it with --model")
        self.url, self.model, self.version, self.timeout = address, model, version, timeout
        channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 64 << 20)])
        self._predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict

    def outputs(self, signature, inputs):
        """What a signature gives, as `Rest.outputs` does."""
        import grpc
        from tensorflow import make_ndarray

        try:
            response = self._predict(request_message(self.model, signature, inputs, self.version), timeout=self.timeout)
        except grpc.RpcError as error:
            codes = grpc.StatusCode
            if error.code() is codes.DEADLINE_EXCEEDED:
                raise Unanswered(f"no answer within {self.timeout:g} s", again=True) from error
            again = error.code() in (codes.UNAVAILABLE, codes.RESOURCE_EXHAUSTED)
            raise Unanswered(f"{error.code().name}: {_one_line(error.details())}", again) from error
        return {name: as_text(make_ndarray(tensor).tolist()) for name, tensor in response.outputs.items()}


def request_message(model, signature, inputs, version=None):
    """A `PredictRequest`; its inputs as `Rest.outputs` takes them."""
    from tensorflow import make_tensor_proto
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    if version is not None:
        request.model_spec.version.value = version
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(make_tensor_proto(value))
    return request


def as_json(value):
    """An input in JSON: numbers as lists, bytes as {"b64": text}."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode("ascii")} if isinstance(item, bytes) else item for item in value]


def as_text(value):
    """Nested lists whose bytes became text."""
    if isinstance(value, list):
        return [as_text(part) for part in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def plain(error):
    """What an error of the system says, without its number."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _error_of(error):
    """What a server says about a failure."""
    try:
        text = json.loads(error.read(1 << 16))["error"]
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return f"HTTP {error.code} {error.reason}"
    return f"HTTP {error.code}: {_one_line(text)}"


def _one_line(text):
    """TensorFlow Serving's errors carry the graph's place and line breaks: the sentence in the middle is for people."""
    asserted = re.search(r"assertion failed: \[(.*?)\]\s*(\[\[|$)", str(text), re.DOTALL)
    return " ".join((asserted[1] if asserted else str(text)).split())[:300]
