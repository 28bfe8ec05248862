"""Stand-ins for the network and for servers that the synthetic API server is too well-behaved to be."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Relay:
    """A TCP hop before a server: it can be away, it counts connections, and it remembers what the server said.

    accepted  connections so far
    said      every byte of the server
    """

    def __init__(self, url):
        parts = urlsplit(url)
        self._server = parts.hostname, parts.port
        self._lock = threading.Lock()
        self._pairs = {}
        self.accepted, self.said = 0, bytearray()
        self._listener = self._listen(0)
        self.url = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self):
        """How many are open now."""
        with self._lock:
            return len(self._pairs)

    def away(self):
        """End every connection and refuse new ones, as a host whose process has died."""
        # A blocked accept() outlives the close of its socket and would take one more connection; shutdown ends it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self):
        """End every connection."""
        with self._lock:
            pairs = list(self._pairs.values())
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def back(self):
        """Listen again, at the same port."""
        self._listener = self._listen(urlsplit(self.url).port)

    def _listen(self, port):
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._server)
                with self._lock:
                    self.accepted += 1
                    number = self.accepted
                    self._pairs[number] = near, far
                threading.Thread(target=self._carry, args=(number, near, far), daemon=True).start()

    def _carry(self, number, near, far):
        back = threading.Thread(target=_pump, args=(far, near, self.said.extend), daemon=True)
        back.start()
        _pump(near, far, len)
        back.join()
        near.close()
        far.close()
        with self._lock:
            del self._pairs[number]


def _pump(source, sink, seen):
    """Bytes from one end to the other until either is closed; then the other one is, too."""
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            seen(data)
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def relay(url):
    made = Relay(url)
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            made.away()


@contextlib.contextmanager
def scripted(respond, protocol="HTTP/1.1"):
    """URL of a server whose every answer is written by `respond(handler)`: wrong framing, odd headers, no end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = protocol

        def do_GET(self):
            respond(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler, body, status=200, **headers):
    """A whole answer with its length."""
    handler.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
