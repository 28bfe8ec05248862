"""One request and its answer on the wire: every fault by its name, connections given back, headers as sent."""

import contextlib
import socket
import threading
import time

import pytest
from loopback import relay, reply, scripted
from reflecting import client_of

from shardex.kube.client import ApiError, CutError, RefusedError, StalledError

JSON = "application/json"


def fetched(client, path="/x", query=None, patience=2.0):
    """The whole body."""
    with client.get(path, query or {}, JSON, patience) as answer:
        return b"".join(answer.chunks())


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunked(handler, *chunks, end=b"0\r\n\r\n"):
    """An answer in chunks, whose end may be left out."""
    handler.send_response(200)
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    for data in chunks:
        handler.wfile.write(chunk(data))
    handler.wfile.write(end)
    handler.close_connection = not end


def test_request():
    """What the server is asked: path and query behind the URL's own path, the media types, who we are, no gzip."""
    seen = []

    def respond(handler):
        seen.append((handler.path, dict(handler.headers)))
        reply(handler, b"{}")

    with scripted(respond) as url:
        assert fetched(client_of(f"{url}/k8s/clusters/c-1/"), query={"fieldSelector": "a!=b,c!=d"}) == b"{}"
    [(path, headers)] = seen
    assert path == "/k8s/clusters/c-1/x?fieldSelector=a%21%3Db%2Cc%21%3Dd"
    assert headers["accept"] == JSON
    assert headers["user-agent"] == "shardex/test"
    assert headers["accept-encoding"] == "identity"
    assert "authorization" not in headers


@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 20) + 7], ids=str)
@pytest.mark.parametrize("framing", ["length", "chunked", "http-1.0"])
def test_bodies(framing, size):
    """The body arrives whole in each of the framings that servers and proxies have."""
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]

    def respond(handler):
        if framing == "length":
            reply(handler, body)
        elif framing == "chunked":
            chunked(handler, *[body[at : at + 70_000] for at in range(0, size, 70_000)])
        else:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(body)

    with scripted(respond, protocol="HTTP/1.0" if framing == "http-1.0" else "HTTP/1.1") as url:
        assert fetched(client_of(url)) == body


@pytest.mark.parametrize("framing", ["chunked", "http-1.0"])
def test_a_line_arrives_when_it_was_sent(framing):
    """An event is there at once, not when so many bytes have come that a buffer is full."""
    go_on = threading.Event()

    def respond(handler):
        handler.send_response(200)
        if framing == "chunked":
            handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(chunk(b"event\n") if framing == "chunked" else b"event\n")
        go_on.wait(10)
        handler.wfile.write(b"0\r\n\r\n" if framing == "chunked" else b"")

    protocol = "HTTP/1.0" if framing == "http-1.0" else "HTTP/1.1"
    with scripted(respond, protocol) as url, client_of(url).get("/x", {}, JSON, 5.0) as answer:
        chunks = answer.chunks()
        assert next(chunks) == b"event\n"
        go_on.set()
        assert list(chunks) == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "want"),
    [
        (410, {}, b'{"kind":"Status","reason":"Expired","message":"too old","code":410}', (410, "Expired", 0.0)),
        (429, {"retry_after": "7"}, b'{"reason":"TooManyRequests"}', (429, "TooManyRequests", 7.0)),
        (503, {"retry_after": "1.5"}, b"<html>unavailable</html>", (503, "", 1.5)),
        (500, {"retry_after": "Fri, 06 Nov 2026 08:00:00 GMT"}, b"", (500, "", 0.0)),
        (429, {"retry_after": "nan"}, b"", (429, "", 0.0)),
        (429, {"retry_after": "inf"}, b"", (429, "", 300.0)),
        (429, {"retry_after": "1e99"}, b"", (429, "", 300.0)),
        (429, {"retry_after": "-5"}, b"", (429, "", 0.0)),
        (302, {"location": "/y"}, b"", (302, "", 0.0)),
        (502, {}, b"\xff\xfe\x00", (502, "", 0.0)),
        (502, {}, b'"\xff"', (502, "", 0.0)),
        (500, {}, b'{"reason":5}', (500, "", 0.0)),
    ],
    ids=str,
)
def test_refusals(status, headers, body, want):
    """Anything but 200 is an ApiError with what is known; whatever Retry-After holds, the wait is finite."""
    with scripted(lambda handler: reply(handler, body, status, **headers)) as url, pytest.raises(ApiError) as error:
        fetched(client_of(url))
    assert (error.value.status, error.value.reason, error.value.retry_after) == want
    assert str(error.value).startswith(str(status))


def test_nothing_listens():
    """A refused connection names the server and the cause in a sentence, without the library's own objects."""
    with scripted(reply) as url:
        pass
    with pytest.raises(RefusedError, match=f"^no connection to {url}: .*Connection refused$"):
        fetched(client_of(url))


def test_an_end_before_the_answer():
    """A connection that ends without an answer is a refusal, not a cut: nothing of the request has happened."""
    with (
        scripted(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as url,
        pytest.raises(RefusedError, match="no connection"),
    ):
        fetched(client_of(url))


@pytest.mark.parametrize("part", ["chunk", "between", "length"])
def test_an_end_within_the_answer(part):
    """A body that is shorter than was said is cut, wherever the connection ends."""

    def respond(handler):
        if part == "length":
            handler.send_response(200)
            handler.send_header("content-length", "10")
            handler.end_headers()
            handler.wfile.write(b"half")
            handler.close_connection = True
        else:
            chunked(handler, b"half", end=b"a\r\nhal" if part == "chunk" else b"")
            handler.close_connection = True

    with scripted(respond) as url, pytest.raises(CutError):
        fetched(client_of(url))


@pytest.mark.parametrize("headers", [True, False], ids=["body", "headers"])
def test_silence(headers):
    """No answer, or no further byte of it, within the patience is a stall."""
    ended = threading.Event()

    def respond(handler):
        if headers:
            chunked(handler, b"first", end=b"")
        ended.wait(10)

    with scripted(respond) as url:
        began = time.monotonic()
        with pytest.raises(StalledError):
            fetched(client_of(url), patience=0.2)
        assert 0.2 <= time.monotonic() - began < 8
        ended.set()


def test_patience_can_change():
    """A stream that has become a watch is waited for longer than its beginning was."""
    ended = threading.Event()

    def respond(handler):
        chunked(handler, b"first", end=b"")
        ended.wait(0.6)
        handler.wfile.write(chunk(b"second") + b"0\r\n\r\n")

    with scripted(respond) as url, client_of(url).get("/x", {}, JSON, 0.2) as answer:
        answer.patience(5.0)
        assert b"".join(answer.chunks()) == b"firstsecond"


def leave(client):
    """Take the first bytes of an answer and go."""
    with client.get("/x", {}, JSON, 5.0) as answer:
        next(answer.chunks())


def fail(client):
    with contextlib.suppress(ValueError), client.get("/x", {}, JSON, 5.0):
        raise ValueError


def refuse(client):
    with contextlib.suppress(ApiError):
        fetched(client, "/refused")


@pytest.mark.parametrize(("use", "connections"), [(fetched, 1), (refuse, 1), (leave, 3), (fail, 3)])
def test_connections(use, connections):
    """One whose answer was read is used again; one whose answer was left is closed, on both sides."""

    def respond(handler):
        if handler.path == "/refused":
            reply(handler, b"{}", 500)
        else:
            chunked(handler, b"first", *[b"x" * 1000] * 100)

    with scripted(respond) as url, relay(url) as hop:
        client = client_of(hop.url)
        for _ in range(3):
            use(client)
        assert fetched(client).startswith(b"first")
        assert hop.accepted == connections + (use in {leave, fail})
        deadline = time.monotonic() + 5
        while hop.connections > 1:
            assert time.monotonic() < deadline, "connections were left open"


def test_a_server_that_closed_meanwhile():
    """A kept connection that the server has closed is not used for a request that would fail."""
    with scripted(lambda handler: reply(handler, b"{}")) as url, relay(url) as hop:
        client = client_of(hop.url)
        for _ in range(3):
            assert fetched(client) == b"{}"
            hop.cut()
            deadline = time.monotonic() + 5
            while hop.connections:
                assert time.monotonic() < deadline
        assert hop.accepted == 3


def test_many_threads():
    """Requests of many threads at once are answered each with its own answer."""

    def respond(handler):
        reply(handler, handler.path.encode())

    with scripted(respond) as url:
        client, answers = client_of(url), {}

        def ask(number):
            for turn in range(20):
                answers[number, turn] = fetched(client, f"/{number}/{turn}")

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {(n, t): f"/{n}/{t}".encode() for n in range(8) for t in range(20)}
