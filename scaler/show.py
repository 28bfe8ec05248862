"""A recommendation as a table, JSON or YAML."""

from typing import Any

import msgspec
import yaml

from scaler.observation import Observation
from scaler.policy import Policy
from scaler.recommend import Recommendation
from scaler.units import quantity, written


class Told(msgspec.Struct, frozen=True):
    """What `recommend -o json` prints: the answer and everything it rests on; `report --from` reads it again."""

    recommendation: Recommendation
    policy: Policy
    observation: Observation


def formatted(told: Told, form: str) -> str:
    """The text in the form table, json or yaml."""
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(told), indent=1).decode()
    if form == "yaml":
        plain: Any = msgspec.to_builtins(told, str_keys=True)
        return yaml.safe_dump(plain, sort_keys=False).rstrip()
    return table(told)


def table(told: Told) -> str:
    """For the terminal: the answer first, then a row a limit, then what is missing."""
    found, policy = told.recommendation, told.policy
    lines = [
        f"shards      {answer(found, policy)}",
        f"why         {why(found)}",
        f"workers     {found.workers} a pod" + _advised(found),
        f"memory      {_memory(found)}",
        f"resources   requests.memory {quantity(found.request_bytes)}, limits.memory {quantity(found.limit_bytes)}",
        f"objects     {found.objects:,}",
    ]
    if found.bounds:
        lines += ["", *columns(_rows(found))]
    if found.faults:
        lines += ["", "Not to be acted on:", *(f"  {fault.reason}: {fault.message}" for fault in found.faults)]
    return "\n".join(lines)


def answer(found: Recommendation, policy: Policy) -> str:
    there = f"{found.current} now" if found.current else "none yet"
    text = f"{found.shards} wanted, {there}"
    if found.needed is None or found.needed > policy.max_shards:
        text += f" (held to --max-shards={policy.max_shards})"
    elif found.needed < policy.min_shards:
        text += f" (held to --min-shards={policy.min_shards})"
    if found.shards < found.current < found.upper or found.shards < found.current == found.upper:
        text += f"; keep them: {found.upper} are needed with {policy.dead_band:.0%} more objects"
    return text


def why(found: Recommendation) -> str:
    bound = next((one for one in found.bounds if one.name == found.binding), None)
    if bound is None:
        return "no limit is known: give --memory-limit, or limits to the StatefulSet"
    if bound.hopeless:
        return f"{bound.name}: no number of shards helps, a pod without objects takes {written(bound.then, bound.unit)}"
    wish = "no number of shards is enough" if bound.shards is None else f"{bound.shards} shards are the least"
    return (
        f"{bound.name}: {wish} for {written(bound.allowed, bound.unit)}, which is the limit of "
        f"{written(bound.limit, bound.unit)} less the headroom; confidence {bound.confidence:.0%}"
    )


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines, every column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _advised(found: Recommendation) -> str:
    return "" if found.advised_workers == found.workers else f"; {found.advised_workers} would do"


def _memory(found: Recommendation) -> str:
    steady, peak, sd = (written(size, "bytes") for size in (found.memory_bytes, found.peak_bytes, found.memory_sd))
    return f"{steady} a pod, {peak} at its start, give or take {sd}"


def _rows(found: Recommendation) -> list[tuple[str, ...]]:
    head = ("limit", "asks for", "a pod now", "then", "allowed", "confidence", "formula")
    return [
        head,
        *(
            (
                bound.name,
                "no size" if bound.hopeless else "more" if bound.shards is None else str(bound.shards),
                *(written(value, bound.unit) for value in (bound.now, bound.then, bound.allowed)),
                f"{bound.confidence:.0%}",
                bound.formula,
            )
            for bound in found.bounds
        ),
    ]
