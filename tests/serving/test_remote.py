"""Asking a server over REST and gRPC, against small servers that keep to the documented rules and the official protos."""

import base64
import concurrent.futures
import http.server
import json
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from kwscls.errors import KwsclsError
from kwscls.serving import runtimes


def hear(signature, inputs):
    """Stands for a model: lengths of clips as scores."""
    (name, value), = inputs.items()
    lengths = np.array([len(item) for item in value], np.float32)
    if signature == "embedding":
        return {"embedding": np.stack([lengths, lengths], axis=1)}
    return {"scores": lengths[:, None], "label": np.array([name.encode()] * len(lengths), object)}


class Rest(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/models/words:predict":
            return self.reply(404, {"error": "Servable not found"})
        inputs = {name: [base64.b64decode(item["b64"]) if isinstance(item, dict) else item for item in value]
                  for name, value in asked["inputs"].items()}
        told = {name: [item.decode() if isinstance(item, bytes) else item for item in value.tolist()]
                for name, value in hear(asked["signature_name"], inputs).items()}
        self.reply(200, {"outputs": told if len(told) > 1 else next(iter(told.values()))})

    def reply(self, code, value):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


class Rpc(prediction_service_pb2_grpc.PredictionServiceServicer):
    def Predict(self, request, context):
        if request.model_spec.name != "words":
            context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found")
        reply = predict_pb2.PredictResponse()
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        for name, value in hear(request.model_spec.signature_name, inputs).items():
            reply.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return reply


@pytest.fixture(scope="module")
def rest():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda name: runtimes.http(None, f"http://127.0.0.1:{server.server_port}", name)
    server.shutdown()


@pytest.fixture(scope="module")
def rpc():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Rpc(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield lambda name: runtimes.grpc(None, f"127.0.0.1:{port}", name)
    server.stop(None)


@pytest.mark.parametrize("way", ["rest", "rpc"])
def test_inputs_and_outputs_arrive_whole(way, request):
    server = request.getfixturevalue(way)
    ask = server("words")
    answer = ask("wav_bytes", wav_bytes=[b"\x00\xff\n", b"1234"])
    np.testing.assert_array_equal(answer["scores"], [[3], [4]])
    assert answer["scores"].dtype == np.float32 and answer["label"].tolist() == [b"wav_bytes", b"wav_bytes"]
    embedding = ask("embedding", waveform=np.zeros((2, 5), np.float32))
    np.testing.assert_array_equal(embedding["embedding"], [[5, 5], [5, 5]])
    with pytest.raises(KwsclsError, match="(404|NOT_FOUND).*Servable not found"):
        server("others")("wav_bytes", wav_bytes=[b""])


@pytest.mark.parametrize("runtime,address,reason", [(runtimes.http, "http://127.0.0.1:9", "nobody answers"),
                                                    (runtimes.grpc, "127.0.0.1:9", "UNAVAILABLE")])
def test_where_nobody_is(runtime, address, reason):
    with pytest.raises(KwsclsError, match=f"{reason}.*start a server there"):
        runtime(None, address, "words")("top", wav_bytes=[b""])


def test_requests_stay_small():
    """Half a minute of clips in one request would be more than a server takes."""
    waveforms = np.zeros((8, 160000), np.float32)
    parts = runtimes.in_parts({"waveform": waveforms})
    assert [len(part["waveform"]) for part in parts] == [2, 2, 2, 2]
    assert [len(part["wav_bytes"]) for part in runtimes.in_parts({"wav_bytes": [bytes(300_000)] * 50})] == [20, 20, 10]
    assert len(runtimes.in_parts({"waveform": np.zeros((2, 10_000_000), np.float32)})) == 2
    assert len(runtimes.in_parts({"waveform": waveforms[:, :16000]})) == 1
