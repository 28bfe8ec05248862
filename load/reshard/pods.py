"""One pod: a shardex process tree on loopback ports."""

import http.client
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil

from load.processes import environment, kill

_PORTS = re.compile(r"metrics on port (\d+), telemetry and /readyz on port (\d+)")
_GAUGE = re.compile(r"^(shardex_shards_\w+|shardex_preparation_bytes\{[^}]*\}) (\S+)$", re.MULTILINE)
_KILL_SECONDS = 60.0


class Answer:
    """What came of a request: status 0 when nothing did; times are monotonic seconds."""

    def __init__(self, port: int, path: str, seconds: float) -> None:
        self.begun = time.monotonic()
        self.status, self.body = 0, b""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            response = connection.getresponse()
            self.body = response.read()
            self.status = response.status
        self.ended = time.monotonic()


class Pod:
    """One pod's process tree.

    ready     what the last readiness probe said
    stopping  since when it is to stop; 0 before
    """

    def __init__(self, name: str, ordinal: int, command: Sequence[str], folder: Path) -> None:
        self.name, self.ordinal = name, ordinal
        self.ready, self.stopping = False, 0.0
        self._told = False
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=environment())
        self._ports: tuple[int, int] | None = None

    @property
    def ports(self) -> tuple[int, int] | None:
        """Of the metrics and of the telemetry; None before they are bound."""
        if self._ports is None:
            found = _PORTS.search(self.log.read_text(errors="replace"))
            if found:
                self._ports = int(found[1]), int(found[2])
        return self._ports

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def scrape(self, seconds: float) -> Answer | None:
        return Answer(self.ports[0], "/metrics", seconds) if self.ports else None

    def probe(self) -> bool:
        """Ask /readyz, as the kubelet does."""
        self.ready = self.ports is not None and Answer(self.ports[1], "/readyz", 1.0).status == 200
        return self.ready

    def telemetry(self) -> dict[str, float]:
        """shardex_shards_* by what follows, and the bytes held for preparation; empty when it does not answer."""
        body = Answer(self.ports[1], "/metrics", 5.0).body.decode() if self.ports else ""
        found: dict[str, float] = {}
        for name, value in _GAUGE.findall(body):
            key = name.removeprefix("shardex_shards_").partition("{")[0]
            found[key] = found.get(key, 0.0) + float(value)
        return found

    def worker(self) -> psutil.Process | None:
        """The process that holds the objects: the child without children."""
        with suppress(psutil.NoSuchProcess):
            return next((c for c in psutil.Process(self._process.pid).children() if not c.children()), None)
        return None

    def pss(self) -> int:
        """Bytes of memory of the whole tree, shared pages in parts."""
        total = 0
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self._process.pid)
            for process in [own, *own.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    total += process.memory_full_info().pss
        return total

    def stop(self, pre_stop: float = 0.0) -> None:
        """Tell it to end, as the kubelet does: when its preStop hook has slept, counted from the first call."""
        self.stopping = self.stopping or time.monotonic()
        if not self._told and time.monotonic() - self.stopping >= pre_stop:
            self._told = True
            self._process.terminate()

    def kill(self) -> None:
        """End the whole tree without a word."""
        kill(self._process)

    def end(self) -> None:
        """At the end of the simulation."""
        self.stop()
        try:
            self._process.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def words(self) -> str:
        return self.log.read_text(errors="replace").strip()[-2000:]


def command(url: str, name: str, namespace: str, flags: Sequence[str]) -> list[str]:
    """The command line of a pod of a StatefulSet; with name "", of one that holds everything."""
    line = [sys.executable, "-m", "shardex", f"--apiserver={url}", "--workers=1"]
    line += ["--host=127.0.0.1", "--telemetry-host=127.0.0.1", "--port=0", "--telemetry-port=0"]
    return line + ([f"--pod={name}", f"--pod-namespace={namespace}"] if name else []) + list(flags)
