"""The client: answers over REST and gRPC, patience, errors in one line."""

import concurrent.futures
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
import soundfile

from kwscls import client as verb
from kwscls.dsp import wav
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, client, remote
from kwscls.serving.remote import Unanswered
from tests.conftest import tone, write_wav


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two recordings, one of them FLAC, and a file that is none."""
    folder = tmp_path_factory.mktemp("files")
    write_wav(folder / "a.wav", tone(400))
    soundfile.write(folder / "b.flac", tone(2500), 16000)
    (folder / "c.wav").write_bytes(b"RIFF....WAVE")
    return [str(folder / name) for name in ("a.wav", "b.flac", "c.wav")]


def expected(small_bundle, paths):
    waveforms = np.stack([soundfile.read(path, dtype="float32")[0] for path in paths])
    return bundle.load(small_bundle).scores(waveforms)


def test_answers_come_in_order_and_a_bad_clip_has_its_own_error(served, small_bundle, files):
    answers = list(client.ask(remote.Rest(served[0]), [*files, "none.wav"], batch_size=3))
    assert [answer.path for answer in answers[:2]] == files[:2]
    found = [[answer.scores["high"], answer.scores["low"]] for answer in answers[:2]]
    np.testing.assert_allclose(found, expected(small_bundle, files[:2]), atol=1e-6)
    assert list(answers[0].scores.values()) == sorted(answers[0].scores.values(), reverse=True)
    assert answers[2].error.startswith(f"{files[2]}: bad WAV file")
    assert answers[3].error == "none.wav: cannot be read (no such file or directory)"


@pytest.mark.parametrize("name, subtype", [("a.aiff", "FLOAT"), ("a.au", "DOUBLE"), ("a.caf", "FLOAT"), ("a.aiff", "PCM_24")])
def test_samples_are_heard_as_loud_as_they_are(tmp_path, name, subtype):
    loud = np.stack([1.2 * tone(400), tone(400)], axis=1)
    soundfile.write(tmp_path / name, loud, 16000, subtype=subtype)
    heard, rate = soundfile.read(io.BytesIO(client._read(str(tmp_path / name))[0]), dtype="float32")
    wanted = (loud if subtype != "PCM_24" else loud.clip(-1, 1)).mean(axis=1).clip(-1, 1)
    assert rate == 16000 and heard == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("subtype, sent", [("PCM_U8", True), ("PCM_24", True), ("FLOAT", True), ("ULAW", True),
                                           ("IMA_ADPCM", False), ("MS_ADPCM", False), ("GSM610", False)])
def test_a_wav_file_in_an_encoding_that_exports_do_not_read_is_sent_as_samples(tmp_path, subtype, sent):
    soundfile.write(tmp_path / "a.wav", tone(400), 16000, subtype=subtype)
    made, _ = client._read(str(tmp_path / "a.wav"))
    assert (made == (tmp_path / "a.wav").read_bytes()) == sent
    heard, rate = wav.decode(made)
    assert rate == 16000 and heard.numpy() == pytest.approx(soundfile.read(tmp_path / "a.wav")[0], abs=1e-4)


def test_the_verb(served, files, capsys):
    assert verb.main([*files[:2], "--url", served[0], "--json", "--top", "2"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["path"] for row in rows] == files[:2] and set(rows[0]["scores"]) == {"high", "low"}
    assert verb.main([*files, "--url", served[0]]) == 2
    shown = capsys.readouterr()
    assert "small at http://127.0.0.1" in shown.out and shown.err.endswith("error: 1 of the recordings got no answer\n")
    assert verb.main([]) == 2


def test_the_curl_examples_work(served, files, capsys):
    assert verb.main(["--examples", files[0], "--url", served[0]]) == 0
    text = capsys.readouterr().out
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    done = subprocess.run(["bash", "-e"], input=text, capture_output=True, text=True)
    predicted, status, metadata = (json.loads(line) for line in done.stdout.replace("}{", "}\n{").splitlines())
    assert set(predicted["predictions"][0]) == {"scores", "label", "labels"}
    assert status["model_version_status"][0]["state"] == "AVAILABLE" and metadata["model_spec"]["name"] == "small"


def test_over_rest_it_needs_no_tensorflow(served, files):
    code = ("import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None; from kwscls import client; "
            "sys.exit(client.main(sys.argv[1:]))")
    done = subprocess.run([sys.executable, "-c", code, files[0], "--url", served[0]], capture_output=True, text=True)
    assert done.returncode == 0 and "small at" in done.stdout


@pytest.mark.parametrize("settings,reason", [
    ({"model": "other"}, "HTTP 404: there is no model 'other'"), ({"version": 7}, "there is no version '7'")])
def test_refusals_are_told_in_a_line_and_not_tried_again(served, files, settings, reason):
    started = time.monotonic()
    with pytest.raises(KwsclsError, match=reason):
        list(client.ask(remote.Rest(served[0], **settings), files[:1], wait=5))
    assert time.monotonic() - started < 4


class Scripted(BaseHTTPRequestHandler):
    """Answers with what stands in `script`, in turn."""

    script = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        status, text = self.script.pop(0)
        if status == 0:
            time.sleep(text)
            return
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def scripted():
    server = HTTPServer(("127.0.0.1", 0), Scripted)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield remote.Rest(f"http://127.0.0.1:{server.server_port}", "words", timeout=0.3)
    server.shutdown()
    thread.join()
    server.server_close()


GOOD = (200, json.dumps({"outputs": {"scores": [[0.25, 0.75]], "label": ["b"], "labels": [["a", "b"]]}}))


def test_it_tries_again_when_the_server_is_busy_or_silent(scripted, files):
    Scripted.script[:] = [(503, '{"error": "busy"}'), (0, 0.4), GOOD]
    answers = list(client.ask(scripted, files[:1], wait=0.01))
    assert answers[0].scores == {"b": 0.75, "a": 0.25} and not Scripted.script


@pytest.mark.parametrize("script,reason", [
    ([(503, "")] * 2, "HTTP 503 Service Unavailable; is the server running there"), ([(0, 0.4)] * 2, "no answer within 0.3 s"),
    ([(200, "<html>")], "not JSON"), ([(200, "[]")], "no JSON object"), ([(200, "{}")], "not that of a model server"),
    ([(200, '{"outputs": [[1, 2]]}')], "no scores and labels"), ([(200, '{"outputs": [1, 2]}')], "another number of rows"),
    ([(500, '{"error": "a\\nb"}')], "HTTP 500: a b")])
def test_answers_that_are_none(scripted, files, script, reason):
    Scripted.script[:] = list(script)
    with pytest.raises(KwsclsError, match=reason):
        list(client.ask(scripted, files[:1], retries=1, wait=0.01))
    assert not Scripted.script


def test_the_error_of_tensorflow_serving_names_the_clip(scripted, files):
    """Its errors hold the whole place in the graph."""
    text = "2 root error(s) found.\n  (0) INVALID_ARGUMENT: assertion failed: [clip 0: not a WAV file]\n\t [[{{node Assert}}]]"
    Scripted.script[:] = [(400, json.dumps({"error": text}))]
    assert next(client.ask(scripted, files[:1])).error == f"{files[0]}: not a WAV file"


def test_too_large_a_request_is_split(scripted, files):
    large = (413, '{"error": "a body may have 1 bytes at most"}')
    Scripted.script[:] = [large, GOOD, large]
    answers = list(client.ask(scripted, files[:2]))
    assert answers[0].scores == {"b": 0.75, "a": 0.25} and "may have 1 bytes" in answers[1].error and not Scripted.script


@pytest.mark.parametrize("said,reason", [(b"\x00\x00\x12\x04\x00", "not HTTP; is this the server's REST port"),
                                         (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "broke off"),
                                         (b"", "the connection broke .*is the server running there")])
def test_what_speaks_no_http(files, said, reason):
    with socket.create_server(("127.0.0.1", 0)) as place:
        def answer():
            connection, _ = place.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # what is left unread would break the connection
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(KwsclsError, match=reason):
            list(client.ask(remote.Rest(f"http://127.0.0.1:{place.getsockname()[1]}", "words"), files[:1], retries=0))
        thread.join()


def test_names_are_written_as_addresses_want_them(capsys):
    assert remote.Rest("http://h:1", "my wörter", 3).path == "http://h:1/v1/models/my%20w%C3%B6rter/versions/3"
    assert "base64 -w0 'my clip (1).wav')" in client.examples(remote.Rest("http://h:1", "m"), "my clip (1).wav")


def test_nobody_there(files):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{place.getsockname()[1]}"
        with pytest.raises(KwsclsError, match=r"nobody answers \(connection refused\); is the server running there\?"):
            list(client.ask(remote.Rest(address), files[:1], retries=1, wait=0.01))
        with pytest.raises(KwsclsError, match="nobody answers"):
            client.examples(remote.Rest(address))
    with pytest.raises(KwsclsError, match="write it as http://host:8501"):
        remote.Rest("localhost:8501")


def test_waiting_doubles(monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)

    def busy():
        raise Unanswered("busy", again=True)

    with pytest.raises(Unanswered):
        client.patiently(busy, 3, 0.5)
    assert waits == [0.5, 1, 2]


def test_frames():
    answer = client.as_answer("a.wav", {"scores": [[0.9, 0.1], [0.3, 0.7]], "labels": ["a", "b"], "times": [0.5, 1.5]})
    assert answer.frames == ((0.5, "a", 0.9), (1.5, "b", 0.7)) and answer.scores == {"a": 0.9, "b": 0.7}


@pytest.fixture(scope="module")
def grpc_address(small_bundle):
    """A server of the official service in this process, which answers with the bundle."""
    grpc = pytest.importorskip("grpc")
    grpc_service = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2_grpc")
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    loaded = bundle.load(small_bundle)

    class Service(grpc_service.PredictionServiceServicer):
        away = 1

        def Predict(self, request, context):
            if request.model_spec.name != "small":
                context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({request.model_spec.name})")
            if self.away:
                self.away -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
            clips = tf.make_ndarray(request.inputs["wav_bytes"]).tolist()
            assert request.model_spec.signature_name == "wav_bytes"
            try:
                answer = loaded.answer("wav_bytes", wav_bytes=clips)
            except KwsclsError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"assertion failed: [{error}]\n\t [[{{node}}]]")
            return predict_pb2.PredictResponse(outputs={name: tf.make_tensor_proto(value) for name, value in answer.items()})

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    grpc_service.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_over_grpc(grpc_address, small_bundle, files, capsys):
    answers = list(client.ask(remote.Grpc(grpc_address, "small"), files, wait=0.01))
    found = [[answer.scores["high"], answer.scores["low"]] for answer in answers[:2]]
    np.testing.assert_allclose(found, expected(small_bundle, files[:2]), atol=1e-6)
    assert answers[2].error.startswith(f"{files[2]}: bad WAV file")
    with pytest.raises(KwsclsError, match="NOT_FOUND: Servable not found"):
        list(client.ask(remote.Grpc(grpc_address, "other"), files[:1]))
    assert verb.main([files[0], "--grpc", grpc_address, "--model", "small", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] in ("high", "low")
    assert verb.main([files[0], "--grpc", grpc_address]) == 2


def test_the_request_on_the_wire():
    """Its fields, read back by the official message."""
    pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    import tensorflow as tf

    request = remote.request_message("words", "wav_bytes", {"wav_bytes": [b"one", b"two"]}, version=3)
    again = type(request).FromString(request.SerializeToString())
    assert (again.model_spec.name, again.model_spec.version.value, again.model_spec.signature_name) == ("words", 3, "wav_bytes")
    assert tf.make_ndarray(again.inputs["wav_bytes"]).tolist() == [b"one", b"two"]


def test_against_tensorflow_serving(small_bundle, files):
    """A true tensorflow_model_server: the one that TENSORFLOW_MODEL_SERVER names, or that is on the PATH."""
    binary = os.environ.get("TENSORFLOW_MODEL_SERVER") or shutil.which("tensorflow_model_server")
    if not binary:
        pytest.skip("no tensorflow_model_server on the PATH or in TENSORFLOW_MODEL_SERVER")
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        rest, grpc = one.getsockname()[1], other.getsockname()[1]
    process = subprocess.Popen([binary, f"--rest_api_port={rest}", f"--port={grpc}", "--model_name=small",
                                f"--model_base_path={small_bundle.parent}"])
    try:
        for server in (remote.Rest(f"http://127.0.0.1:{rest}", "small"), remote.Grpc(f"127.0.0.1:{grpc}", "small")):
            answers = list(client.ask(server, files, retries=8, wait=0.25))
            found = [[answer.scores["high"], answer.scores["low"]] for answer in answers[:2]]
            np.testing.assert_allclose(found, expected(small_bundle, files[:2]), atol=1e-6)
            assert answers[2].error
    finally:
        process.terminate()
        process.wait()
