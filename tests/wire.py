"""Replays recorded exchanges with a kube-apiserver against another server, and says where the answers differ."""

import http.client
import json
import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

RECORDINGS = Path(__file__).resolve().parent / "data" / "wire"

# Headers whose values the recordings pin; the others are identifiers and dates.
PINNED = ("content-type", "content-encoding", "vary", "retry-after", "x-content-type-options", "cache-control")

_VARIABLE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\beyJ[\w-]+"), "TOKEN"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\d+"), "N"),
)


def recording(name):
    return json.loads((RECORDINGS / f"{name}.json").read_text())


def exchanges(name):
    return recording(name)["exchanges"]


def normal(value):
    """The value with everything that differs from run to run replaced; key order is kept."""
    if isinstance(value, dict):
        # What a client wrote is derived by the type of each field, which the synthetic server does not know.
        return {key: "FIELDS" if key == "fieldsV1" else normal(part) for key, part in value.items()}
    if isinstance(value, list):
        return [normal(part) for part in value]
    if isinstance(value, str):
        for pattern, name in _VARIABLE:
            value = pattern.sub(name, value)
        return value
    return 0 if isinstance(value, int) and not isinstance(value, bool) and value > 999 else value


def normal_text(text):
    """JSON text in its normal form, keys in their order; any other text with its numbers replaced."""
    try:
        return json.dumps(normal(json.loads(text)))
    except ValueError:
        return normal(text)


class Answer:
    """One answer: status, headers, how the body was framed, and the body; of a watch as far as it was read."""

    def __init__(self, status, headers, body, ended):
        self.status, self.headers, self.body, self.ended = status, headers, body, ended

    def json(self):
        return json.loads(self.body)


class Client:
    """Sends recorded requests, with the versions and tokens that this server gave in place of the recorded ones."""

    def __init__(self, url):
        self.host = urlsplit(url).netloc
        self.known = {}

    def current(self, text):
        for recorded, own in self.known.items():
            text = text.replace(f"resourceVersion={recorded}&", f"resourceVersion={own}&")
            text = text.replace(f"continue={recorded}", f"continue={own}")
            text = text.replace(f'"resourceVersion":"{recorded}"', f'"resourceVersion":"{own}"')
        return text

    def send(self, exchange, timeout=None):
        """Send a recorded request and read its whole answer."""
        request = exchange["request"]
        method, path, _ = self.current(request["line"]).split(" ")
        if timeout is not None:
            path = re.sub(r"timeoutSeconds=\d+", f"timeoutSeconds={timeout}", path)
        headers = {key: value for key, value in request["headers"] if key not in {"Host", "Content-Length"}}
        body = self.current(request["body"]) if request.get("body") else None
        return self.request(method, path, headers, body)

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for key, value in (headers or {}).items():
            connection.putheader(key, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode() if body is not None else None)
        response = connection.getresponse()
        try:
            text = response.read()
            ended = "terminating chunk" if response.headers.get("Transfer-Encoding") else "content-length"
        except http.client.IncompleteRead as error:
            text, ended = error.partial, "connection"
        found = {key.lower(): value for key, value in response.getheaders()}
        connection.close()
        return Answer(response.status, found, text, ended)

    def learn(self, exchange, answer):
        """Remember which of this server's versions and tokens stand for which recorded ones."""
        try:
            recorded, own = json.loads(exchange["response"]["body"]), answer.json()
        except (ValueError, KeyError):
            return
        for name in ("resourceVersion", "continue"):
            if name in recorded.get("metadata", {}) and name in own.get("metadata", {}):
                self.known[recorded["metadata"][name]] = own["metadata"][name]

    def watch(self, path, token="admintoken"):
        return Watch(self.host, path, token)


class Watch:
    """A watch under way, line by line as it comes.

    ended   how: "terminating chunk", "connection", or "" while it goes on
    """

    def __init__(self, host, path, token="admintoken", **headers):
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=20)
        headers = {"Host": host, "Accept": "application/json", "Authorization": f"Bearer {token}", **headers}
        head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self._raw, self.body, self._read, self.ended = b"", b"", 0, ""
        while b"\r\n\r\n" not in self._raw:
            self._receive(20)
        head, _, self._raw = self._raw.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1])
        assert b"Transfer-Encoding: chunked" in head, head
        self._unchunk()

    def _receive(self, seconds):
        """Read once; False when nothing came in time."""
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(1 << 20)
        except TimeoutError:
            return False
        except ConnectionError:
            data = b""
        if not data:
            self.ended = "connection"
        self._raw += data
        return bool(data)

    def _unchunk(self):
        """Move what has come from chunks to the body; chunks and lines do not align."""
        while not self.ended:
            size, found, rest = self._raw.partition(b"\r\n")
            if not found or len(rest) < int(size, 16) + 2:
                return
            if int(size, 16) == 0:
                self.ended = "terminating chunk"
            self.body += rest[: int(size, 16)]
            self._raw = rest[int(size, 16) + 2 :]

    @property
    def rest(self):
        """What came after the last line that was taken."""
        return self.body[self._read :]

    def line(self, seconds=5.0):
        """The next line, or None when there is none in time or the stream has ended."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if self.ended or left <= 0 or not self._receive(left):
                return None
            self._unchunk()
        line = self.rest.partition(b"\n")[0]
        self._read += len(line) + 1
        return line

    def event(self, seconds=5.0):
        line = self.line(seconds)
        return None if line is None else json.loads(line)

    def events(self, count, seconds=5.0):
        found = []
        while len(found) < count and (event := self.event(seconds)) is not None:
            found.append(event)
        return found

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def differences(exchange, answer, *, body=True):
    """Where an answer differs from the recorded one, in words; nothing when it agrees."""
    recorded = exchange["response"]
    wanted = {key.lower(): value for key, value in recorded["headers"]}
    found = []
    if answer.status != int(recorded["status_line"].split(" ")[1]):
        found.append(f"status {answer.status}, recorded {recorded['status_line']}: {answer.body[:300]!r}")
    found += [
        f"{name}: {answer.headers.get(name)!r}, recorded {wanted.get(name)!r}"
        for name in PINNED
        if answer.headers.get(name) != wanted.get(name)
    ]
    if ("transfer-encoding" in answer.headers) != ("transfer-encoding" in wanted):
        found.append(f"framing {sorted(answer.headers)}, recorded {recorded['ended_by']}")
    if answer.ended != recorded["ended_by"]:
        found.append(f"ended by {answer.ended}, recorded {recorded['ended_by']}")
    if body and "body" in recorded and not recorded.get("body_trimmed_to"):
        own, other = normal_text(answer.body.decode()), normal_text(recorded["body"])
        if own != other:
            found.append(f"body\n{own}\nrecorded\n{other}")
        if answer.body.endswith(b"\n") != recorded["body"].endswith("\n"):
            found.append("the newline at the end")
    return found


def lines(exchange):
    """The recorded lines of a watch; they do not align with its chunks."""
    text = "".join(chunk["data"] for chunk in exchange["response"]["chunks"])
    return [json.loads(line) for line in text.splitlines()]
