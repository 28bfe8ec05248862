"""Scenarios of the start: the first list, an empty tree, the time to the first whole scrape, workers, all kinds."""

from load.bench.costing import costs, objects, tell
from load.bench.exporter import Exporter, Scraper
from load.bench.figures import Unit
from load.bench.run import PODS_ONLY, SCRAPES, Run, SkipError
from load.bench.scraper import Scrape
from load.testing import Server


def sync(run: Run) -> None:
    """The pods as a stream: what a server with WatchList gives."""
    with run.cluster(run.settings.pods) as server:
        _first_list(run, server, "sync")


def pages(run: Run) -> None:
    """The pods in pages: what a server gives that refuses to stream."""
    with run.cluster(run.settings.pods) as server:
        server.fault("refuse_streaming", verb="stream", count=-1)
        _first_list(run, server, "pages")


def _first_list(run: Run, server: Server, name: str) -> None:
    tell(run, name, "pod", costs(run, server, objects(server, "pods"), *PODS_ONLY))
    lists = [entry for entry in server.requests("list", "pods") if entry["status"] == 200]
    run.notes.append(f"listed in {len(lists) // run.settings.repeats} pages" if lists else "listed as a stream")


def empty(run: Run) -> None:
    """A process tree with 2 workers and every default resource, on a cluster without objects."""
    found = run.baseline(workers=2)
    run.figure("empty.memory", "memory of all processes", found.memory.total, Unit.BYTES)
    run.figure("empty.peak_memory", "its peak", found.peak.total, Unit.BYTES)
    run.figure("empty.processes", "processes", found.processes, Unit.COUNT)
    run.figure("empty.cpu", "CPU from exec to rest", found.cpu_seconds, Unit.SECONDS)
    run.figure("empty.ready", "exec to ready, wall time", found.ready_seconds, Unit.SECONDS)


def start(run: Run) -> None:
    """From exec to the end of the first whole scrape, 2 workers."""
    seconds, ready = [], []
    with run.cluster(run.settings.pods) as server, Scraper() as scraper:
        pods = objects(server, "pods")
        for number in range(SCRAPES):
            run.live(f"start {number + 1} of {SCRAPES}")
            with run.exporter(server, *PODS_ONLY, workers=2, watch=False) as exporter:
                scrape = scraper.scrape(exporter.url, ready_url=exporter.ready_url, count=True)
                ready.append(scrape.begun - exporter.started)
                while scrape.pods != pods:  # a peer may be ready before it has listed anything
                    exporter.alive()
                    scrape = scraper.scrape(exporter.url, count=True)
                seconds.append(scrape.ended - exporter.started)
    run.figure("start.whole", "exec to the end of the first whole scrape", seconds, Unit.SECONDS)
    run.figure("start.ready", "exec to ready", ready, Unit.SECONDS)


def workers(run: Run) -> None:
    """The same pods divided among 1, 2 and 4 workers."""
    if not run.subject.scales:
        raise SkipError("it takes no --workers")
    with run.cluster(run.settings.pods) as server:
        for count in (1, 2, 4):
            found = costs(run, server, objects(server, "pods"), *PODS_ONLY, workers=count)
            name, what = f"workers.{count}", f"{count} worker{'s' if count > 1 else ''}"
            run.figure(f"{name}.ready", f"{what}: exec to ready", found.ready_seconds(), Unit.SECONDS)
            run.figure(f"{name}.cpu_per_pod", f"{what}: CPU per pod", found.cpu_per_object(), Unit.SECONDS)
            run.figure(f"{name}.empty", f"{what}: memory without objects", found.base.memory.total, Unit.BYTES)
            memory = found.memory_per_object()
            run.figure(f"{name}.memory_per_pod", f"{what}: memory per pod beyond that", memory, Unit.BYTES)
            run.latency(f"{name}.gzip", f"{what}: gzip scrape", found.quiet)


def everything(run: Run) -> None:
    """A whole cluster of all kinds and every default resource; one kind of it with ?resources=."""
    some: list[Scrape] = []

    def nodes(scraper: Scraper, exporter: Exporter) -> None:
        some.extend(scraper.scrape(f"{exporter.url}?resources=nodes") for _ in range(SCRAPES))

    with run.cluster(run.settings.pods, "") as server:
        count = objects(server)
        run.figure("everything.objects", "objects in the cluster", count, Unit.COUNT)
        tell(run, "everything", "object", costs(run, server, count, also=nodes))
    run.latency("everything.nodes", "gzip scrape of ?resources=nodes", some)
