"""A whole process tree for the length of a `with`: started on free ports, asked over HTTP, ended, and gone."""

import contextlib
import ctypes
import gzip
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from helpers import Exposition, read
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parent.parent
_PORTS = re.compile(r"metrics on port (\d+), telemetry and /readyz on port (\d+)")
_PR_SET_CHILD_SUBREAPER = 36


def eventually(condition, seconds=15.0, what=None):
    """The condition's first true value; fails when there is none within the time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            message = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {message or condition.__doc__ or condition}")
        time.sleep(0.01)
    return found


def alive(process):
    """Whether it runs: a zombie that waits for its parent does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


class Answer(NamedTuple):
    """An HTTP answer; `content` is the body as it came."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.content) if self.headers["Content-Encoding"] == "gzip" else self.content

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def exposition(self) -> Exposition:
        assert self.status == 200, self.text
        return read(self.text)


def get(port, path, headers=None, seconds=20.0, context=None):
    """One request on a connection of its own, with TLS where there is a context for it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    if context is not None:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class Tree:
    """A running shardex."""

    def __init__(self, process, log_path):
        self.process = process
        self._log_path = log_path
        self.seen = {}
        self.port, self.telemetry_port = map(int, eventually(self._ports, 60.0, self.log).groups())

    def _ports(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log()}"
        return _PORTS.search(self.log())

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self._log_path.read_text()

    def metrics(self, **headers):
        return get(self.port, "/metrics", {name.replace("_", "-"): value for name, value in headers.items()})

    def scrape(self):
        """What a scrape shows; it must be whole."""
        return self.metrics(accept_encoding="gzip").exposition

    def readyz(self):
        return get(self.telemetry_port, "/readyz")

    def telemetry(self):
        """Values by name and labels, as an independent reader understands them."""
        text = get(self.telemetry_port, "/metrics").text
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def told(self, name, **labels):
        """One value of the telemetry; None where there is none."""
        return self.telemetry().get((name, *sorted(labels.items())))

    def ready(self, seconds=30.0):
        """Wait until everything was listed once."""
        return eventually(lambda: self.readyz().status == 200, seconds, lambda: f"{self.readyz().text}\n{self.log()}")

    def processes(self):
        """Every process of the tree, itself first."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.pid)
            found = [own, *own.children(recursive=True)]
        self.seen |= dict.fromkeys(found)
        return found

    def children(self):
        return psutil.Process(self.pid).children()

    def front(self):
        """gunicorn's master: the only child that has a child, or is about to."""
        return eventually(lambda: next((child for child in self.children() if child.children()), None))

    def workers(self):
        """The workers, oldest first."""
        front = self.front()
        return sorted((child for child in self.children() if child != front), key=lambda child: child.create_time())

    def kill(self, process, number=signal.SIGKILL):
        """Signal a process of this tree."""
        assert process in self.processes()
        os.kill(process.pid, number)

    def tell(self, number):
        """Signal the supervisor."""
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=30.0):
        """Exit status after a signal."""
        self.processes()
        self.process.send_signal(number)
        return self.process.wait(seconds)


def command(*flags, body=""):
    """The command line; with a body, of supervised.py."""
    program = [str(ROOT / "tests" / "supervised.py"), body] if body else ["-m", "shardex"]
    return [sys.executable, *program, *flags]


@contextlib.contextmanager
def adopting():
    """Orphans of whatever is started inside come to this process; whoever is left at the end is ended and a fault."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = set(psutil.Process().children())
    try:
        yield
    finally:
        left = [process for process in psutil.Process().children() if process not in before]
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        stayed = [process.pid for process in left if not _ended(process, seconds=10.0)]
    assert not stayed, f"processes {stayed} outlived their tree"


def _ended(process, seconds):
    """Whether an adopted process ended by itself; it is gone afterwards in any case."""
    deadline = time.monotonic() + seconds
    ended = True
    with contextlib.suppress(ChildProcessError):
        while not os.waitpid(process.pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                ended = False
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.01)
    return ended


@contextlib.contextmanager
def running(url, *flags, workers=1, ready=True, body=""):
    """shardex on an API server, ready unless told not to wait; it ends with the block, and its processes with it.

    body  one of supervised.py's, in the workers or in the front
    """
    with adopting(), tempfile.TemporaryDirectory(prefix="tree-") as directory:
        log_path = Path(directory) / "log"
        local = ["--host=127.0.0.1", "--telemetry-host=127.0.0.1", "--port=0", "--telemetry-port=0"]
        target = [f"--apiserver={url}"] if url else []
        line = command(*local, f"--workers={workers}", *target, *flags, body=body)
        env = {**os.environ, "TZ": "UTC", "PYTHONPATH": str(ROOT)}
        with log_path.open("w") as log:
            process = subprocess.Popen(line, stderr=log, cwd=ROOT, env=env)
        tree = None
        try:
            tree = Tree(process, log_path)
            if ready:
                tree.ready()
            yield tree
            tree.processes()
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        for one in tree.seen:
            eventually(lambda one=one: not alive(one), what=f"{one} runs")
        assert body or "Traceback" not in tree.log(), tree.log()
