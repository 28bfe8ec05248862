"""python -m load scale: a cluster that grows tenfold and shrinks again, in accelerated time, against the scaler.

Nothing runs but the scaler's own pure parts: objects, shards and their memory are numbers. What an object really takes
here is not what the scaler assumes, differs from kind to kind, and is told with noise; a change of size takes a
minute, during which a pod holds the larger of its old and its new share.
"""

import json
import math
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click

from load.bench import report
from scaler import costs
from scaler.decide import State, changed, decide
from scaler.observation import Fault, Kind, Observation, Reason, Set, Shard, Worker
from scaler.policy import Policy
from scaler.recommend import recommend

HOUR = 3600.0
#: (hours, times the first size at its end); between two rows it goes straight
STAGES = ((1.0, 1.0), (3.0, 10.0), (5.0, 10.0), (6.0, 9.4), (7.0, 10.0), (9.0, 1.0), (11.0, 1.0))
#: objects of a cluster, a pod each
MIX = {"pods": 1.0, "replicasets": 0.25, "endpointslices": 0.13, "services": 0.13, "configmaps": 0.3, "secrets": 0.1}
_WORKERS = 2
_LIMIT = 256 * 2**20
_RESIZE_SECONDS = 60.0
_NOISE = 0.02  # of what a pod tells of itself, from look to look


class Truth(NamedTuple):
    """What things really take; bytes."""

    pod: float
    worker: float
    each: float
    kinds: dict[str, float]


class Moment(NamedTuple):
    """One turn; memory of the fullest pod, bytes, with the peak of its start while a change is made."""

    at: float
    size: float
    wanted: int
    upper: int
    actual: int
    memory: float
    reason: str


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--pods", default=30_000, type=click.IntRange(1000), help="Pods at the start; ten times as many later.")
@click.option("--seed", default=1, help="The same seed gives the same run.")
@click.option("--interval", default=15.0, type=click.FloatRange(1, 60), help="Seconds between two turns.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Draw wanted, actual and memory here.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures and turns here.")
@click.option("--doc", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Put the figures into this.")
def scale(pods: int, seed: int, interval: float, png: Path | None, file: Path | None, doc: Path | None) -> None:
    """Let a cluster grow and shrink against the scaler; exit status 1 if it flaps, runs out of memory or lags."""
    policy = Policy(memory_limit=_LIMIT, scrape_seconds=10.0, workers=_WORKERS, changes_per_hour=12)
    moments = list(turns(pods, seed, interval, policy))
    figures = judged(moments, policy)
    faults = [name for name, figure in figures.items() if not figure["holds"]]
    text = table(figures)
    click.echo(text)
    if file:
        file.write_text(json.dumps({"figures": figures, "moments": moments}, indent=1), encoding="utf-8")
    if png:
        draw(moments, png)
    if doc:
        doc.write_text(report.put(doc.read_text(encoding="utf-8"), text, "scale"), encoding="utf-8")
    if faults:
        raise click.ClickException("; ".join(faults))


def turns(pods: int, seed: int, interval: float, policy: Policy) -> Iterator[Moment]:
    """Turn after turn to the end of the stages."""
    rng = random.Random(seed)
    truth = Truth(
        rng.uniform(33e6, 40e6), rng.uniform(23e6, 29e6), rng.uniform(350, 600),
        {plural: costs.KINDS[plural].stored_bytes * rng.uniform(0.75, 1.25) for plural in MIX},
    )  # fmt: skip
    state, actual, goal, ready_at = State(), 1, 1, 0.0
    at = 0.0
    while at <= STAGES[-1][0] * HOUR:
        size = size_at(at / HOUR)
        objects = {plural: round(pods * size * share) for plural, share in MIX.items()}
        resizing = goal != actual
        if resizing and at >= ready_at:
            actual, resizing = goal, False
        held = min(actual, goal)  # while a change is made, the larger share counts
        memory = max(pod_bytes(truth, objects, held, rng) for _ in range(held))
        memory += _WORKERS * costs.TRANSIENT if resizing else 0.0
        faults = (Fault(Reason.RESIZE_UNDER_WAY, ""),) if resizing else ()
        target = Set("monitoring", "shardex", actual)
        shards = tuple(shard(truth, objects, number, actual, rng) for number in range(actual))
        found = recommend(Observation(at, objects, shards, target, faults), policy)
        state, decision = decide(state, found, target, policy, at)
        if decision.target is not None:
            goal, ready_at, state = decision.target, at + _RESIZE_SECONDS, changed(state, at)
        yield Moment(at, pods * size, found.shards, found.upper, actual, memory, decision.reason)
        at += interval


def size_at(hours: float) -> float:
    """Times the first size."""
    for (start, low), (end, high) in pairwise(((0.0, 1.0), *STAGES)):
        if hours <= end:
            return low + (high - low) * (hours - start) / (end - start)
    return STAGES[-1][1]


def pod_bytes(truth: Truth, objects: dict[str, int], total: int, rng: random.Random) -> float:
    """A pod of so many, which holds about its share of each kind."""
    held = {plural: share(count, total, rng) for plural, count in objects.items()}
    own = sum(count * (truth.kinds[plural] + truth.each) for plural, count in held.items())
    return truth.pod + _WORKERS * truth.worker + own


def share(count: int, total: int, rng: random.Random) -> int:
    """Of so many objects those whose hash falls here: the normal approximation of a binomial number."""
    part = 1 / total
    return max(0, round(rng.gauss(count * part, math.sqrt(count * part * (1 - part)))))


def shard(truth: Truth, objects: dict[str, int], ordinal: int, total: int, rng: random.Random) -> Shard:
    """What a pod tells of itself."""
    held = {plural: share(count, total, rng) for plural, count in objects.items()}
    kinds = {
        plural: Kind(
            count, round(count * costs.KINDS[plural].series), round(count * costs.KINDS[plural].text_bytes),
            round(count * truth.kinds[plural] * 0.7), round(count * truth.kinds[plural] * 0.3),
        )
        for plural, count in held.items()
    }  # fmt: skip
    stored = sum(kind.stored_bytes for kind in kinds.values()) // _WORKERS
    count = sum(held.values()) // _WORKERS
    each = (truth.worker + stored + count * truth.each) * rng.gauss(1, _NOISE)
    worker = Worker(True, round(each), round(costs.TRANSIENT), 0.0, count, stored)
    return Shard(
        f"shardex-{ordinal}", ordinal, total, round(truth.pod * rng.gauss(1, _NOISE)), (worker,) * _WORKERS, kinds
    )


def judged(moments: Sequence[Moment], policy: Policy) -> dict[str, dict[str, Any]]:
    """Figures by name: what came out, what is asked for, and whether it holds."""
    changes = [(one, two) for one, two in pairwise(moments) if one.actual != two.actual]
    real = real_changes([moment.size for moment in moments])
    turned = sum(
        (a[1].actual > a[0].actual) != (b[1].actual > b[0].actual) for a, b in pairwise(changes)
    )  # up, and down again
    highest = max(moment.memory for moment in moments)
    small = STAGES[-2][0] * HOUR
    back = next((one.at - small for one in moments if one.at >= small and one.actual <= one.upper), math.inf)
    steps = math.ceil(max(moment.actual for moment in moments) / policy.max_step)
    patience = policy.down_seconds + steps * (_RESIZE_SECONDS + 60)
    most, many = max(one.actual for one in moments), len(changes)
    rows = (
        ("changes of size", many, f"at most {2 * real}, two for each fifth of the cluster", many <= 2 * real),
        ("turns from growing to shrinking or back", turned, "1, as the cluster's own", turned == 1),
        ("most shards", most, "more than 1", most > 1),
        ("memory of the fullest pod, MiB", round(highest / 2**20), f"at most {_LIMIT >> 20}", highest <= _LIMIT),
        ("seconds to shrink, after the cluster has", back, f"at most {patience:.0f}", back <= patience),
    )  # fmt: skip
    return {name: {"value": value, "wanted": wanted, "holds": holds} for name, value, wanted, holds in rows}


def real_changes(sizes: Sequence[float], part: float = 0.2) -> int:
    """How often the size has left what it was, at the last time counted, by a fifth."""
    count, mark = 0, sizes[0]
    for size in sizes:
        if not mark / (1 + part) < size < mark * (1 + part):
            count, mark = count + 1, size
    return count


def table(figures: dict[str, dict[str, Any]]) -> str:
    rows = [f"| {name} | {figure['value']:,.0f} | {figure['wanted']} |" for name, figure in figures.items()]
    return "\n".join(["| 10x growth and back | came out | wanted |", "|---|---:|---|", *rows])


def draw(moments: Sequence[Moment], path: Path) -> None:
    """Shards above, memory below."""
    report.module("matplotlib").use("Agg")
    pyplot = report.module("matplotlib.pyplot")
    picture, (above, below) = pyplot.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
    hours = [moment.at / HOUR for moment in moments]
    above.fill_between(
        hours, [m.wanted for m in moments], [m.upper for m in moments], step="post", alpha=0.25, color="#2b6cb0",
        label="wanted, with the dead band",
    )  # fmt: skip
    above.step(hours, [m.actual for m in moments], where="post", color="#1a202c", label="actual")
    above.set(ylabel="shards", title=f"{moments[0].size:,.0f} to {max(m.size for m in moments):,.0f} pods and back")
    above.legend(loc="upper right", fontsize=8)
    below.plot(hours, [m.memory / 2**20 for m in moments], color="#2b6cb0", linewidth=0.8)
    below.axhline(_LIMIT / 2**20, color="#c53030", linewidth=1)
    below.set(xlabel="hours", ylabel="memory of the fullest pod, MiB")
    below.set_ylim(bottom=0)
    for axes in (above, below):
        axes.grid(visible=True, alpha=0.3)
    picture.savefig(path, dpi=110)
    pyplot.close(picture)
