"""The end of a process tree: scrapes under way are finished, the time is kept, and nothing is left."""

import contextlib
import os
import re
import signal
import socket

import pytest
from tree import alive, eventually, get, running

from load import testing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with testing.running(pods=100) as server:
        yield server


@pytest.fixture(scope="module")
def large():
    """A cluster whose exposition is larger than what sockets buffer."""
    with testing.running(pods=1500, kinds="pods") as server:
        yield server


class Slow:
    """A scrape that is read when the test wants it."""

    def __init__(self, port):
        self._socket = socket.socket()
        self._socket.settimeout(20)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        self._data = self._socket.recv(2048)

    def rest(self):
        """Whether what came is the whole answer."""
        while data := self._socket.recv(1 << 16):
            self._data += data
        head, _, body = self._data.partition(b"\r\n\r\n")
        return len(body) == int(re.search(rb"Content-Length: (\d+)", head)[1])

    def close(self):
        self._socket.close()


def test_stopping_finishes_the_scrapes_under_way(large):
    """SIGTERM: a client that reads slowly gets its whole answer, new ones are refused, the exit status is 0."""
    with running(large.url, workers=2) as tree, contextlib.closing(Slow(tree.port)) as slow:
        tree.processes()
        tree.tell(signal.SIGTERM)
        eventually(lambda: refused(tree.port), what="new connections are refused")
        assert tree.process.poll() is None
        assert slow.rest()
        assert tree.process.wait(10) == 0
        assert "the front exited with status 0" in tree.log()


def refused(port):
    try:
        get(port, "/livez", seconds=1)
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def test_stopping_has_a_deadline(large):
    """A client that reads nothing, and a worker that does not hear, are given up in time; the exit status stays 0."""
    with (
        running(large.url, "--drain-timeout=3s", "--resources=pods", workers=2) as tree,
        contextlib.closing(Slow(tree.port)),
    ):
        everyone = tree.processes()
        assert tree.end(seconds=12) == 0
        assert not [process for process in everyone if alive(process)]
    with running(large.url, "--drain-timeout=1s", "--resources=pods", body="stubborn") as tree:
        assert tree.end(seconds=10) == 0
        assert "1 processes did not end in time and are killed" in tree.log()


def test_a_second_signal_stops_at_once(large):
    """Who is asked twice does not wait for slow clients, in no process of the tree."""
    with running(large.url, workers=2) as tree, contextlib.closing(Slow(tree.port)):
        everyone = tree.processes()
        assert len(everyone) == 5
        tree.tell(signal.SIGTERM)
        eventually(lambda: "SIGTERM: stopping within 20 s" in tree.log(), what=tree.log)
        tree.tell(signal.SIGINT)
        assert tree.process.wait(10) == 0
        assert "SIGINT again: stopping at once" in tree.log()
        assert not [process for process in everyone if alive(process)]


def test_idle_connections_do_not_hold_up_the_end(server):
    """Neither a scraper's kept-alive connection nor one that never asked anything costs the drain's whole time."""
    with running(server.url) as tree, contextlib.ExitStack() as open_:
        for asks in (True, False):
            sock = open_.enter_context(socket.create_connection(("127.0.0.1", tree.port), 5))
            if asks:
                sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        assert tree.end(seconds=12) == 0


def test_nothing_survives_the_supervisor(server):
    """Killed without a chance to tell anybody, it takes the whole tree along."""
    with running(server.url, workers=2) as tree:
        everyone = tree.processes()
        assert len(everyone) == 5
        tree.end(signal.SIGKILL)
        eventually(lambda: not any(alive(process) for process in everyone), 10.0, "all processes are gone")


def test_ctrl_c_reaches_the_supervisor_alone(server):
    """A signal to the whole process group of a terminal drains like SIGTERM; the front is in a group of its own."""
    with running(server.url, workers=2) as tree:
        groups = {process.pid: os.getpgid(process.pid) for process in tree.processes()}
        front = tree.front()
        inside = [pid for pid, group in groups.items() if group == front.pid]
        assert sorted(inside) == sorted([front.pid, front.children()[0].pid])
        for worker in tree.workers():
            tree.kill(worker, signal.SIGINT)
            tree.kill(worker, signal.SIGHUP)
        assert tree.end(signal.SIGINT, seconds=12) == 0
        assert "SIGINT: stopping within 20 s" in tree.log()
