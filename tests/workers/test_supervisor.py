"""The supervisor with real processes: what dies comes back or is said to be lost, and what stops leaves nothing."""

import contextlib
import os
import re
import signal
import socket
import threading
from pathlib import Path

import psutil
import pytest
from tree import eventually, get, running

from load import testing
from shardex.kube.endpoint import Endpoint
from shardex.options import parse
from shardex.workers import children
from shardex.workers.board import Phase
from shardex.workers.supervisor import Setup, Supervisor

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


def open_files(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


class Slow:
    """A scrape that is read when the test wants it."""

    def __init__(self, port):
        self._socket = socket.socket()
        self._socket.settimeout(20)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
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


def test_a_killed_worker_comes_back(server):
    """Its end is logged with its cause, counted, and it is ready again by itself."""
    with running(server.url, workers=2) as tree:
        samples = tree.scrape().samples
        victim = tree.workers()[0]
        tree.kill(victim)
        eventually(lambda: tree.told("shardex_worker_restarts_total", worker="0") == 1, what=tree.log)
        assert tree.told("shardex_worker_last_exit_code", worker="0") == -9
        assert f"worker 0 (pid {victim.pid}) was ended by SIGKILL" in tree.log()
        eventually(lambda: tree.told("shardex_worker_synced", worker="0") == 1, what=tree.log)
        assert tree.ready()
        assert tree.scrape().samples == samples
        assert tree.told("shardex_worker_restarts_total", worker="1") == 0


def test_a_crash_loop_is_loud(server):
    """A worker that dies again and again is tried ever more slowly; readiness, telemetry and the log say so."""
    with running(server.url, "--resources=configmaps", body="crashing", ready=False) as tree:
        eventually(lambda: "worker 0 died 3 times in a row: not ready until it runs" in tree.log(), what=tree.log)
        assert tree.log().count("exited with status 7") == 3
        assert re.search(r"ERROR.* worker 0 \(pid \d+\) exited with status 7; it had up to \d+ MiB", tree.log())
        assert "worker 0" in eventually(lambda: tree.readyz() if tree.readyz().status == 503 else None).text
        assert tree.metrics().status == 503
        assert get(tree.port, "/livez").status == 200
        assert tree.told("shardex_worker_crash_looping", worker="0") == 1
        assert tree.told("shardex_worker_up", worker="0") == 0
        assert tree.end() == 0


def test_an_exception_is_in_the_log(server):
    """What a worker dies of can be read."""
    with running(server.url, body="raising", ready=False) as tree:
        eventually(lambda: "RuntimeError: nothing works here" in tree.log(), what=tree.log)
        eventually(lambda: "exited with status 1" in tree.log(), what=tree.log)


@pytest.mark.parametrize("wakes", [False, True], ids=["stays", "wakes"])
def test_a_hung_worker_is_replaced(server, wakes):
    """Without a sign of life it is aborted, which leaves a traceback if it still can; then killed; then replaced."""
    with running(server.url, "--resources=configmaps", body="impatient") as tree:
        (victim,) = tree.workers()
        tree.kill(victim, signal.SIGSTOP)
        assert tree.metrics().status == 200, "its last state is served meanwhile"
        eventually(lambda: "worker 0 has given no sign of life: abort" in tree.log(), what=tree.log)
        if wakes:
            os.kill(victim.pid, signal.SIGCONT)
        number = "SIGABRT" if wakes else "SIGKILL"
        eventually(lambda: f"worker 0 (pid {victim.pid}) was ended by {number}" in tree.log(), what=tree.log)
        assert ("Fatal Python error: Aborted" in tree.log()) == wakes
        eventually(lambda: tree.told("shardex_worker_synced", worker="0") == 1, what=tree.log)
        assert tree.workers()[0] != victim
        assert tree.metrics().status == 200


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
        assert tree.end(seconds=5) == 0
    with running(large.url, "--drain-timeout=1s", "--resources=pods", body="stubborn") as tree:
        assert tree.end(seconds=3) == 0
        assert "1 processes did not end in time and are killed" in tree.log()


def test_a_second_signal_stops_at_once(large):
    """Who is asked twice does not wait for slow clients."""
    with running(large.url, workers=2) as tree, contextlib.closing(Slow(tree.port)):
        tree.processes()
        tree.tell(signal.SIGTERM)
        eventually(lambda: "SIGTERM: stopping within 20 s" in tree.log(), what=tree.log)
        tree.tell(signal.SIGINT)
        assert tree.process.wait(3) == 0
        assert "SIGINT again: stopping at once" in tree.log()


def test_idle_connections_do_not_hold_up_the_end(server):
    """Neither a scraper's kept-alive connection nor one that never asked anything costs the drain's whole time."""
    with running(server.url) as tree, contextlib.ExitStack() as open_:
        for asks in (True, False):
            sock = open_.enter_context(socket.create_connection(("127.0.0.1", tree.port), 5))
            if asks:
                sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        assert tree.end(seconds=6) == 0


def test_nothing_survives_the_supervisor(server):
    """Killed without a chance to tell anybody, it takes the whole tree along."""
    with running(server.url, workers=2) as tree:
        everyone = tree.processes()
        assert len(everyone) == 5
        tree.end(signal.SIGKILL)
        eventually(lambda: not any(alive(process) for process in everyone), 10.0, "all processes are gone")


def alive(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def test_orphans_are_buried(server):
    """As PID 1 of a container it gets the orphans of all others: none stays a zombie."""
    with running(server.url, "--resources=configmaps", body="breeding") as tree:
        orphan = int(eventually(lambda: re.search(r"orphan (\d+)", tree.log()))[1])
        eventually(lambda: not psutil.pid_exists(orphan), what="the orphan is gone")
        assert not [p for p in tree.processes() if p.status() == psutil.STATUS_ZOMBIE]
        assert tree.metrics().status == 200


def test_a_reload_loses_no_scrape(server):
    """SIGHUP: worker by worker starts anew while scrapes go on, each of them whole."""
    with running(server.url, workers=2) as tree:
        wanted, before = set(tree.scrape().samples), tree.workers()
        stop, faults, count = threading.Event(), [], []

        def scrape():
            while not stop.is_set():
                answer = tree.metrics(accept_encoding="gzip")
                count.append(answer.status)
                if answer.status != 200 or not wanted <= set(answer.exposition.samples):
                    faults.append(answer)

        thread = threading.Thread(target=scrape)
        thread.start()
        try:
            tree.tell(signal.SIGHUP)
            eventually(lambda: not set(tree.workers()) & set(before) and synced(tree, 2), 30.0, tree.log)
        finally:
            stop.set()
            thread.join()
        assert not faults
        assert len(count) > 3
        assert set(tree.scrape().samples) == wanted
        log = tree.log()
        assert log.index("worker 0 exited with status 0") < log.index("worker 1 exited with status 0")
        assert [tree.told("shardex_worker_restarts_total", worker=str(n)) for n in range(2)] == [1, 1]
        assert "ERROR" not in log


def synced(tree, workers):
    told = tree.telemetry()
    return len(tree.workers()) == workers == sum(v for (name, *_), v in told.items() if name == "shardex_worker_synced")


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
clusters: [{{name: test, cluster: {{server: "{url}"}}}}]
users: [{{name: test, user: {{token: secret}}}}]
"""


def test_a_reload_with_broken_settings_changes_nothing(server, tmp_path):
    """The old settings stay, and why is said; once they are mended, a reload takes them."""
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=server.url))
    with running("", f"--kubeconfig={path}", "--resources=configmaps") as tree:
        before = tree.workers()
        path.write_text("{")
        tree.tell(signal.SIGHUP)
        refusal = eventually(lambda: re.search(r"ERROR.* reload refused, the old settings stay: .*", tree.log()))
        assert str(path) in refusal[0]
        assert tree.workers() == before
        assert tree.metrics().status == 200
        path.write_text(KUBECONFIG.format(url=server.url))
        tree.tell(signal.SIGHUP)
        eventually(lambda: tree.workers() != before and synced(tree, 1), what=tree.log)


@pytest.mark.parametrize("whole", [False, True], ids=["its worker", "its master"])
def test_a_dead_front_comes_back(server, whole):
    """Neither of the front's two processes is needed twice: connections wait in the queue until one takes them."""
    with running(server.url, workers=2) as tree:
        samples = tree.scrape().samples
        front = tree.front()
        tree.kill(front if whole else front.children()[0])
        if whole:
            eventually(lambda: f"the front (pid {front.pid}) was ended by SIGKILL" in tree.log(), what=tree.log)
        assert tree.scrape().samples == samples
        assert tree.scrape().samples == samples
        assert [tree.told("shardex_worker_restarts_total", worker=str(n)) for n in range(2)] == [0, 0]


def test_a_front_that_cannot_boot_ends_everything(server):
    """No retry helps: the exit status is 1 and the log says why."""
    with running(server.url, body="bad-front", ready=False) as tree:
        assert tree.process.wait(20) == 1
        assert "the front cannot start: giving up" in tree.log()
        assert "Traceback" not in tree.log()


def test_restarts_leak_nothing(server):
    """After twenty deaths of a worker supervisor and front have the files open that they had before."""
    with running(server.url, "--resources=configmaps", body="impatient") as tree:

        def turn(number):
            before = tree.workers()
            if number:
                tree.kill(before[0])
            eventually(lambda: (number == 0 or tree.workers() != before) and synced(tree, 1), what=tree.log)
            assert tree.metrics().status == 200
            return open_files(tree.process), open_files(tree.front().children()[0])

        for number in range(3):
            turn(number)
        settled = [turn(number) for number in range(1, 19)]
        assert {files for files, _ in settled} == {settled[0][0]}
        assert settled[-1][1] <= settled[0][1]


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
        assert tree.end(signal.SIGINT, seconds=6) == 0
        assert "SIGINT: stopping within 20 s" in tree.log()


def test_no_room_for_another_process(monkeypatch):
    """A fork that fails is a death like any other: the supervisor goes on, and tries again."""

    def full(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(children, "fork", full)
    options = parse({"workers": "1"}, (), lambda: 1)
    supervisor = Supervisor(Setup(options, (), Endpoint("http://x")), lambda *_: None, (), lambda: None, lambda _: None)
    for second in range(3):
        supervisor._turn(float(second))
    assert supervisor.board[0].phase is Phase.BACKOFF
    assert supervisor.board[0].pid == 0
    assert supervisor.board[0].restarts >= 2
    for ends in supervisor._channels:
        for end in ends:
            end.close()
