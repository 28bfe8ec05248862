"""The scenario of the scrape: quiet, two at once, beside a slow reader."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from load.bench.costing import objects, synced
from load.bench.exporter import Exporter, Scraper
from load.bench.figures import Unit
from load.bench.run import PODS_ONLY, SCRAPES, Run
from load.bench.scraper import Scrape

_QUIET = 20  # quiet gzip scrapes cost little, and more of them say more
_SLOW_BYTES_PER_SECOND = 1 << 20


@contextmanager
def _at_rest(run: Run) -> Iterator[tuple[Exporter, Scraper]]:
    """An exporter that has listed the pods, or one that runs already, and a scraper that has asked once."""
    with Scraper() as scraper:
        if run.subject.url:
            with run.attached() as exporter:
                scraper.scrape(exporter.url)
                yield exporter, scraper
            return
        with run.cluster(run.settings.pods) as server:
            run.live("waiting for the sync")
            with run.exporter(server, *PODS_ONLY) as exporter:
                synced(exporter, scraper, objects(server, "pods"))
                yield exporter, scraper


def _timed(exporter: Exporter, count: int, ask: Callable[[], Scrape]) -> tuple[list[Scrape], float]:
    """Scrapes one after the other, and the exporter's CPU time for each; nan when it is not known."""
    before = exporter.tree.cpu_seconds() if exporter.tree else float("nan")
    found = [ask() for _ in range(count)]
    after = exporter.tree.cpu_seconds() if exporter.tree else float("nan")
    return found, (after - before) / count


def scrape(run: Run) -> None:
    """A cluster where nothing changes: gzip, identity, two at once, beside a reader of 1 MB/s."""
    with _at_rest(run) as (exporter, scraper):
        run.live("quiet scrapes")
        for gzip, name, count in ((True, "gzip", _QUIET), (False, "identity", SCRAPES)):
            looked = scraper.scrape(exporter.url, gzip=gzip, count=True)
            if looked.encoding != name:
                run.notes.append(f"asked for {name}, answered {looked.encoding}")
            found, cpu = _timed(exporter, count, lambda gzip=gzip: scraper.scrape(exporter.url, gzip=gzip))  # type: ignore[misc]
            run.latency(f"scrape.{name}", f"{name} scrape", found)
            run.figure(f"scrape.{name}_body", f"{name} scrape, bytes on the wire", looked.body_bytes, Unit.BYTES)
            if exporter.tree:
                run.figure(f"scrape.{name}_cpu", f"{name} scrape, the exporter's CPU", cpu, Unit.SECONDS)
        run.figure("scrape.samples", "samples", looked.samples, Unit.COUNT)
        _together(run, exporter, scraper)
        _beside_a_slow_one(run, exporter, scraper)
        if exporter.tree:
            run.figure("scrape.memory", "memory of all processes after it", exporter.tree.memory().total, Unit.BYTES)


def _together(run: Run, exporter: Exporter, first: Scraper) -> None:
    run.live("two scrapers at once")
    found: list[Scrape] = []
    with Scraper() as second:
        for _ in range(SCRAPES):
            for scraper in (first, second):
                scraper.ask(exporter.url)
            found += [scraper.answer() for scraper in (first, second)]
    run.latency("scrape.two", "gzip scrape, two at once", found)


def _beside_a_slow_one(run: Run, exporter: Exporter, scraper: Scraper) -> None:
    run.live("beside a slow reader")
    with Scraper() as slow:
        slow.ask(exporter.url, bytes_per_second=_SLOW_BYTES_PER_SECOND)
        found = [scraper.scrape(exporter.url) for _ in range(SCRAPES)]
    run.latency("scrape.beside_slow", "gzip scrape beside a reader of 1 MB/s", found)
