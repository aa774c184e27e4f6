"""Connections that do not wait for ever: a client that is slow with the head of a request, or sends no end of it, is told so."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REFUSAL = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
LONGEST_HEAD = 1 << 16
"""Bytes of a request's head, about: the pieces in which they arrive are counted whole."""


class Patience(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits on the head of each request: 408 when it is late, 431 when it is long.

    Args:
        header_seconds: from the connection's start, or from the first byte of a further request, until its head is there.
    """

    def __init__(self, *args, header_seconds=30.0, **more):
        super().__init__(*args, **more)
        self.header_seconds, self._timer, self._head = header_seconds, None, 0

    def connection_made(self, transport):
        super().connection_made(transport)
        self._start()

    def data_received(self, data):
        super().data_received(data)
        if self._timer is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large",
                             b"the head of a request may have %d bytes at most" % LONGEST_HEAD)

    def on_message_begin(self):
        super().on_message_begin()
        if self._timer is None:
            self._start()

    def on_headers_complete(self):
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc):
        self._stop()
        super().connection_lost(exc)

    def _start(self):
        self._head = 0
        self._timer = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self):
        self._refuse(b"408 Request Timeout", b"the head of the request did not arrive within %g s" % self.header_seconds)

    def _refuse(self, status, reason):
        self._stop()
        if not self.transport.is_closing():
            reason = b'{"error": "%s"}' % reason
            self.transport.write(REFUSAL % (status, len(reason), reason))
            self.transport.close()
