"""A scraper: a process that asks for an exposition when it is told to, and says what came and how long it took.

It is a process of its own so that reading 180 MB takes no time from the one that measures. One JSON line in is one
scrape, one JSON line out is its result. Answers are read from the socket until it closes and looked at afterwards, so
an answer in small chunks costs a scrape no more than one in a piece.
"""

import socket
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import msgspec

_BUFFER = 1 << 20
_READY_SECONDS = 600.0


class Ask(msgspec.Struct, frozen=True):
    """A scrape that is wanted.

    count             also count the samples, afterwards
    bytes_per_second  read no faster; 0 as fast as it comes
    ready_url         wait until this answers 200 first
    seconds           give up when nothing came for so long
    """

    url: str
    gzip: bool = True
    count: bool = False
    bytes_per_second: int = 0
    ready_url: str = ""
    seconds: float = 120.0


class Scrape(msgspec.Struct, frozen=True):
    """A scrape that was made.

    begun, ended   monotonic seconds; this clock is one for all processes
    body_bytes     as they came: compressed when the answer was
    samples, pods  lines that are samples, and those of kube_pod_info; -1 when they were not counted
    """

    status: int
    begun: float
    ended: float
    body_bytes: int
    encoding: str
    samples: int = -1
    pods: int = -1

    @property
    def seconds(self) -> float:
        return self.ended - self.begun


def scrape(ask: Ask) -> Scrape:
    """What came; raise OSError when no whole answer does."""
    if ask.ready_url:
        _wait(ask.ready_url)
    begun = time.monotonic()
    pieces: list[bytes] = []
    size = 0
    for piece in _read(ask):
        size += len(piece)
        if ask.count or not pieces:  # the first has the headers; kept text would cost memory for nothing
            pieces.append(piece)
    ended = time.monotonic()
    head, _, first = b"".join(pieces[:1]).partition(b"\r\n\r\n")
    status, headers = _parsed(head)
    body, encoding = size - len(head) - 4, headers.get("content-encoding", "identity")
    if body != int(headers.get("content-length", body)):
        raise ConnectionError(f"{body} bytes of {headers['content-length']}")
    if not ask.count:
        return Scrape(status, begun, ended, body, encoding)
    chunks: Iterable[bytes] = [first, *pieces[1:]]
    if headers.get("transfer-encoding") == "chunked":
        chunks = [dechunked(b"".join(chunks))]
    samples, pods = counted(_inflated(chunks) if encoding == "gzip" else chunks)
    return Scrape(status, begun, ended, body, encoding, samples, pods)


def _read(ask: Ask) -> Iterator[bytes]:
    parts = urlsplit(ask.url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    head = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\nAccept: text/plain;version=0.0.4\r\n"
    head += f"Accept-Encoding: {'gzip' if ask.gzip else 'identity'}\r\n\r\n"
    with socket.socket(socket.AF_INET6 if ":" in (parts.hostname or "") else socket.AF_INET) as connection:
        if ask.bytes_per_second:
            # Otherwise the kernel takes megabytes ahead, and the sender never notices how slow the reader is.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.settimeout(ask.seconds)
        connection.connect((parts.hostname, parts.port or 80))
        connection.sendall(head.encode())
        while data := connection.recv(1 << 15 if ask.bytes_per_second else _BUFFER):
            yield data
            if ask.bytes_per_second:
                time.sleep(len(data) / ask.bytes_per_second)


def _wait(url: str) -> None:
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < _READY_SECONDS:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310
                return
        except (urllib.error.HTTPError, OSError):
            # 2 per cent late at most: each question takes milliseconds from the workers that it asks about.
            time.sleep(max(0.02, waited / 50))
    raise TimeoutError(f"{url} did not answer 200")


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split()
    if len(words) < 2 or not words[1].isdigit():
        raise ConnectionError("no answer")
    pairs = (line.partition(":") for line in lines)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def dechunked(data: bytes) -> bytes:
    """The body out of its chunks; raise ConnectionError when the last one is missing."""
    found: list[bytes] = []
    at = 0
    while (end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:end].partition(b";")[0], 16)
        if not size:
            return b"".join(found)
        found.append(data[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    raise ConnectionError("the answer was cut")


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(31)
    for chunk in chunks:
        yield inflater.decompress(chunk)
    if not inflater.eof or inflater.unused_data:
        raise ConnectionError("not one whole gzip member")


def counted(chunks: Iterable[bytes]) -> tuple[int, int]:
    """(samples, samples of kube_pod_info) of an exposition that comes in chunks, cut anywhere."""
    samples = pods = 0
    rest = b""
    for chunk in chunks:
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            lines = b"\n" + whole
            samples += lines.count(b"\n") - lines.count(b"\n#")
            pods += lines.count(b"\nkube_pod_info{")
    return samples, pods


def main() -> None:
    for line in sys.stdin.buffer:
        try:
            answer = msgspec.json.encode(scrape(msgspec.json.decode(line, type=Ask)))
        except (OSError, zlib.error) as error:
            answer = msgspec.json.encode({"error": f"{type(error).__name__}: {error}"})
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
