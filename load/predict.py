"""python -m load predict: what the scaler says of clusters it has never seen, beside what shardex then takes.

For each cluster the scaler is asked first, without a shard to learn from; then the shards are run, one after the
other, and the fullest is measured: PSS of all its processes at rest, and the most that it had on the way there. The
scaler is asked again with what the single shard told, about sets of 2 and 4 that it has not seen.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from load.bench import report
from load.bench.exporter import Exporter, Scraper, running
from load.bench.extending import CONFIG, fill
from load.bench.figures import Unit, written
from load.bench.subject import SHARDEX
from load.processes import environment
from load.signals import interruptible
from load.testing import Server
from load.testing import running as cluster

_BATCH = 500  # objects a request
_WITHIN = 0.15  # of the measured, a prediction
_SECONDS = 120.0


class Mix(NamedTuple):
    """A cluster.

    options  of `python -m load serve`
    more     what is put into it beside
    flags    of shardex
    kinds    that shardex exports then, if not the default ones
    """

    name: str
    options: dict[str, Any]
    more: Callable[[Server], None] = lambda server: None  # noqa: ARG005
    flags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class Case(NamedTuple):
    """Bytes of the fullest pod; `told` is what the scaler says once a single shard has run, None of that shard."""

    cluster: str
    shards: int
    objects: int
    measured: int
    predicted: float
    told: float | None
    measured_peak: int
    predicted_peak: float
    told_peak: float | None

    @property
    def off(self) -> list[float]:
        """By which part of the measured each prediction is off."""
        pairs = ((self.predicted, self.measured), (self.told, self.measured))
        peaks = ((self.predicted_peak, self.measured_peak), (self.told_peak, self.measured_peak))
        return [said / found - 1 for said, found in (*pairs, *peaks) if said is not None]

    def plain(self) -> dict[str, Any]:
        """As a report of the scaler shows it."""
        return {**self._asdict(), "name": f"{self.cluster}, {self.shards}"}


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--objects", default=20_000, type=click.IntRange(1000), help="Objects in a cluster, about.")
@click.option("--workers", default=2, type=click.IntRange(1, 8), help="Workers of a shard.")
@click.option("--shards", default="1,2,4", help="Sizes of the set; 1 must be the first.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the cases here.")
@click.option("--doc", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Put the figures into this.")
def predict(objects: int, workers: int, shards: str, file: Path | None, doc: Path | None) -> None:
    """Compare the scaler's predictions with measurements; exit status 1 if one is off by more than 15 %."""
    interruptible()
    cases: list[Case] = []
    told: dict[str, Any] = {}
    for mix in mixes(objects):
        for case in compared(mix, workers, [int(number) for number in shards.split(",")], told):
            click.echo(f"{case.cluster}, {case.shards}: {', '.join(f'{off:+.1%}' for off in case.off)}")
            cases.append(case)
    if file:
        file.write_text(
            json.dumps({"told": told, "cases": [case.plain() for case in cases]}, indent=1), encoding="utf-8"
        )
    text = table(cases, workers)
    click.echo(text)
    if doc:
        doc.write_text(report.put(doc.read_text(encoding="utf-8"), text, "predicted"), encoding="utf-8")
    worst = max(abs(off) for case in cases for off in case.off)
    if worst > _WITHIN:
        raise click.ClickException(f"a prediction is off by {worst:.0%}, more than {_WITHIN:.0%}")


def mixes(objects: int) -> list[Mix]:
    """Three clusters, none of which is like that of scaler/costs.py, where pods are four of nine objects."""
    custom = f"--custom-resource-state-config={CONFIG}"
    return [
        Mix("pods", {"pods": objects, "kinds": "pods,nodes,namespaces"}),
        Mix("config maps", {"pods": objects // 40}, lambda server: config_maps(server, objects * 9 // 10)),
        Mix(
            "mixed, with custom resources",
            {"pods": objects // 4, "pod_bytes": 20_000},
            lambda server: fill(server, objects // 3),
            (custom,),
            ("gadgets.v1.bench.example",),
        ),
    ]


def config_maps(server: Server, count: int) -> None:
    changes = [
        {
            "action": "add",
            "path": f"/api/v1/namespaces/team-{number % 50}/configmaps/settings-{number}",
            "object": {"data": {"settings.yaml": f"number: {number}\n" * 20}},
        }
        for number in range(count)
    ]
    for start in range(0, count, _BATCH):
        server.apply(changes[start : start + _BATCH])


def compared(mix: Mix, workers: int, sizes: Sequence[int], told: dict[str, Any]) -> Iterator[Case]:
    """A case a size; `told` is filled with the scaler's whole answer about the single shard."""
    with cluster(**mix.options) as server, tempfile.TemporaryDirectory(prefix="predict-") as folder:
        mix.more(server)
        asked = Asked(server.url, workers, mix.kinds)
        before = {size: asked.said(size) for size in sizes}
        after: dict[int, tuple[float, float]] = {}
        for size in sizes:
            measured = []
            for ordinal in range(size):
                flags = (f"--workers={workers}", f"--shard={ordinal}", f"--total-shards={size}", *mix.flags)
                with shard(server, flags, Path(folder)) as exporter:
                    measured.append((exporter.processes.memory().total, exporter.peak_bytes))
                    if size == 1:
                        url = exporter.ready_url.removesuffix("/readyz")
                        after = {other: asked.said(other, url) for other in sizes if other != 1}
                        told.update(asked.answer([f"--shard-url={url}", "--memory-limit=256Mi"]))
            steady, peak = (max(column) for column in zip(*measured, strict=True))
            learned = after.get(size, (None, None))
            objects = sum(server.state()["objects"].values())
            yield Case(mix.name, size, objects, steady, before[size][0], learned[0], peak, before[size][1], learned[1])


class Asked:
    """The scaler, as a process."""

    def __init__(self, url: str, workers: int, custom: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "scaler", "recommend", "-o", "json", "--seconds=0"]
        self._command += [f"--apiserver={url}", f"--workers={workers}"]
        self._kinds = [*self._default_kinds(), *custom]

    def said(self, shards: int, url: str = "") -> tuple[float, float]:
        """(steady, peak) bytes of the fullest pod of so many; with what the shard behind the URL tells."""
        source = f"--shard-url={url}" if url else "--statefulset=none"
        found = self.answer([f"--min-shards={shards}", f"--max-shards={shards}", source])["recommendation"]
        return found["memory_bytes"], found["peak_bytes"]

    def answer(self, flags: Sequence[str]) -> dict[str, Any]:
        """What `recommend -o json` prints."""
        command = [*self._command, *flags, f"--resources={','.join(self._kinds)}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, env=environment(), check=False)
        if not done.stdout:
            raise click.ClickException(f"the scaler said nothing: {done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    @staticmethod
    def _default_kinds() -> list[str]:
        """Of shardex without --resources."""
        done = subprocess.run(
            [sys.executable, "-m", "shardex", "families", "--output=json"],
            capture_output=True, text=True, timeout=_SECONDS, env=environment(), check=True,
        )  # fmt: skip
        return sorted({row["resource"] for row in json.loads(done.stdout) if row["default"]})


@contextmanager
def shard(server: Server, flags: Sequence[str], folder: Path) -> Iterator[Exporter]:
    """A shard at rest after its second scrape."""
    with running(SHARDEX, server.url, flags, folder / "shardex.log") as exporter, Scraper() as scraper:
        exporter.ready()
        scraper.scrape(exporter.url)
        scraper.scrape(exporter.url)
        exporter.processes.rest()
        yield exporter


def table(cases: Sequence[Case], workers: int) -> str:
    """Markdown: a row a case."""
    head = (
        "cluster",
        "objects",
        f"shards of {workers}",
        "measured",
        "assumed",
        "learned",
        "peak",
        "assumed",
        "learned",
    )
    rows = [head, ("---", *["---:"] * (len(head) - 1))]
    for one in cases:
        steady = (_cell(one.measured), _cell(one.predicted, one.measured), _cell(one.told, one.measured))
        peak = [_cell(size, one.measured_peak) for size in (one.predicted_peak, one.told_peak)]
        rows.append((one.cluster, f"{one.objects:,}", str(one.shards), *steady, _cell(one.measured_peak), *peak))
    worst = max(abs(off) for one in cases for off in one.off)
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), "", f"Off by {worst:.1%} at most."])


def _cell(size: float | None, measured: float = 0.0) -> str:
    if size is None:
        return ""
    text = written(size, Unit.BYTES)
    return f"{text} ({size / measured - 1:+.1%})" if measured else text
