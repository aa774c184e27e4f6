"""Connections that do not wait for ever: a client that is slow with the head of a request is answered 408."""

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SLOW = (b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
        b"content-length: %d\r\n\r\n%s")


class Patience(H11Protocol):
    """uvicorn's HTTP protocol with a time limit on the head of each request.

    Args:
        header_seconds: from the connection's start, or from the first byte of a further request, until its head is there.
    """

    def __init__(self, *args, header_seconds=30.0, **more):
        super().__init__(*args, **more)
        self.header_seconds, self._timer = header_seconds, None

    def connection_made(self, transport):
        super().connection_made(transport)
        self._start()

    def data_received(self, data):
        super().data_received(data)
        self._look()

    def on_response_complete(self):
        super().on_response_complete()
        self._look()  # what came behind the last request is read only now

    def _look(self):
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._timer is None and self.conn.trailing_data[0]:
            self._start()

    def connection_lost(self, exc):
        self._stop()
        super().connection_lost(exc)

    def _start(self):
        self._timer = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self):
        self._timer = None
        if not self.transport.is_closing():
            reason = b'{"error": "the head of the request did not arrive within %g s"}' % self.header_seconds
            self.transport.write(SLOW % (len(reason), reason))
            self.transport.close()
