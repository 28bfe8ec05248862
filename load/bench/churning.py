"""Scenarios of change: steady at three rates, rollouts, drains, storms of jobs; a gzip scrape now and then."""

import time
from typing import NamedTuple

from load.bench.costing import objects, synced
from load.bench.exporter import Exporter, MeasureError, Scraper
from load.bench.figures import Unit
from load.bench.run import PODS_ONLY, SCRAPES, Run
from load.bench.scraper import Scrape
from load.bench.usage import Memory
from load.testing import Server

_SCRAPE_SECONDS = 30.0  # between two scrapes, as Prometheus is often set to: so many changes are folded at once
_MOST_PER_SECOND = 2_000.0  # changes that the synthetic server makes beside what it serves
_KINDS = "pods,deployments,replicasets,jobs,nodes"
_IDLE_SECONDS = 3.0
_SETTLE_SECONDS = 2.0  # of changes at their own rate before each scrape, when those since the last one came faster
_UNCOUNTED = 3  # scrapes at first: an exporter may learn their interval, as it can from every scraper
_LATE_SECONDS = 0.5


class Cycle(NamedTuple):
    """Changes, and the scrape that follows; CPU time beyond that of the idle process and of a quiet scrape."""

    events: int
    reading_cpu_seconds: float
    folding_cpu_seconds: float
    late_seconds: float
    scrape: Scrape


def steady(run: Run, rate: float) -> None:
    """Readiness that flips, restarts, replaced pods: pods alone."""
    _churn(run, f"churn-{rate:.0f}", "steady", rate, "pods", *PODS_ONLY)


def profile(run: Run, name: str) -> None:
    """A profile of change over the kinds that it touches, 100 changes a second."""
    _churn(run, name, name, 100.0, _KINDS, f"--resources={_KINDS}")


def _churn(run: Run, name: str, profile: str, rate: float, kinds: str, *flags: str) -> None:
    pace = min(max(rate, rate * _SCRAPE_SECONDS / run.settings.interval_seconds), max(rate, _MOST_PER_SECOND))
    changes = round(rate * _SCRAPE_SECONDS)
    with run.cluster(run.settings.pods, kinds) as server, Scraper() as scraper:
        run.live("waiting for the sync")
        with run.exporter(server, *flags) as exporter:
            synced(exporter, scraper, objects(server, "pods"))
            tree = exporter.processes
            quiet = _quiet_scrape_cpu(exporter, scraper)
            idle = _idle(exporter)
            before = tree.memory()
            server.churn(profile, 0.0)
            cycles = []
            # By a timetable, as scrapers come: every so many seconds, however long an answer takes.
            period, began = changes / pace + _SETTLE_SECONDS, time.monotonic()
            for number in range(_UNCOUNTED + SCRAPES):
                run.live(f"{changes:,} changes at {pace:,.0f}/s, scrape {number + 1} of {_UNCOUNTED + SCRAPES}")
                due = began + (number + 1) * period
                cycles.append(_cycle(server, exporter, scraper, (rate, pace, changes), (idle, quiet), due))
            after = tree.memory()
    late = max(one.late_seconds for one in cycles)
    if late > _LATE_SECONDS:
        run.notes.append(f"a scrape came {late:.1f} s late: this machine is too slow for so many changes")
    _report(run, name, cycles[_UNCOUNTED:], before, after)
    run.notes.append(
        f"{changes:,} changes between two scrapes, as {rate:,.0f}/s make in {_SCRAPE_SECONDS:.0f} s; "
        f"here at {pace:,.0f}/s, and at {rate:,.0f}/s for {_SETTLE_SECONDS:.0f} s before the scrape and during it; "
        f"the first {_UNCOUNTED} scrapes, from which an exporter may learn the interval, are not counted"
    )


def _quiet_scrape_cpu(exporter: Exporter, scraper: Scraper) -> float:
    before = exporter.processes.cpu_seconds()
    for _ in range(SCRAPES):
        scraper.scrape(exporter.url)
    return (exporter.processes.cpu_seconds() - before) / SCRAPES


def _idle(exporter: Exporter) -> float:
    """CPU seconds a second of a tree at rest."""
    exporter.processes.rest()
    before, started = exporter.processes.cpu_seconds(), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    return (exporter.processes.cpu_seconds() - before) / (time.monotonic() - started)


def _cycle(
    server: Server,
    exporter: Exporter,
    scraper: Scraper,
    pace: tuple[float, float, int],
    known: tuple[float, float],
    due: float,
) -> Cycle:
    """Changes made at a pace, then a scrape while they go on at their rate, then rest.

    pace    rate, pace, changes
    known   CPU of the idle tree a second, and of a quiet scrape
    due     when to scrape
    """
    (rate, fast, changes), (idle, quiet), tree = pace, known, exporter.processes
    revision, cpu, started = server.state()["revision"], tree.cpu_seconds(), time.monotonic()
    _change(server, fast, changes)
    server.churn(rate=rate)
    time.sleep(max(0.0, due - time.monotonic()))
    middle, middle_at = tree.cpu_seconds(), time.monotonic()
    scrape = scraper.scrape(exporter.url)
    server.churn(rate=0.0)
    tree.rest()
    end, ended = tree.cpu_seconds(), time.monotonic()
    return Cycle(
        server.state()["revision"] - revision,
        middle - cpu - idle * (middle_at - started),
        end - middle - idle * (ended - middle_at) - quiet,
        middle_at - due,
        scrape,
    )


def _change(server: Server, rate: float, changes: int) -> None:
    """Make so many changes; raise MeasureError when the server cannot in ten times the time."""
    wanted = server.state()["churn"]["changes"] + changes
    deadline = time.monotonic() + 10 * changes / rate + 10
    server.churn(rate=rate)
    while (missing := wanted - server.state()["churn"]["changes"]) > 0:
        if time.monotonic() > deadline:
            raise MeasureError(f"the synthetic server does not make {rate:.0f} changes a second")
        time.sleep(min(0.5, max(0.02, missing / rate)))


def _report(run: Run, name: str, cycles: list[Cycle], before: Memory, after: Memory) -> None:
    total = [(one.reading_cpu_seconds + one.folding_cpu_seconds) / one.events for one in cycles]
    run.figure(f"{name}.cpu_per_event", "CPU per event, folding included", total, Unit.SECONDS)
    folding = [one.folding_cpu_seconds / one.events for one in cycles]
    run.figure(f"{name}.fold_cpu_per_event", "of it, folding at the scrape", folding, Unit.SECONDS)
    run.latency(f"{name}.gzip", "gzip scrape", [one.scrape for one in cycles])
    run.figure(f"{name}.events", "events between two scrapes", [one.events for one in cycles], Unit.COUNT)
    run.figure(f"{name}.memory", "memory of all processes", after.total, Unit.BYTES)
    run.figure(f"{name}.memory_growth", "memory gained by all changes", after.total - before.total, Unit.BYTES)
