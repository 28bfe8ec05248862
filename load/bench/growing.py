"""The scenario of growth: the same measured at three sizes, so that what is not linear shows."""

from collections.abc import Sequence
from itertools import pairwise

from load.bench.costing import costs, objects
from load.bench.figures import Figure, Unit
from load.bench.run import PODS_ONLY, Run

SIZES = (0.25, 2.5, 10.0)  # times --pods: 5,000, 50,000 and 200,000


def growth(run: Run) -> None:
    """A quarter, two and a half and ten times the pods; cost per pod, and of a further pod."""
    for size in SIZES:
        with run.cluster(round(run.settings.pods * size)) as server:
            pods = objects(server, "pods")
            found = costs(run, server, pods, *PODS_ONLY)
        name, what = f"growth.{pods}", f"{pods:,} pods"
        run.figure(f"{name}.cpu_per_pod", f"{what}: CPU per pod", found.cpu_per_object(), Unit.SECONDS)
        run.figure(f"{name}.memory_per_pod", f"{what}: memory per pod", found.memory_per_object(), Unit.BYTES)
        run.figure(f"{name}.peak_memory_per_pod", f"{what}: peak memory per pod", found.peak_per_object(), Unit.BYTES)
        run.figure(f"{name}.ready", f"{what}: exec to ready", found.ready_seconds(), Unit.SECONDS)
        run.latency(f"{name}.gzip", f"{what}: gzip scrape", found.quiet)
    for name, what in (("cpu", "CPU"), ("memory", "memory")):
        least = series(run.figures, f"{name}_per_pod", least=True)  # noise only adds, and slopes double it
        bend = bends([(pods, pods * value) for pods, value in least])
        run.figure(f"growth.{name}_bend", f"{what} of a further pod, when large by when small", bend, Unit.RATIO)


def bends(points: Sequence[tuple[int, float]]) -> float:
    """Slope of the last two points by the slope of the first two: 1 on a line, more where it bends upwards.

    What costs the same at any size is in no slope, so it cannot make steep growth look level.
    """
    slopes = [(after - before) / (more - less) for (less, before), (more, after) in pairwise(points)]
    return slopes[-1] / slopes[0]


def series(figures: Sequence[Figure], name: str, *, least: bool = False) -> list[tuple[int, float]]:
    """(pods, value) of one of growth's figures, by size; the least value of several, or their median."""
    found = []
    for figure in figures:
        scenario, _, rest = figure.name.partition(".")
        pods, _, what = rest.partition(".")
        if (scenario, what) == ("growth", name):
            found.append((int(pods), figure.low if least and figure.low is not None else figure.value))
    return sorted(found)
