"""gunicorn's threaded worker, with an end to every connection's patience.

A socket's own timeout bounds one call: who sends or reads a byte a second would hold a thread for days. Here a request
has a time to arrive in, and an answer a time to be taken; then the connection is shut down, which ends the call that
waits in it.

TLS is put on a connection here and not by gunicorn, whose handshake holds a thread for as long as the client likes:
every step of it that has to wait for the client waits outside, among the silent connections.
"""

import contextlib
import logging
import math
import socket
import ssl
import struct
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

log = logging.getLogger(__name__)

_LAST_SECONDS = 1.0  # for one that was accepted last to say what it wants
_SAY_SECONDS = 60.0
_GOODBYE_SECONDS = 2.0  # for a client to close its side, so that the last bytes are not lost to a reset


class Worker(ThreadWorker):  # type: ignore[misc]  # the package has no types
    """The front's process.

    request_seconds   for a request to arrive, from its first byte; and for the first byte of a new connection
    answer_seconds    from there to the answer's last byte; 0 is no limit, for both
    context           TLS of a new connection; None for a server without it
    """

    request_seconds = 0.0
    answer_seconds = 0.0
    context: Callable[[], ssl.SSLContext | None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due: dict[Any, float] = {}
        self._failed: dict[str, float] = {}  # why handshakes failed, and when it was last said

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread; one that has said nothing yet waits outside: silence must not use them up."""
        if not conn.initialized and not conn.data_ready:
            conn.timeout = time.monotonic() + (self.request_seconds or self.cfg.keepalive)
            self._wait(conn)
        elif self.context is None or getattr(conn, "secured", False):
            super().enqueue_req(conn)
        else:
            step = self.tpool.submit(self._shake, conn)
            step.add_done_callback(lambda done: self.method_queue.defer(self._shaken, conn, done))

    def _wait(self, conn: Any) -> None:
        """Until the client says something, or its time is over."""
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _shake(self, conn: Any) -> bool:
        """What can be done of the handshake now, in a thread; whether that was all of it."""
        if not isinstance(conn.sock, ssl.SSLSocket):
            assert self.context is not None
            context = self.context()
            assert context is not None
            conn.sock = context.wrap_socket(conn.sock, server_side=True, do_handshake_on_connect=False)
        try:
            conn.sock.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _shaken(self, conn: Any, step: Future[bool]) -> None:
        """In the main thread: on with the handshake, or with the first request."""
        error = step.exception()
        if error is not None:
            self.nr_conns -= 1
            conn.close()
            if not isinstance(error, OSError):
                raise error
            self._say(conn.client, error)
        elif step.result():
            conn.secured = True
            conn.data_ready = bool(conn.sock.pending())
            self.enqueue_req(conn)
        else:
            self._wait(conn)

    def _say(self, client: Any, error: OSError) -> None:
        """Why there is no connection; each reason once a minute, since anybody can cause it."""
        reason, now = getattr(error, "reason", None) or error.strerror or str(error), time.monotonic()
        if now - self._failed.get(reason, -math.inf) >= _SAY_SECONDS:
            self._failed[reason] = now
            log.warning("no TLS with %s: %s", client[0], reason.lower().replace("_", " "))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """After a request. What TLS has decrypted already would never make the socket readable."""
        kept = not fs.cancelled() and fs.exception() is None and fs.result() is True
        if kept and isinstance(conn.sock, ssl.SSLSocket) and conn.sock.pending():
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

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


def limits(
    request_seconds: float, answer_seconds: float, context: Callable[[], ssl.SSLContext | None] | None = None
) -> type[Worker]:
    """The worker with these limits, and with TLS where there is a context."""
    members = {"request_seconds": request_seconds, "answer_seconds": answer_seconds}
    return type("Worker", (Worker,), members | {"context": staticmethod(context) if context else None})


def _goodbye(sock: socket.socket) -> None:
    """Wait for the client's end of a connection here: gunicorn would do it in the one thread that accepts new ones."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: TLS is over already
        deadline = time.monotonic() + _GOODBYE_SECONDS
        if isinstance(sock, ssl.SSLSocket):
            sock.settimeout(_GOODBYE_SECONDS)
            sock.unwrap()  # the word that nothing was cut off
        socket.socket.shutdown(sock, socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not socket.socket.recv(sock, 4096):
                return
    _shut(sock)


def _abort(sock: socket.socket) -> None:
    """End the call that waits, and drop what the client has not taken: the kernel would keep offering it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not TLS's own shutdown, which takes away the object that a thread may be waiting in.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
