"""The development server: a SavedModel on TensorFlow Serving's REST paths, a page to play with, health and metrics."""

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import time
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from kwscls.errors import KwsclsError
from kwscls.serving import rest
from kwscls.serving.batching import Batcher
from kwscls.serving.connection import Patience
from kwscls.serving.rest import Refused
from kwscls.serving.versions import Versions, name_of

LOG = logging.getLogger(__name__)
PAGE = Path(__file__).with_name("page.html")
# The page brings everything with it; a browser that obeys this lets it ask nobody but this server.
POLICY = ("default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; "
          "connect-src 'self'; media-src blob:; img-src data:; base-uri 'none'; form-action 'none'")
JSON = "application/json"
HELD = 8
"""Bodies of the largest size that may be in memory at the same time."""


class Server:
    """What answers the requests for one model.

    Args:
        name: under which it is served.
        versions: a `Versions`.
        batch_size: clips answered together, at most.
        body_limit: bytes of a request's body, at most.
        body_seconds: time in which the head of a request, and then its body, must have arrived.
        poll: seconds between looks at the folder for a newer version.
    """

    def __init__(self, name, versions, batch_size=64, body_limit=16 << 20, body_seconds=30.0, poll=2.0):
        self.name, self.versions = name, versions
        self.batch_size, self.body_limit, self.body_seconds, self.poll = batch_size, body_limit, body_seconds, poll
        self.held = 0
        self.batcher = None
        self.metrics = Metrics()
        self.metrics.version.set_function(lambda: self.versions.current.version)
        self.metrics.waiting.set_function(lambda: self.batcher.waiting if self.batcher else 0)

    def app(self):
        """The ASGI application."""
        one, numbered = "/v1/models/{name}", "/v1/models/{name}/versions/{version}"
        routes = [Route("/", self.page), Route("/about", self.about), Route("/healthz", self.health),
                  Route("/metrics", self.show_metrics), Route("/monitoring/prometheus/metrics", self.show_metrics),
                  Route("/v1/models", self.models)]
        for path in (numbered, one):
            routes += [Route(f"{path}:predict", self.predict, methods=["POST"]), Route(f"{path}/metadata", self.metadata),
                       Route(f"{path}/labels", self.labels), Route(path, self.status)]
        return Starlette(routes=[self._measured(route) for route in routes], lifespan=self._life, exception_handlers={
            Refused: _refused, HTTPException: _http_error, Exception: _bug})

    async def predict(self, request):
        """`:predict`: an array in, scores out."""
        servable = self._servable(request)
        size = 0
        try:
            body = await self._body(request)
            size = len(body)
            signature, inputs, by_row = rest.read_request(body, servable.signatures)
            del body
            outputs = await self.batcher.answer(servable, signature, inputs)
        finally:
            self.held -= size
        return Response(rest.answer_json(outputs, by_row), media_type=JSON)

    async def status(self, request):
        """Which versions there are and how they fare; or one of them."""
        self._check_name(request)
        rows, version = self.versions.status(), request.path_params.get("version")
        if version is not None:
            rows = [row for row in rows if row["version"] == version]
        if not rows:
            raise Refused(404, f"there is no version {version[:80]!r} of {self.name!r}")
        return JSONResponse({"model_version_status": rows})

    async def metadata(self, request):
        """The signatures, as TensorFlow Serving shows them."""
        servable = self._servable(request)
        return JSONResponse({
            "model_spec": {"name": self.name, "signature_name": "", "version": str(servable.version)},
            "metadata": {"signature_def": {"signature_def": servable.definitions}}})

    async def labels(self, request):
        """The labels, in the order of the scores."""
        servable = self._servable(request)
        if "labels" not in servable.facts:
            raise Refused(404, "this model does not tell its labels")
        return JSONResponse({"labels": servable.facts["labels"]})

    async def models(self, request):
        """The names of the models served: one."""
        return JSONResponse({"models": [self.name]})

    async def about(self, request):
        """What the page needs to know."""
        servable = self.versions.current
        return JSONResponse({"name": self.name, "version": servable.version, "signatures": sorted(servable.signatures),
                             "batch_size": self.batch_size, **servable.facts})

    async def health(self, request):
        """Whether a model is there to answer."""
        return JSONResponse({"status": "ok", "model": self.name, "version": self.versions.current.version})

    async def show_metrics(self, request):
        """Metrics for Prometheus."""
        return Response(generate_latest(self.metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST})

    async def page(self, request):
        """The page for people."""
        return HTMLResponse(_page(), headers={"content-security-policy": POLICY, "cache-control": "no-cache"})

    def _servable(self, request):
        self._check_name(request)
        version, current = request.path_params.get("version"), self.versions.current
        if version is not None and version != str(current.version):
            raise Refused(404, f"there is no version {version[:80]!r}; {self.name!r} is served in version {current.version}")
        return current

    def _check_name(self, request):
        name = request.path_params["name"]
        if name != self.name:
            raise Refused(404, f"there is no model {name[:80]!r}; this server has {self.name!r}")

    async def _body(self, request):
        """The body of a request, which counts into `held` from then on."""
        told = request.headers.get("content-length", "0")
        expected = int(told) if told.isdecimal() else 0
        held = max(expected, 1) if expected <= self.body_limit else 0
        if self.held + held > HELD * self.body_limit:
            raise self._too_many()
        if expected > self.body_limit and request.headers.get("expect", "").lower() == "100-continue":
            raise self._too_large()  # the client asks before it sends
        try:
            return await asyncio.wait_for(self._read(request), self.body_seconds)
        except asyncio.TimeoutError:
            raise Refused(408, f"the body did not arrive within {self.body_seconds:g} s") from None
        except ClientDisconnect:
            raise Refused(400, "the client went away") from None

    async def _read(self, request):
        """The body; one that is too large is taken in and thrown away, so that the client can read why."""
        parts, size = [], 0
        try:
            async for part in request.stream():
                size += len(part)
                if size > self.body_limit:
                    self.held -= sum(map(len, parts))
                    parts.clear()
                elif self.held + len(part) > HELD * self.body_limit:
                    raise self._too_many()
                else:
                    self.held += len(part)
                    parts.append(part)
            if size > self.body_limit:
                raise self._too_large()
        except BaseException:
            self.held -= sum(map(len, parts))
            raise
        return b"".join(parts)

    def _too_large(self):
        return Refused(413, f"a body may have {self.body_limit} bytes at most; serve --body-limit allows more")

    def _too_many(self):
        return Refused(503, "too many large requests at once; try again later")

    @contextlib.asynccontextmanager
    async def _life(self, app):
        """What lives as long as the server: the queue, and the eye on the folder."""
        self.batcher = Batcher(self.batch_size, observe=self.metrics.batch.observe)
        watching = asyncio.create_task(self._watch())
        yield
        watching.cancel()
        await self.batcher.close()

    async def _watch(self):
        while True:
            await asyncio.sleep(self.poll)
            try:
                await asyncio.to_thread(self.versions.refresh)
            except Exception:  # whatever it is, the version that answers goes on, and the next look may find better
                LOG.exception("the versions could not be looked at")

    def _measured(self, route):
        """The route, with its requests counted and timed."""
        answer, path = route.endpoint, route.path

        @functools.wraps(answer)
        async def measured(request):
            started, status = time.perf_counter(), 500
            try:
                response = await answer(request)
                status = response.status_code
                return response
            except Refused as error:
                status = error.status
                raise
            finally:
                self.metrics.requests.labels(path, status).inc()
                self.metrics.seconds.labels(path).observe(time.perf_counter() - started)

        return Route(path, measured, methods=route.methods)


class Metrics:
    """What Prometheus may ask about."""

    def __init__(self):
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter("kwscls_requests", "requests", ["path", "status"], registry=self.registry)
        self.seconds = Histogram("kwscls_request_seconds", "time to answer", ["path"], registry=self.registry,
                                 buckets=(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
        self.batch = Histogram("kwscls_batch_clips", "clips answered together", registry=self.registry,
                               buckets=(1, 2, 4, 8, 16, 32, 64, 128))
        self.waiting = Gauge("kwscls_waiting_clips", "clips in the queue", registry=self.registry)
        self.version = Gauge("kwscls_version", "the version that answers", registry=self.registry)


def serve(settings, ready=None):
    """Serve a model until the process is told to stop.

    Args:
        settings: a `ServeSettings`.
        ready: a function of (server, address), called once requests can come.

    Raises:
        KwsclsError: there is no model, or the address cannot be had.
    """
    from kwscls.serving.servable import Servable

    def load(folder, version):
        loaded = Servable(folder, version)
        try:
            loaded.warm()
        except Refused as error:
            raise KwsclsError(f"does not answer: {error.reason}", folder, "export it again") from error
        return loaded

    versions = Versions(settings.folder, load)
    server = Server(settings.name or name_of(settings.folder), versions, settings.batch_size,
                    round(settings.body_limit * 2 ** 20), settings.body_seconds, settings.poll)
    with listening(settings.host, settings.port) as place:
        if ready:
            host, port = place.getsockname()[:2]
            ready(server, f"http://{f'[{host}]' if ':' in host else host}:{port}")
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn ends in good order, then hands the signal on to these
            signal.signal(number, lambda *_: None)
        on_uvicorn(server).run(sockets=[place])


def on_uvicorn(server):
    """A uvicorn server, still to be run, of a `Server`."""
    return uvicorn.Server(uvicorn.Config(
        server.app(), http=functools.partial(Patience, header_seconds=server.body_seconds), ws="none", log_level="error",
        access_log=False, server_header=False, limit_concurrency=512, timeout_keep_alive=30,
        timeout_graceful_shutdown=20))


def listening(host, port):
    """A socket at an address.

    Raises:
        KwsclsError: it is taken, forbidden or does not exist.
    """
    try:
        if not 0 <= port < 65536:
            raise OverflowError("ports go from 0 to 65535")
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        place = socket.socket(family, socket.SOCK_STREAM)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The connections inherit it. Without, an answer's body waits for the client's late word that its head has arrived.
        place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            place.bind(address)
            place.listen(2048)
        except OSError:
            place.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:  # UnicodeError: no host can have that name
        why = os.strerror(error.errno).lower() if isinstance(error, OSError) and (error.errno or 0) > 0 else str(error)
        raise KwsclsError(f"cannot listen there: {why}", f"{host}:{port}", "choose another --port or --host") from error
    return place


@functools.cache
def _page():
    return PAGE.read_text(encoding="utf-8")


async def _refused(request, error):
    headers = {"retry-after": "1"} if error.status == 503 else {}
    if error.status in (400, 408, 413):  # what else the client sends is not read
        headers["connection"] = "close"
    return JSONResponse({"error": error.reason}, error.status, headers)


async def _http_error(request, error):
    reason = {404: f"there is nothing at {request.url.path[:200]}", 405: f"{request.method} is not answered here"}
    return JSONResponse({"error": reason.get(error.status_code, error.detail)}, error.status_code, error.headers)


async def _bug(request, error):
    return JSONResponse({"error": "the server failed; its log says more"}, 500)
