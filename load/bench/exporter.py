"""A subject's processes, for the length of a `with`, and the scraper beside them."""

import compileall
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import psutil

from load.bench.scraper import Ask, Scrape
from load.bench.subject import Subject
from load.bench.usage import Peak, Tree
from load.processes import ROOT, end, environment

_READY_SECONDS = 600.0


class MeasureError(Exception):
    """A measurement that cannot be made; the message says why."""


def compiled() -> None:
    """Our own byte code, as an installation has it; a checkout that keeps none is compiled at every start."""
    compileall.compile_dir(ROOT / "shardex", quiet=2)


class Exporter:
    """A running exporter.

    started  monotonic seconds of its exec
    tree     its processes; None for one that was running before, without a known pid
    peak     watches their memory since the exec; None for one whose exec nobody watched
    """

    def __init__(self, url: str, ready_url: str, pid: int, log: Path | None, watch: bool = False) -> None:
        self.url, self.ready_url = url, ready_url
        self.started = time.monotonic()
        self.log = log
        self.tree = Tree(pid) if pid else None
        self.peak = Peak(self.tree) if self.tree and watch else None
        if self.peak:
            self.peak.start()

    @property
    def processes(self) -> Tree:
        """The tree; raise MeasureError when it is not known."""
        if self.tree is None:
            raise MeasureError("its processes are not known: give --peer-pid")
        return self.tree

    @property
    def peak_bytes(self) -> int:
        """The most memory that was seen so far; raise MeasureError when nobody looked."""
        if self.peak is None:
            raise MeasureError("its start was not watched")
        return self.peak.memory.total

    def ready(self) -> float:
        """Seconds from the exec to the first 200 of /readyz, 5 per cent late at most.

        raise   MeasureError with its last words when it ends or takes too long
        """
        while time.monotonic() - self.started < _READY_SECONDS:
            try:
                with urllib.request.urlopen(self.ready_url, timeout=10):  # noqa: S310
                    return time.monotonic() - self.started
            except OSError:  # refused, or an HTTPError: 503
                self.alive()
            # Every question costs the exporter up to a millisecond of the CPU time that is being measured.
            time.sleep(max(0.02, (time.monotonic() - self.started) / 20))
        raise MeasureError(f"it was not ready within {_READY_SECONDS:.0f} s:\n{self.words()}")

    def alive(self) -> None:
        """Nothing, unless it has ended: raise MeasureError with its last words."""
        with suppress(psutil.NoSuchProcess):
            if self.tree is None or psutil.Process(self.tree.pid).status() != psutil.STATUS_ZOMBIE:
                return
        raise MeasureError(f"it ended:\n{self.words()}")

    def words(self) -> str:
        return self.log.read_text(errors="replace").strip()[-600:] if self.log else ""


@contextmanager
def running(
    subject: Subject, apiserver: str, flags: Sequence[str], log: Path, watch: bool = True
) -> Iterator[Exporter]:
    """The subject on this API server, with these flags beside those of its command; ended with the block.

    watch   its memory from its exec on, which takes a tenth of a core from what shares the machine with it
    raise   MeasureError when it cannot be started, or for a fault within the block that comes of its end
    """
    if subject.url:
        yield Exporter(subject.url, subject.url, subject.pid, None)
        return
    port, telemetry_port = free_ports(2)
    command = [*subject.words(apiserver, port, telemetry_port), *flags]
    with log.open("wb") as out:
        # A session of its own: Ctrl-C reaches the measuring process alone, which ends the others in order.
        try:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=environment())
        except OSError as error:
            raise MeasureError(f"it cannot be started: {error}") from None
    url = f"http://127.0.0.1:{port}/metrics"
    ready_url = f"http://127.0.0.1:{telemetry_port}/readyz" if subject.has_telemetry else url
    exporter = Exporter(url, ready_url, process.pid, log, watch)
    try:
        yield exporter
    except MeasureError:
        exporter.alive()  # if it has ended, that is what went wrong
        raise
    finally:
        if exporter.peak:
            exporter.peak.stop()
        end([process])


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


class Scraper:
    """A scraper's process; `ask` and `answer` apart let several scrape at once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "load.bench.scraper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environment(),
        )

    def ask(self, url: str, **options: Any) -> None:
        """Scrape; options are those of scraper.Ask."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(Ask(url, **options)) + b"\n")
        self._process.stdin.flush()

    def answer(self) -> Scrape:
        """The result; raise MeasureError when no 200 came."""
        assert self._process.stdout is not None
        found = msgspec.json.decode(self._process.stdout.readline() or b'{"error": "the scraper ended"}')
        if "error" in found:
            raise MeasureError(f"a scrape failed: {found['error']}")
        scrape = msgspec.convert(found, Scrape)
        if scrape.status != 200:
            raise MeasureError(f"a scrape was answered {scrape.status}")
        return scrape

    def scrape(self, url: str, **options: Any) -> Scrape:
        self.ask(url, **options)
        return self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # it may be in the middle of a slow answer that nobody waits for
        self._process.communicate()
