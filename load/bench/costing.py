"""What a start costs, from exec to rest: what most scenarios are made of."""

from collections.abc import Callable
from typing import NamedTuple

from load.bench.exporter import Exporter, MeasureError, Scraper
from load.bench.figures import Unit
from load.bench.run import SCRAPES, Baseline, Run
from load.bench.scraper import Scrape
from load.bench.usage import Memory
from load.testing import Server


class Sync(NamedTuple):
    """One start; the CPU time is read before the first scrape, the memory after it."""

    ready_seconds: float
    cpu_seconds: float
    scrape_cpu_seconds: float
    memory: Memory
    peak: Memory
    scrape: Scrape


class Costs(NamedTuple):
    """Several starts of the same.

    total   objects in the cluster
    quiet   gzip scrapes after the first one of each start
    base    the empty tree: what is said of an object is what goes beyond it
    """

    total: int
    syncs: list[Sync]
    quiet: list[Scrape]
    base: Baseline

    def cpu_per_object(self) -> list[float]:
        return [(one.cpu_seconds - self.base.cpu_seconds) / self.total for one in self.syncs]

    def memory_per_object(self) -> list[float]:
        return [(one.memory.total - self.base.memory.total) / self.total for one in self.syncs]

    def peak_per_object(self) -> list[float]:
        return [(one.peak.total - self.base.memory.total) / self.total for one in self.syncs]

    def ready_seconds(self) -> list[float]:
        return [one.ready_seconds for one in self.syncs]


def objects(server: Server, plural: str = "") -> int:
    """How many the cluster holds, of one kind or of all."""
    counts: dict[str, int] = server.state()["objects"]
    return counts.get(plural, 0) if plural else sum(counts.values())


def synced(exporter: Exporter, scraper: Scraper, pods: int) -> Sync:
    """Follow a start to its end.

    raise   MeasureError when the scrape is not whole
    """
    tree = exporter.processes
    ready = exporter.ready()
    tree.rest()
    cpu = tree.cpu_seconds()
    scrape = scraper.scrape(exporter.url, count=True)
    if scrape.pods != pods:
        raise MeasureError(f"a scrape at rest shows {scrape.pods} pods of {pods}")
    tree.rest()
    assert exporter.peak is not None
    return Sync(ready, cpu, tree.cpu_seconds() - cpu, tree.memory(), exporter.peak.stop(), scrape)


def costs(
    run: Run,
    server: Server,
    count: int,
    *flags: str,
    workers: int = 0,
    also: Callable[[Scraper, Exporter], None] = lambda *_: None,
) -> Costs:
    """Start the subject with these flags as often as the settings say.

    count   objects by which the costs are divided
    also    done at the end of each start
    """
    base, times = run.baseline(*flags, workers=workers), run.settings.repeats
    found = Costs(count, [], [], base)
    pods = objects(server, "pods")
    with Scraper() as scraper:
        for number in range(times):
            run.live(f"start {number + 1} of {times} on {count:,} objects" + f", {workers} workers" * bool(workers))
            with run.exporter(server, *flags, workers=workers) as exporter:
                found.syncs.append(synced(exporter, scraper, pods))
                found.quiet.extend(scraper.scrape(exporter.url) for _ in range(SCRAPES))
                also(scraper, exporter)
    return found


def tell(run: Run, name: str, thing: str, found: Costs) -> None:
    """All that is known of a start as figures; `thing` is what was counted."""
    beyond, syncs = "beyond the empty tree's", found.syncs
    run.figure(f"{name}.cpu_per_{thing}", f"CPU per {thing}, {beyond}", found.cpu_per_object(), Unit.SECONDS)
    memory, peak = found.memory_per_object(), found.peak_per_object()
    run.figure(f"{name}.memory_per_{thing}", f"memory per {thing} after a scrape, {beyond}", memory, Unit.BYTES)
    run.figure(f"{name}.peak_memory_per_{thing}", f"peak memory per {thing}, {beyond}", peak, Unit.BYTES)
    whole = [one.memory.total / found.total for one in syncs]
    run.figure(f"{name}.whole_memory_per_{thing}", f"memory per {thing}, empty tree included", whole, Unit.BYTES)
    run.figure(f"{name}.cpu", "CPU from exec to rest, all of it", [one.cpu_seconds for one in syncs], Unit.SECONDS)
    run.figure(f"{name}.memory", "memory of all processes", [one.memory.total for one in syncs], Unit.BYTES)
    run.figure(f"{name}.memfds", "of it, memfds", [one.memory.memfds for one in syncs], Unit.BYTES)
    run.figure(f"{name}.ready", "exec to ready, wall time", found.ready_seconds(), Unit.SECONDS)
    first = [one.scrape_cpu_seconds for one in syncs]
    run.figure(f"{name}.first_scrape_cpu", "CPU of the first gzip scrape", first, Unit.SECONDS)
    run.figure(f"{name}.samples", "samples", syncs[0].scrape.samples, Unit.COUNT)
    run.figure(f"{name}.gzip_body", "gzip scrape, bytes on the wire", syncs[0].scrape.body_bytes, Unit.BYTES)
    run.latency(f"{name}.gzip", "gzip scrape", found.quiet)
