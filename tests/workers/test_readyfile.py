"""--ready-file: it is there while the pod is ready, and whoever looks never sees half of it."""

import signal
import subprocess

import pytest
from tree import command, eventually, running

from load import testing
from shardex.workers.readyfile import ReadyFile, faults


def test_it_is_there_while_it_is_ready(tmp_path):
    """Each call makes it so, whatever became of the file meanwhile, and leaves nothing beside it."""
    path = tmp_path / "ready"
    file = ReadyFile(str(path))
    for ready in (False, True, True, False, False, True):
        file.show(ready=ready)
        assert list(tmp_path.iterdir()) == ([path] if ready else [])
    path.unlink()
    file.show(ready=True)
    assert path.read_text() == "ready\n"


def test_none():
    """Without the flag there is nothing to do, and nothing wrong."""
    ReadyFile("").show(ready=True)
    assert faults("") == []


def test_faults(tmp_path):
    """What could not be kept is said with what to do; looking changes nothing."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none" / "ready", tmp_path / "file" / "ready", tmp_path):
        [fault] = faults(str(path))
        assert fault.startswith(f"--ready-file={path}: ")
        assert "name a file in" in fault
    assert faults(str(tmp_path / "file")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_fault_is_said_once(tmp_path, caplog):
    """A directory that is away for an hour is one line, and another hour is another one."""
    file = ReadyFile(str(tmp_path / "away" / "ready"))
    for _ in range(3):
        file.show(ready=True)
    (tmp_path / "away").mkdir()
    file.show(ready=True)
    assert len(caplog.records) == 1
    assert "probes are told the pod is not ready" in caplog.text
    (tmp_path / "away" / "ready").unlink()
    (tmp_path / "away").rmdir()
    file.show(ready=True)
    assert len(caplog.records) == 2


@pytest.mark.slow
def test_a_tree_keeps_it(tmp_path):
    """A stale one is taken away before anything is listed; it comes and goes with /readyz, and goes with the tree."""
    path = tmp_path / "ready"
    path.write_text("of a container that was killed")
    flags = f"--ready-file={path}", "--stale-segments-ttl=1s", "--resources=pods"
    with testing.running(pods=20) as server:
        server.fault("status", "pods", status=503, count=-1)
        with running(server.url, *flags, ready=False) as tree:
            assert not path.exists()
            assert tree.readyz().status == 503
            server.clear_faults()
            eventually(path.exists, 60.0, tree.log)
            assert tree.readyz().status == 200
            server.fault("status", "pods", status=503, count=-1)
            (victim,) = tree.workers()
            tree.kill(victim)  # what it knew is served for a second; the next one cannot list
            eventually(lambda: not path.exists(), 60.0, tree.log)
            assert tree.readyz().status == 503
            server.clear_faults()
            eventually(path.exists, 60.0, tree.log)
            assert tree.end() == 0
            assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_front_that_is_stuck_is_not_ready(tmp_path):
    """While nobody answers the file goes within seconds, and it comes back with the answers."""
    path = tmp_path / "ready"
    with testing.running(pods=1) as server, running(server.url, f"--ready-file={path}") as tree:
        eventually(path.exists, 60.0, tree.log)
        (answering,) = tree.front().children()
        tree.kill(answering, signal.SIGSTOP)
        eventually(lambda: not path.exists(), 60.0, tree.log)
        tree.kill(answering, signal.SIGCONT)
        eventually(path.exists, 60.0, tree.log)


@pytest.mark.slow
def test_it_cannot_be_kept(tmp_path):
    """Said at the start, with every other fault, before the API server is asked; exit status 2."""
    web = tmp_path / "web.yml"
    web.write_text("rate: 1\n")
    done = subprocess.run(
        command("--apiserver=http://127.0.0.1:1", f"--ready-file={tmp_path}/none/ready", f"--tls-config={web}"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"--ready-file={tmp_path}/none/ready: No such file or directory; name a file in" in done.stderr
    assert f"--tls-config={web}: rate: unknown key" in done.stderr
