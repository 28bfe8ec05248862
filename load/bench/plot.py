"""Pictures of results; matplotlib is an extra."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from load.bench.figures import Figure
from load.bench.growing import series
from load.bench.report import module
from load.bench.results import Results
from load.bench.subject import SHARDEX
from load.bench.targets import TARGETS

_OURS, _PEER, _BOUND = "#2b6cb0", "#b7b7b7", "#c53030"
_PIXELS_PER_INCH = 110


def plots(results: Results, folder: Path) -> list[Path]:
    """Write targets.png, and growth.png when growth was measured; the files written.

    raise   ExtraError without matplotlib
    """
    module("matplotlib").use("Agg")  # no display is needed
    pyplot = module("matplotlib.pyplot")
    figures = [figure for outcome in results.of(SHARDEX.name) for figure in outcome.figures]
    written = []
    for name, draw in (("targets", _targets), ("growth", _growth)):
        picture = draw(pyplot, figures, results)
        if picture is not None:
            written.append(folder / f"{name}.png")
            picture.savefig(written[-1], dpi=_PIXELS_PER_INCH)
            pyplot.close(picture)
    return written


def _targets(pyplot: Any, figures: Sequence[Figure], results: Results) -> Any:
    """Every figure with a target, as a share of the target, beside the peer's; logarithmic."""
    judged = [figure for figure in figures if results.judge(figure).verdict]
    if not judged:
        return None
    picture, axes = pyplot.subplots(figsize=(8, 1.2 + 0.5 * len(judged)), layout="constrained")
    measured = results.peer_figures()
    for place, figure in enumerate(judged):
        target = TARGETS[figure.name]
        axes.barh(place - 0.2, figure.value / target.limit, 0.38, color=_OURS)
        peer = measured[figure.name].value if figure.name in measured else max(target.peer or (0,))
        if peer:
            axes.barh(place + 0.2, peer / target.limit, 0.38, color=_PEER)
        axes.text(figure.value / target.limit, place - 0.2, f" {figure.text.partition(' (')[0]}", va="center", size=8)
    axes.axvline(1.0, color=_BOUND, linewidth=1)
    axes.set(xscale="log", xlabel="share of the target (red line); blue shardex, grey the peer")
    axes.set_yticks(range(len(judged)), [figure.name for figure in judged])
    axes.invert_yaxis()
    axes.set_xlim(left=0.5 * min(figure.value / TARGETS[figure.name].limit for figure in judged))
    return picture


def _growth(pyplot: Any, figures: Sequence[Figure], results: Results) -> Any:
    """Cost per pod by size: level lines are linear growth."""
    panels = (
        ("CPU per pod, us", 90.0, [(pods, value * 1e6) for pods, value in series(figures, "cpu_per_pod")]),
        ("peak memory per pod, kB", 4.0, [(pods, v / 1e3) for pods, v in series(figures, "peak_memory_per_pod")]),
        ("gzip scrape (p90) per 1,000 pods, ms", None, [(pods, v / pods * 1e6) for pods, v in series(figures, "gzip")]),
    )
    if not panels[0][2]:
        return None
    picture, row = pyplot.subplots(1, len(panels), figsize=(10, 3.4), layout="constrained")
    for axes, (label, bound, points) in zip(row, panels, strict=True):
        axes.plot([pods for pods, _ in points], [value for _, value in points], "o-", color=_OURS)
        if bound:
            axes.axhline(bound, color=_BOUND, linewidth=1)
        axes.set(xscale="log", xlabel="pods", title=label)
        axes.set_ylim(bottom=0)
        axes.set_xticks([pods for pods, _ in points], [f"{pods:,}" for pods, _ in points])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.3)
    picture.suptitle(f"{results.machine.cpu}, {results.machine.cores} cores; red: target", size=9)
    return picture
