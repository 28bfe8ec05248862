"""Pictures of a plan as SVG texts to stand inside a page; matplotlib is an extra."""

import io
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from scaler.plan import Plan
from shardex.errors import ShardexError

_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#805ad5", "#b7791f", "#4a5568")
_BOUND, _FAINT = "#c53030", "#cbd5e0"
_KINDS = 12  # that take the most; the rest is one bar


def charts(plan: Plan) -> dict[str, str]:
    """Name -> SVG; a chart without anything to show is left out.

    raise  ShardexError without matplotlib
    """
    matplotlib = extra("matplotlib")
    matplotlib.use("Agg")  # no display is needed
    pyplot = extra("matplotlib.pyplot")
    rows: tuple[tuple[str, Callable[[Any, Plan], Any]], ...] = (
        ("growth", _growth), ("headroom", _headroom), ("memory", _memory), ("kinds", _kinds),
    )  # fmt: skip
    found = {}
    # Text stays text: it is searched and copied, and a page stays small. The salt keeps ids from changing by the run.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "shardex", "font.size": 9}):
        for name, draw in rows:
            picture = draw(pyplot, plan)
            if picture is not None:
                found[name] = inline(picture, name)
                pyplot.close(picture)
    return found


def extra(name: str) -> Any:
    """A module of the extra `report`; raise ShardexError without it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ShardexError(f"{error}; reports need: pip install 'shardex[report]'") from None


def inline(picture: Any, name: str) -> str:
    """The svg element alone: no prologue, no metadata, and ids that are of this picture only."""
    text = io.StringIO()
    picture.savefig(text, format="svg", metadata={"Creator": None, "Date": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'(xlink:)?href="#', f'href="#{name}-', svg)
    return re.sub(r'\s+xmlns(:xlink)?="[^"]*"', "", svg).strip()


def _growth(pyplot: Any, plan: Plan) -> Any:
    """Shards against growth, a line a limit; the thick one is what is needed."""
    names = [bound.name for bound in plan.told.recommendation.bounds if not bound.hopeless]
    if not names:
        return None
    picture, axes = _axes(pyplot, 3.6)
    factors = [size.factor for size in plan.curve]
    for name, colour in zip(names, _COLOURS, strict=False):
        shards = [size.bounds[name] for size in plan.curve]
        axes.step(factors, _gaps(shards), where="post", color=colour, linewidth=1.2, label=name)
    needed = [size.shards for size in plan.curve]
    axes.step(factors, _gaps(needed), where="post", color="black", linewidth=2.6, alpha=0.35, label="needed")
    axes.axhline(plan.shards, color=_BOUND, linewidth=1, linestyle="--", label=f"now: {plan.shards}")
    axes.set(xlabel="times the objects of now", ylabel="shards", xlim=(1, max(factors)))
    axes.set_ylim(bottom=0)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8, ncols=2, loc="upper left")
    return picture


def _headroom(pyplot: Any, plan: Plan) -> Any:
    """How much of each limit the fullest pod takes."""
    if not plan.rooms:
        return None
    picture, axes = _axes(pyplot, 0.9 + 0.36 * len(plan.rooms))
    names = [room.name for room in plan.rooms]
    axes.barh(names, [room.used for room in plan.rooms], color=_COLOURS[0], height=0.6)
    axes.axvline(1.0, color=_BOUND, linewidth=1)
    axes.axvline(1 - plan.told.policy.headroom, color=_BOUND, linewidth=1, linestyle=":")
    for place, room in enumerate(plan.rooms):
        axes.text(room.used, place, f" {room.used:.0%}", va="center")
    axes.set_xlim(0, max(1.15, *(room.used * 1.15 for room in plan.rooms)))
    axes.set_xlabel("part of the limit (dotted: less the headroom)")
    axes.invert_yaxis()
    return picture


def _memory(pyplot: Any, plan: Plan) -> Any:
    """Measured beside predicted."""
    if not plan.cases:
        return None
    cases = plan.cases[:24]
    picture, axes = _axes(pyplot, 1.2 + 0.44 * len(cases))
    places = range(len(cases))
    axes.barh([p - 0.2 for p in places], [c.measured / 1e6 for c in cases], 0.36, color=_COLOURS[0], label="measured")
    axes.barh([p + 0.2 for p in places], [c.predicted / 1e6 for c in cases], 0.36, color=_COLOURS[1], label="predicted")
    peaks = [(place, case) for place, case in enumerate(cases) if case.measured_peak]
    axes.plot([c.measured_peak / 1e6 for _, c in peaks], [p - 0.2 for p, _ in peaks], "k|", label="peak")
    axes.plot([c.predicted_peak / 1e6 for _, c in peaks], [p + 0.2 for p, _ in peaks], "k|")
    axes.set_yticks(list(places), [case.name for case in cases])
    axes.set_xlabel("memory of a pod, MB")
    axes.set_xlim(left=0)
    axes.invert_yaxis()
    axes.legend(fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    return picture


def _kinds(pyplot: Any, plan: Plan) -> Any:
    """What each kind's objects take."""
    if not plan.costs:
        return None
    rows = [(cost.plural, cost.memory_bytes / 1e6) for cost in plan.costs[:_KINDS]]
    rest = plan.costs[_KINDS:]
    if rest:
        rows.append((f"{len(rest)} others", sum(cost.memory_bytes for cost in rest) / 1e6))
    picture, axes = _axes(pyplot, 0.9 + 0.26 * len(rows))
    axes.barh([name for name, _ in rows], [size for _, size in rows], color=_COLOURS[0], height=0.65)
    axes.set_xlabel("memory of all its objects, MB")
    axes.invert_yaxis()
    return picture


def _axes(pyplot: Any, height: float) -> tuple[Any, Any]:
    picture, axes = pyplot.subplots(figsize=(7.2, height), layout="constrained")
    axes.grid(visible=True, color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return picture, axes


def _gaps(values: Sequence[int | None]) -> list[float]:
    """Numbers with holes where there is none."""
    return [float("nan") if value is None else value for value in values]
