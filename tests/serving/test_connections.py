"""Clients that are slow, silent, many or late, at a whole process tree: they cost themselves, and nobody else."""

import contextlib
import http.client
import select
import signal
import socket
import threading
import time

import psutil
import pytest
from tree import eventually, get, running

from load import testing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quiet():
    """A cluster in which nothing changes."""
    with testing.running(pods=300) as server:
        yield server


@pytest.fixture
def server():
    with testing.running(pods=300) as server:
        yield server


def test_many_requests_on_one_connection(quiet):
    """A kept-alive connection takes any sequence of methods and pages, and each answer ends where it says."""
    with running(quiet.url) as tree:
        connection = http.client.HTTPConnection("127.0.0.1", tree.port, timeout=20)
        with contextlib.closing(connection):
            lengths = {}
            for method, path, status in [
                ("HEAD", "/metrics", 200),
                ("GET", "/metrics", 200),
                ("POST", "/metrics", 405),
                ("GET", "/nosuch", 404),
                ("HEAD", "/livez", 200),
                ("GET", "/livez", 200),
                ("GET", "/metrics?resources=nosuch", 200),
                ("GET", "/metrics", 200),
            ]:
                connection.request(method, path, headers={"Host": f"x:{tree.telemetry_port}"})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == status, f"{method} {path}"
                assert len(body) == (0 if method == "HEAD" else int(answer.headers["Content-Length"]))
                assert answer.headers["Connection"] == "keep-alive"
                lengths.setdefault(path, set()).add(answer.headers["Content-Length"])
            assert {path: len(found) for path, found in lengths.items() if path != "/metrics"} == dict.fromkeys(
                ("/nosuch", "/livez", "/metrics?resources=nosuch"), 1
            )
        assert "WARN" not in tree.log()


def test_a_slow_reader_holds_up_nobody(server):
    """Who reads a kilobyte a second delays neither scrapes nor events, and is cut off when its time is over."""
    with running(server.url, "--server-write-timeout=6s", workers=2) as tree, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        slow.settimeout(10)
        slow.connect(("127.0.0.1", tree.port))
        started = time.monotonic()
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 8)  # more than all buffers on the way can take
        assert slow.recv(1024).startswith(b"HTTP/1.1 200 OK")
        for number in range(3):
            path = f"/api/v1/namespaces/default/configmaps/during-{number}"
            server.add(path)
            eventually(lambda path=path: f'configmap="{path.rpartition("/")[2]}"' in tree.metrics().text, 6.0, path)
            assert slow.recv(1024)
        poller = select.poll()
        poller.register(slow, select.POLLHUP | select.POLLERR)
        assert poller.poll(20_000), "it is still connected"
        assert 5.0 < time.monotonic() - started < 15.0
        assert tree.metrics().status == 200
        assert "ERROR" not in tree.log()


def test_silent_connections_hold_up_nobody(quiet):
    """More connections than there are threads, some silent, some with half a request: scrapes and probes go on."""
    with running(quiet.url, "--server-read-header-timeout=3s") as tree, contextlib.ExitStack() as open_:
        held = []
        for number in range(100):
            held.append(open_.enter_context(socket.create_connection(("127.0.0.1", tree.port), 20)))
            if number % 5 == 0:
                held[-1].sendall(b"GET /metrics HTTP/1.1\r\nHost:")
        started = time.monotonic()
        assert get(tree.port, "/livez").status == 200
        assert tree.metrics().status == 200
        assert time.monotonic() - started < 5.0
        for sock in held:
            with contextlib.suppress(ConnectionResetError):
                assert not sock.recv(1000).startswith(b"HTTP/1.1 2")
        assert time.monotonic() - started < 15.0
        assert "ERROR" not in tree.log()


def test_the_front_does_not_grow(quiet):
    """Fifty scrapes of both encodings cost the front no memory that stays, and the workers' arenas nothing at all."""
    with running(quiet.url, workers=2) as tree:

        def scrapes(turns):
            for turn in range(turns):
                assert tree.metrics(accept_encoding="gzip" if turn % 2 else "identity").status == 200
            arenas = [v for (name, *_), v in tree.telemetry().items() if name == "shardex_worker_arena_bytes"]
            return psutil.Process(tree.front().children()[0].pid).memory_info().rss, arenas

        scrapes(20)
        before, arenas = scrapes(10)
        after, arenas_after = scrapes(50)
        assert after - before < 2 << 20
        assert arenas_after == arenas


def test_a_rolling_end(server):
    """A pod that is told to end answers the scrape that is under way and then refuses; the log ends in order."""
    with running(server.url, workers=2) as tree:
        statuses = []

        def scrape():
            with contextlib.suppress(ConnectionError):
                while True:
                    statuses.append(tree.metrics().status)

        thread = threading.Thread(target=scrape)
        thread.start()
        eventually(lambda: len(statuses) > 2)
        assert tree.end(signal.SIGTERM) == 0
        thread.join(10)
        assert set(statuses) == {200}
        ends = [tree.log().rindex(f"{who} exited with status 0") for who in ("the front", "worker 0", "worker 1")]
        assert ends[0] < min(ends[1:])
