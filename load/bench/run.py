"""What a scenario is given: settings, a cluster, an exporter on it, and a place for its figures."""

import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from load.bench.exporter import Exporter, Scraper, running
from load.bench.figures import Figure, Unit
from load.bench.histogram import Histogram
from load.bench.scraper import Scrape
from load.bench.subject import Subject
from load.bench.usage import Memory
from load.testing import Server
from load.testing import running as cluster

PODS_ONLY = ("--resources=pods",)
NOTHING = "customresourcedefinitions"  # a kind of which the synthetic cluster has no objects by itself
SCRAPES = 5  # of each sort, at least: fewer have no percentiles
_BESIDE = {"p50": 0.5, "p99": 0.99, "max": 1.0}


class SkipError(Exception):
    """The subject cannot take part in a scenario; the message says why."""


class Settings(msgspec.Struct, frozen=True):
    """Of a whole run.

    interval_seconds   between two scrapes of a changing cluster; the changes of 30 s are made in it
    repeats            of what is measured once a process, such as the first list
    """

    pods: int = 20_000
    workers: int = 1
    interval_seconds: float = 3.0
    repeats: int = 3


class Baseline(msgspec.Struct, frozen=True):
    """The same process tree on a cluster without objects, at rest after its first scrape."""

    cpu_seconds: float
    memory: Memory
    peak: Memory
    ready_seconds: float
    processes: int


class Run:
    """One scenario on one subject.

    out        a folder for logs
    baselines  shared by all runs, by subject, workers and flags
    live       shows what is going on
    """

    def __init__(
        self,
        settings: Settings,
        subject: Subject,
        out: Path,
        baselines: dict[tuple[str, ...], Baseline],
        live: Callable[[str], None],
    ) -> None:
        self.settings, self.subject, self.live = settings, subject, live
        self.figures: list[Figure] = []
        self.notes: list[str] = []
        self._out, self._baselines = out, baselines

    def figure(self, name: str, what: str, value: float | Sequence[float], unit: Unit) -> None:
        """Several values are one figure: their median, least and largest."""
        values = value if isinstance(value, Sequence) else [value]
        ends = (min(values), max(values)) if len(values) > 1 else (None, None)
        self.figures.append(Figure(name, what, statistics.median(values), unit, *ends))

    def latency(self, name: str, what: str, scrapes: Sequence[Scrape]) -> None:
        """The time that 9 of 10 scrapes do not exceed; half of them, 99 of 100 and the slowest beside it."""
        histogram = Histogram(scrape.seconds for scrape in scrapes)
        beside = {short: histogram.percentile(share) for short, share in _BESIDE.items()}
        value = histogram.percentile(0.9)
        self.figures.append(Figure(name, f"{what}, p90", value, Unit.SECONDS, percentiles=beside))

    @contextmanager
    def cluster(self, pods: int, kinds: str = "pods") -> Iterator[Server]:
        """A synthetic cluster that holds these kinds, all of them for ""."""
        self.live(f"making a cluster of {pods:,} pods")
        with cluster(pods=pods, kinds=kinds) as server:
            yield server

    @contextmanager
    def exporter(self, server: Server, *flags: str, workers: int = 0, watch: bool = True) -> Iterator[Exporter]:
        """The subject on the cluster; workers as the settings have them if not given.

        watch   its memory from its exec on
        """
        log = self._out / f"{self.subject.name}.log"
        with running(self.subject, server.url, self._flags(flags, workers), log, watch) as exporter:
            yield exporter

    @contextmanager
    def attached(self) -> Iterator[Exporter]:
        """A subject that runs already, on whatever cluster it has."""
        with running(self.subject, "", (), self._out) as exporter:
            yield exporter

    def _flags(self, flags: Sequence[str], workers: int) -> list[str]:
        own = [f"--workers={workers or self.settings.workers}"] if self.subject.scales else []
        return [*own, *flags]

    def baseline(self, *flags: str, workers: int = 0) -> Baseline:
        """The empty tree of the same flags, measured once in a run."""
        key = (self.subject.name, *self._flags(flags, workers))
        if key not in self._baselines:
            with self.cluster(0, NOTHING) as server, Scraper() as scraper:
                self.live("measuring the empty process tree")
                with self.exporter(server, *flags, workers=workers) as exporter:
                    tree = exporter.processes
                    ready = exporter.ready()
                    tree.rest()
                    cpu = tree.cpu_seconds()
                    scraper.scrape(exporter.url)
                    tree.rest()
                    assert exporter.peak is not None
                    self._baselines[key] = Baseline(cpu, tree.memory(), exporter.peak.stop(), ready, len(tree.pids()))
        return self._baselines[key]

    def need(self, flag: str) -> None:
        """Go on with a subject whose --help names the flag; raise SkipError with another."""
        if self.subject.url:
            raise SkipError("it runs already, with the flags it has")
        command = [*self.subject.words("http://127.0.0.1:1", 1, 2), "--help"]
        if not shutil.which(command[0]):
            raise SkipError(f"there is no command {command[0]}")
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if flag not in done.stdout + done.stderr:
            raise SkipError(f"it has no flag {flag}")
