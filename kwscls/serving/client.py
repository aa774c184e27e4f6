"""Asking a served model over REST or gRPC. Over REST it needs nothing but Python: no TensorFlow, no numpy."""

import base64
import dataclasses
import io
import json
import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from kwscls.errors import KwsclsError

SIGNATURE = "wav_bytes"
AGAIN = (429, 502, 503, 504)
"""Statuses after which the same request may succeed a little later."""


class Unanswered(Exception):
    """A request without an answer.

    Args:
        reason: one line.
        again: whether a further try may succeed.
    """

    def __init__(self, reason, again):
        super().__init__(reason)
        self.reason, self.again = reason, again


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a served model hears in one recording.

    Args:
        path: the file.
        scores: label -> score, best first; for a frame model, of the highest frame.
        frames: (time in seconds, label, score) of each frame of a frame model.
        error: why there is no answer, else None.
    """

    path: str
    scores: dict = dataclasses.field(default_factory=dict)
    frames: tuple = ()
    error: str | None = None


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
        return f"{self.url}/v1/models/{self.model}{self._version}"

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

    def ask(self, clips):
        """The rows of the answer to WAV files given as bytes: dicts of output names -> values."""
        self.find_model()
        rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
        told = self._ask(f"{self.path}:predict", {"signature_name": SIGNATURE, "instances": rows})
        if not isinstance(told.get("predictions"), list) or len(told["predictions"]) != len(clips):
            raise Unanswered("the answer is not that of a kwscls model", again=False)
        return told["predictions"]

    def _ask(self, url, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                told = json.load(response)
        except urllib.error.HTTPError as error:
            raise Unanswered(_error_of(error), error.code in AGAIN) from error
        except (socket.timeout, TimeoutError) as error:
            raise Unanswered(f"no answer within {self.timeout:g} s", again=True) from error
        except urllib.error.URLError as error:
            slow = isinstance(error.reason, TimeoutError)
            reason = f"no answer within {self.timeout:g} s" if slow else f"nobody answers ({_plain(error.reason)})"
            raise Unanswered(reason, again=True) from error
        except OSError as error:
            raise Unanswered(f"the connection broke ({_plain(error)})", again=True) from error
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

    def ask(self, clips):
        """The rows of the answer to WAV files given as bytes: dicts of output names -> values."""
        import grpc

        try:
            response = self._predict(request_message(self.model, clips, self.version), timeout=self.timeout)
        except grpc.RpcError as error:
            codes = grpc.StatusCode
            if error.code() is codes.DEADLINE_EXCEEDED:
                raise Unanswered(f"no answer within {self.timeout:g} s", again=True) from error
            again = error.code() in (codes.UNAVAILABLE, codes.RESOURCE_EXHAUSTED)
            raise Unanswered(f"{error.code().name}: {_one_line(error.details())}", again) from error
        return response_rows(response)


def request_message(model, clips, version=None):
    """A `PredictRequest` about WAV files given as bytes."""
    from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, SIGNATURE
    if version is not None:
        request.model_spec.version.value = version
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=len(clips))])
    request.inputs[SIGNATURE].CopyFrom(tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape,
                                                              string_val=clips))
    return request


def response_rows(response):
    """The rows of a `PredictResponse`: dicts of output names -> plain values, as REST gives them."""
    from tensorflow import make_ndarray

    columns = {name: make_ndarray(tensor).tolist() for name, tensor in response.outputs.items()}

    def text(value):
        if isinstance(value, list):
            return [text(part) for part in value]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    return [{name: text(value) for name, value in zip(columns, row, strict=True)}
            for row in zip(*columns.values(), strict=True)]


def ask(server, paths, batch_size=16, retries=3, wait=0.5):
    """Ask about recordings, in order.

    Args:
        server: a `Rest` or a `Grpc`.
        paths: files; what is no WAV file is made one first.
        batch_size: clips of one request.
        retries: further tries when the server is away or busy.
        wait: seconds before the first of these; it doubles from one to the next.

    Yields:
        An `Answer` a recording; one that cannot be read or is refused carries its error.

    Raises:
        KwsclsError: the server does not answer.
    """
    for start in range(0, len(paths), batch_size):
        batch = [(path, *_read(path)) for path in paths[start:start + batch_size]]
        good = [(path, clip) for path, clip, error in batch if error is None]
        answers = iter(_answers(server, good, retries, wait))
        for path, _, error in batch:
            yield Answer(path, error=error) if error else next(answers)


def _answers(server, clips, retries, wait):
    """Answers about (path, bytes) pairs in one request; where it is refused, each is asked about alone."""
    if not clips:
        return []
    try:
        rows = patiently(lambda: server.ask([clip for _, clip in clips]), retries, wait)
        return [as_answer(path, row) for (path, _), row in zip(clips, rows, strict=True)]
    except Unanswered as failed:
        if failed.again:
            raise KwsclsError(failed.reason, server.url, "is the server running there?") from failed
        if not re.search(r"\bclip \d+: ", failed.reason):  # it is not about one of the clips
            raise KwsclsError(failed.reason, server.url) from failed
        if len(clips) > 1:
            return [answer for clip in clips for answer in _answers(server, [clip], retries, wait)]
        return [Answer(clips[0][0], error=f"{clips[0][0]}: {re.sub(r'^.*?clip 0: ', '', failed.reason)}")]


def patiently(action, retries, wait):
    """The result of an action that may be tried again a few times, each time after twice the wait."""
    for tries in range(retries + 1):
        try:
            return action()
        except Unanswered as failed:
            if not failed.again or tries == retries:
                raise
            time.sleep(wait * 2 ** tries)


def as_answer(path, row):
    """The `Answer` that a row of outputs tells."""
    if not isinstance(row, dict) or not {"scores", "labels"} <= set(row):
        raise Unanswered("the answer has no scores and labels; is it a kwscls model?", again=False)
    scores, labels, frames = row["scores"], row["labels"], ()
    if scores and isinstance(scores[0], list):
        best = [max(range(len(labels)), key=frame.__getitem__) for frame in scores]
        frames = tuple((time, labels[label], frame[label])
                       for time, label, frame in zip(row.get("times", range(len(scores))), best, scores))
        scores = [max(column) for column in zip(*scores)]
    order = sorted(range(len(labels)), key=lambda label: -scores[label])
    return Answer(str(path), {labels[label]: scores[label] for label in order}, frames)


def examples(server, path="clip.wav"):
    """curl commands that ask a model, as text.

    Raises:
        KwsclsError: no model is named, and the server names none.
    """
    try:
        server.find_model()
    except Unanswered as failed:
        raise KwsclsError(failed.reason, server.url, "start the server, or name the model with --model") from failed
    body = json.dumps({"signature_name": SIGNATURE, "instances": [{"b64": "@"}]}).split("@")
    predict = (f"printf '%s' '{body[0]}' \"$(base64 -w0 {path})\" '{body[1]}' |\n"
               f"  curl -sS -H 'content-type: application/json' --data-binary @- {server.path}:predict")
    return "\n".join((f"# the scores of a WAV file\n{predict}\n",
                      f"# which version answers\ncurl -sS {server.path}\n",
                      f"# what can be asked\ncurl -sS {server.path}/metadata"))


def _read(path):
    """The bytes of a recording as a WAV file, and None; or None and what is wrong with it."""
    try:
        contents = Path(path).read_bytes()
    except OSError as error:
        return None, f"{path}: cannot be read ({_plain(error)})"
    if contents[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return contents, None
    import soundfile

    try:
        waveform, rate = soundfile.read(io.BytesIO(contents), dtype="int16")
    except soundfile.LibsndfileError:
        return None, f"{path}: is no recording that can be read"
    made = io.BytesIO()
    soundfile.write(made, waveform, rate, format="WAV", subtype="PCM_16")
    return made.getvalue(), None


def _error_of(error):
    """What a server says about a failure."""
    try:
        text = json.loads(error.read(1 << 16))["error"]
    except (ValueError, KeyError, TypeError, OSError):
        return f"HTTP {error.code} {error.reason}"
    return f"HTTP {error.code}: {_one_line(text)}"


def _one_line(text):
    """TensorFlow Serving's errors carry the graph's place and line breaks: the sentence in the middle is for people."""
    asserted = re.search(r"assertion failed: \[(.*?)\]\s*(\[\[|$)", str(text), re.DOTALL)
    return " ".join((asserted[1] if asserted else str(text)).split())[:300]


def _plain(error):
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
