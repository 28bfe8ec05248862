"""gunicorn's threaded worker, with an end to every connection's patience.

A socket's own timeout bounds one call: who sends or reads a byte a second would hold a thread for days. Here a request
has a time to arrive in, and an answer a time to be taken; then the connection is shut down, which ends the call that
waits in it.
"""

import contextlib
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_LAST_SECONDS = 1.0  # for one that was accepted last to say what it wants
_GOODBYE_SECONDS = 2.0  # for a client to close its side, so that the last bytes are not lost to a reset


class Worker(ThreadWorker):  # type: ignore[misc]  # the package has no types
    """The front's process.

    request_seconds   for a request to arrive, from its first byte; and for the first byte of a new connection
    answer_seconds    from there to the answer's last byte; 0 is no limit, for both
    """

    request_seconds = 0.0
    answer_seconds = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due: dict[Any, float] = {}

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread; one that has said nothing yet waits outside: silence must not use them up."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.timeout = time.monotonic() + (self.request_seconds or self.cfg.keepalive)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: Any) -> Any:
        """One request of a connection, in a thread."""
        self._allow(conn, self.request_seconds)
        try:
            kept = super().handle(conn)
        finally:
            self._due.pop(conn, None)
        if kept is False:
            _goodbye(conn.sock)
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The request is whole: from here on the time for its answer runs."""
        self._allow(conn, self.answer_seconds)
        return super().handle_request(req, conn)

    def notify(self) -> None:
        """Once a second at least, in the main thread."""
        super().notify()
        now = time.monotonic()
        for conn, due in list(self._due.items()):
            if now >= due:
                self._due.pop(conn, None)
                _abort(conn.sock)
        if not self.alive and not self._accepting:
            self._last_call(now)

    def _last_call(self, now: float) -> None:
        """Stopping: who is in the queue is answered, who comes later is refused; gunicorn would let them wait."""
        for listener in self.sockets:
            count = -1
            while listener.sock is not None and count != self.nr_conns:
                count = self.nr_conns
                self.accept(listener)
            listener.close()
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, now + _LAST_SECONDS)

    def _allow(self, conn: Any, seconds: float) -> None:
        self._due.pop(conn, None)
        if seconds:
            self._due[conn] = time.monotonic() + seconds


def limits(request_seconds: float, answer_seconds: float) -> type[Worker]:
    """The worker with these limits."""
    return type("Worker", (Worker,), {"request_seconds": request_seconds, "answer_seconds": answer_seconds})


def _goodbye(sock: socket.socket) -> None:
    """Wait for the client's end of a connection here: gunicorn would do it in the one thread that accepts new ones."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _GOODBYE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(4096):
                return
    _shut(sock)


def _abort(sock: socket.socket) -> None:
    """End the call that waits, and drop what the client has not taken: the kernel would keep offering it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
