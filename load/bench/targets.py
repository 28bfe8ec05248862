"""What the figures must reach, and what the peer was measured at."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from load.bench.figures import Figure, Unit, written

PEER = "kube-state-metrics v2.20.0"
PEER_CONDITIONS = "20,000 pods of 12 kB on a real API server, --resources=pods, 2 cores"

_SIZE = 20_000  # pods; times of whole scrapes are promised for this many


class Target(msgspec.Struct, frozen=True):
    """A figure's upper bound.

    peer   (low, high) that the peer was measured at, on another day, under PEER_CONDITIONS; None where it was not
    pods   the bound is for clusters of this size; 0: of any
    """

    figure: str
    limit: float
    peer: tuple[float, float] | None = None
    pods: int = 0


TARGETS = {
    target.figure: target
    for target in (
        Target("empty.memory", 120e6),
        Target("start.whole", 2.25, (4.5, 4.5), _SIZE),
        Target("sync.cpu_per_pod", 90e-6, (235e-6, 235e-6)),
        Target("pages.cpu_per_pod", 90e-6, (235e-6, 235e-6)),
        Target("sync.memory_per_pod", 4e3, (24e3, 49e3)),  # the peer: after minutes of idling, after the sync
        # Read strictly, the bound is of the whole tree; that depends on the size, and so holds for one.
        Target("sync.whole_memory_per_pod", 4e3, (24e3, 49e3), _SIZE),
        Target("sync.peak_memory_per_pod", 4e3, (49e3, 49e3)),
        Target("scrape.gzip", 0.1, (2.2, 2.6), _SIZE),
        Target("scrape.identity", 0.5, (1.1, 1.5), _SIZE),
        Target("churn-10.cpu_per_event", 100e-6, (283e-6, 283e-6)),
        Target("churn-100.cpu_per_event", 100e-6, (283e-6, 283e-6)),
        Target("churn-1000.cpu_per_event", 100e-6, (283e-6, 283e-6)),
        Target("churn-100.gzip", 0.3, (2.2, 2.6), _SIZE),
        Target("growth.200000.peak_memory_per_pod", 7.2e3),  # 1.5 GB in all, less the empty tree
        Target("growth.200000.gzip", 1.5),
        Target("growth.cpu_bend", 1.1),
        Target("growth.memory_bend", 1.1),
    )
}


class Verdict(StrEnum):
    MET = "met"
    MISSED = "MISSED"
    NONE = ""


class Judgement(msgspec.Struct, frozen=True):
    """A figure beside what is wanted of it; texts are "" where there is nothing to say.

    ratio   the peer's value divided by ours: above 1 ours is the smaller
    """

    verdict: Verdict
    target: str
    peer: str
    ratio: str


def judged(figure: Figure, pods: int, measured: Mapping[str, Figure]) -> Judgement:
    """The figure of a cluster of so many pods, beside its target and the peer's value.

    measured   the peer's figures of the same run by name; they count before the recorded ones
    """
    target = TARGETS.get(figure.name)
    verdict, wanted = Verdict.NONE, ""
    if target is not None:
        wanted = f"<= {written(target.limit, figure.unit)}"
        if target.pods not in {0, pods}:
            wanted += f" at {target.pods:,} pods"
        else:
            verdict = Verdict.MET if figure.value <= target.limit else Verdict.MISSED
    low, high, text = 0.0, 0.0, ""
    if figure.name in measured:
        low = high = measured[figure.name].value
        text = measured[figure.name].text
    elif target is not None and target.peer and target.pods in {0, pods}:
        low, high = target.peer
        text = _range(low, high, figure.unit) + " *"
    return Judgement(verdict, wanted, text, _ratio(low, high, figure.value))


def _range(low: float, high: float, unit: Unit) -> str:
    return written(low, unit) if low == high else f"{written(low, unit)} - {written(high, unit)}"


def _ratio(low: float, high: float, ours: float) -> str:
    if ours <= 0 or high <= 0:
        return ""
    ratios = [value / ours for value in (low, high)]
    texts = [f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}" for ratio in ratios]
    return f"{texts[0]}x" if texts[0] == texts[1] else f"{texts[0]} - {texts[1]}x"
