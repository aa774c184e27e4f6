"""The server from outside: TensorFlow Serving's paths, bad clients, hot swap, a good end."""

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import types

import httpx
import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.serving import bundle, server
from kwscls.serving.servable import silence
from tests.serving.test_bundle import wav_bytes


def coded(contents):
    return {"b64": base64.b64encode(contents).decode()}


def test_it_answers_as_the_bundle_does(served, small_bundle):
    address, _ = served
    draw = np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)
    clips = [wav_bytes(one) for one in draw]
    expected = bundle.load(small_bundle).answer("wav_bytes", wav_bytes=clips)
    rows = httpx.post(f"{address}/v1/models/small:predict", json={
        "signature_name": "wav_bytes", "instances": [coded(clip) for clip in clips]}).json()["predictions"]
    np.testing.assert_array_equal(np.float32([row["scores"] for row in rows]), expected["scores"])
    assert [row["label"].encode() for row in rows] == expected["label"].tolist()
    columns = httpx.post(f"{address}/v1/models/small/versions/1:predict", json={"inputs": {"waveform": draw.tolist()}})
    np.testing.assert_allclose(columns.json()["outputs"]["scores"], bundle.load(small_bundle).scores(draw), atol=1e-6)
    assert columns.json()["outputs"]["labels"] == 3 * [["high", "low"]]


def test_what_can_be_read(served):
    address, _ = served
    get = lambda path: httpx.get(address + path)  # noqa: E731
    assert get("/v1/models").json() == {"models": ["small"]}
    for path in ("/v1/models/small", "/v1/models/small/versions/1"):
        assert get(path).json() == {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": {
            "error_code": "OK", "error_message": ""}}]}
    told = get("/v1/models/small/metadata").json()
    assert told["model_spec"] == {"name": "small", "signature_name": "", "version": "1"}
    signature = told["metadata"]["signature_def"]["signature_def"]["wav_bytes"]
    assert signature["inputs"]["wav_bytes"]["dtype"] == "DT_STRING"
    assert signature["inputs"]["wav_bytes"]["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert get("/v1/models/small/labels").json() == {"labels": ["high", "low"]}
    assert get("/healthz").json() == {"status": "ok", "model": "small", "version": 1}
    assert get("/about").json()["samples"] == 4000
    page = get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"] and "<title>kwscls</title>" in page.text
    for path in ("/metrics", "/monitoring/prometheus/metrics"):
        assert 'kwscls_requests_total{path="/healthz",status="200"}' in get(path).text
    assert "kwscls_version 1.0" in get("/metrics").text


@pytest.mark.parametrize("path,status,reason", [
    ("/v1/models/other", 404, "no model 'other'"), ("/v1/models/small/versions/2", 404, "no version '2'"),
    ("/v1/models/small/versions/x/metadata", 404, "no version"), ("/v2", 404, "nothing at /v2"),
    ("/../../etc/passwd", 404, "nothing at")])
def test_paths_that_lead_nowhere(served, path, status, reason):
    answer = httpx.get(served[0] + path)
    assert answer.status_code == status and reason in answer.json()["error"]


@pytest.mark.parametrize("body,reason", [
    (b"{", "not JSON"), (b"[" * 200000, "nested too deeply"), (b'{"signature_name": "x", "instances": [1]}', "known are"),
    (b'{"signature_name": "wav_bytes", "instances": [{"b64": "?"}]}', "not base64"),
    (b'{"signature_name": "wav_bytes", "instances": ["hello"]}', "^clip 0: not a WAV file: its 5 bytes do not start"),
    (json.dumps({"signature_name": "wav_bytes", "instances": [coded(silence())] * 70 + [coded(b"x")]}).encode(),
     "^clip 70: not a WAV file")])
def test_bad_bodies_get_a_clear_400(served, body, reason):
    answer = httpx.post(f"{served[0]}/v1/models/small:predict", content=body)
    assert answer.status_code == 400
    pytest.raises(ValueError, _raise, answer.json()["error"]).match(reason)


def _raise(text):
    raise ValueError(text)


def memory():
    """Bytes of this process, which the server is a part of."""
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("told", [True, False])
def test_a_hundred_megabytes_are_refused_and_not_kept(served, told):
    address, one = served
    before, part = memory(), bytes(1 << 20)
    body = (part for _ in range(100))
    answer = httpx.post(f"{address}/v1/models/small:predict", content=body, timeout=30,
                        headers={"content-length": str(100 << 20)} if told else {})
    assert answer.status_code == 413
    assert answer.json()["error"] == "a body may have 1048576 bytes at most; serve --body-limit allows more"
    assert memory() - before < 40e6 and one.held == 0


def test_bodies_that_began_together_are_refused_as_they_grow(served, monkeypatch):
    monkeypatch.setattr(served[1], "held", server.HELD * (1 << 20) - 1000)
    body = (bytes(600) for _ in range(4))  # whose length nobody told
    answer = httpx.post(f"{served[0]}/v1/models/small:predict", content=body)
    assert answer.status_code == 503 and served[1].held == server.HELD * (1 << 20) - 1000


def test_one_version_tells_of_itself_alone(served, monkeypatch):
    monkeypatch.setitem(served[1].versions.broken, 7, "is damaged")
    monkeypatch.setattr(served[1].versions, "refresh", lambda: None)
    told = {version: httpx.get(f"{served[0]}/v1/models/small/versions/{version}").json()["model_version_status"]
            for version in (1, 7)}
    assert [(row["version"], row["state"]) for rows in told.values() for row in rows] == [("1", "AVAILABLE"), ("7", "END")]


def test_the_eye_on_the_folder_stays_open(caplog):
    looks = []

    def refresh():
        looks.append(1)
        raise RuntimeError("anything")

    async def look():
        watching = asyncio.create_task(server.Server("m", types.SimpleNamespace(refresh=refresh), poll=0.001)._watch())
        while len(looks) < 3:
            await asyncio.sleep(0.001)
        watching.cancel()

    asyncio.run(asyncio.wait_for(look(), 10))
    assert "could not be looked at" in caplog.text


def raw(address, text, seconds=5):
    """What a server writes to a connection on which `text` was sent and nothing more, until it closes it."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(text)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize("text", [
    b"", b"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nContent-", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he",
    b"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"])
def test_slow_clients_are_answered_408_and_let_go(served, text):
    answer = raw(served[0], text)
    assert b"HTTP/1.1 408 " in answer and b"did not arrive within 1.5 s" in answer
    assert httpx.get(f"{served[0]}/healthz").status_code == 200


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_head_without_end_is_refused(served, before):
    answer = raw(served[0], before + b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 11000)
    assert b"HTTP/1.1 431 " in answer and b"65536 bytes at most" in answer
    fits = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"a: b\r\n" * 9000 + b"\r\n"
    assert raw(served[0], fits).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_refused_and_a_client_may_leave(served):
    assert b" 400 " in raw(served[0], b"\x16\x03\x01 hello\r\n\r\n")
    host, port = served[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    asked = raw(served[0], b"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                b"Content-Length: 99999999\r\n\r\n")
    assert asked.startswith(b"HTTP/1.1 413 ")
    end = time.monotonic() + 5
    while served[1].held and time.monotonic() < end:
        time.sleep(0.01)
    assert served[1].held == 0


def test_a_new_version_takes_over_while_clients_ask(served, small_bundle):
    """No request fails while the folder changes, and the old version is let go."""
    address, one = served
    first, beside = one.versions.current, small_bundle.parent / "beside"
    shutil.copytree(small_bundle, beside)
    os.rename(beside, small_bundle.parent / "2")
    body = {"signature_name": "wav_bytes", "instances": [coded(silence())]}
    end, statuses = time.monotonic() + 20, set()
    with httpx.Client() as client:
        while client.get(f"{address}/healthz").json()["version"] != 2:
            statuses.add(client.post(f"{address}/v1/models/small:predict", json=body).status_code)
            assert time.monotonic() < end
        statuses.add(client.post(f"{address}/v1/models/small/versions/2:predict", json=body).status_code)
        shutil.rmtree(small_bundle.parent / "2")
        while client.get(f"{address}/healthz").json()["version"] != 1:
            assert time.monotonic() < end
    assert statuses == {200} and one.versions.current is not first


def test_addresses_that_cannot_be_had():
    with server.listening("127.0.0.1", 0) as place:
        with pytest.raises(KwsclsError, match="cannot listen there: address already in use; choose another"):
            server.listening("127.0.0.1", place.getsockname()[1])
    with pytest.raises(KwsclsError, match="cannot listen there"):
        server.listening("no.such.host.invalid", 80)
    for host, port in (("127.0.0.1", 99999999), ("a..b", 80)):
        with pytest.raises(KwsclsError, match="cannot listen there"):
            server.listening(host, port)


SERVE = """
import sys

sys.modules["keras"] = sys.modules["tensorflow_io"] = sys.modules["keras_cv"] = None  # whoever imports it fails
from kwscls import serve

code = serve.main(sys.argv[1:])
foreign = [name for name in sys.modules if name.startswith(("kwscls.models", "kwscls.layers", "kwscls.training"))]
assert not foreign, foreign
sys.exit(code)
"""


def test_the_verb_serves_without_model_code_and_ends_in_good_order(small_bundle):
    """A request that is on its way when the process is told to stop still gets its answer."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(small_bundle.parent), "--port", "0"],
                               stderr=subprocess.PIPE, text=True)
    try:
        lines = iter(process.stderr.readline, "")
        address = next(line.split()[1] for line in lines if line.startswith("  page")).rstrip("/")
        body = json.dumps({"signature_name": "wav_bytes", "instances": [coded(silence())]}).encode()
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
            connection.sendall(body[:20])
            while httpx.get(f"{address}/healthz").status_code != 200:
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            connection.sendall(body[20:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert process.wait(30) == 0, process.stderr.read()
        assert "stopped" in process.stderr.read()
    finally:
        process.kill()
        process.stderr.close()
