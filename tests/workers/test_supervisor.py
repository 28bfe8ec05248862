"""The supervisor with real processes: what dies comes back or is said to be lost, and what stops leaves nothing."""

import os
import re
import signal
import threading
from pathlib import Path

import psutil
import pytest
from tree import alive, eventually, get, running

from load import testing
from shardex.kube.endpoint import Endpoint
from shardex.options import parse
from shardex.workers import children
from shardex.workers.board import Phase
from shardex.workers.reload import Setup
from shardex.workers.supervisor import Supervisor

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with testing.running(pods=100) as server:
        yield server


def open_files(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


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
        assert tree.metrics().status == 200
        tree.kill(victim, signal.SIGSTOP)
        eventually(lambda: "worker 0 has given no sign of life: abort" in tree.log(), what=tree.log)
        if wakes:
            os.kill(victim.pid, signal.SIGCONT)
        assert tree.metrics().status == 200, "its last state is served meanwhile"
        number = "SIGABRT" if wakes else "SIGKILL"
        eventually(lambda: f"worker 0 (pid {victim.pid}) was ended by {number}" in tree.log(), what=tree.log)
        assert ("Fatal Python error: Aborted" in tree.log()) == wakes
        eventually(lambda: tree.told("shardex_worker_synced", worker="0") == 1, what=tree.log)
        assert tree.workers()[0] != victim
        assert tree.metrics().status == 200


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
        assert len(count) > 1
        assert set(tree.scrape().samples) == wanted
        log = tree.log()
        first, second = sorted(log.index(f"worker {number} exited with status 0") for number in range(2))
        assert "shardex.workers.worker: synced" in log[first:second], "the second waited for the first one's successor"
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
        answering = front.children()[0]
        tree.kill(front if whole else answering)
        if whole:
            eventually(lambda: f"the front (pid {front.pid}) was ended by SIGKILL" in tree.log(), what=tree.log)
        eventually(lambda: not alive(answering), what="two never ask the workers at once")
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
    """After twenty restarts of a worker supervisor and front have the files open that they had before."""
    with running(server.url, "--resources=configmaps") as tree:

        def turn(restart):
            before = tree.workers()
            restart()
            eventually(lambda: tree.workers() != before and synced(tree, 1), what=tree.log)
            assert tree.metrics().status == 200
            return open_files(tree.process), open_files(tree.front().children()[0])

        found = [turn(lambda: tree.tell(signal.SIGHUP)) for _ in range(20)]
        found.append(turn(lambda: tree.kill(tree.workers()[0])))
        assert {files for files, _ in found} == {found[0][0]}
        assert found[-1][1] <= found[1][1]


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
