"""What a decoded JSON value is as a number, and as the text of a label."""

import math
import re
from functools import lru_cache
from typing import Any

from shardex.exposition.text import number as go_number
from shardex.kube.quantity import plain
from shardex.rfc3339 import seconds

_WORDS = {"true": 1, "yes": 1, "false": 0, "no": 0, "unknown": 0}  # what a condition's status may be, in any case
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_PERCENT = re.compile(r"\d+%", re.ASCII)
_SPECIAL = re.compile(r"[+-]?inf(inity)?|nan", re.IGNORECASE)  # Go's ParseFloat: no sign before nan
_INT64 = 1 << 63
_ABSURD = 1e100  # kube.quantity goes no further


def number(value: Any) -> float:
    """A sample's value: numbers, booleans, and texts that mean a number.

    "True" -> 1 · "no", "Unknown" -> 0 · "2022-06-28T00:00:00Z" -> 1656374400 · "250m" -> 0.25 · "28%" -> 0.28
    raise   ValueError: the value is missing, a map or a list, or a text that means none; it does not say which text,
            since what it says is logged and the text may be a secret
    """
    kind = type(value)
    if kind is str:
        return _number_of_text(value)
    if kind is bool or kind is float or (kind is int and -_INT64 <= value < _INT64):
        return float(value) if kind is bool else value
    if kind is int:
        return _wide(value)
    if value is None:
        raise ValueError("there is no value")
    raise ValueError(f"a number is expected, not a {'list' if kind is list else 'map'}")


@lru_cache(maxsize=1 << 12)
def _number_of_text(value: str) -> float:
    word = _WORDS.get(value.lower())
    if word is not None:
        return word
    if _PERCENT.fullmatch(value):
        return float(value[:-1]) / 100
    if _SPECIAL.fullmatch(value):
        return float(value)
    try:
        if _TIME.fullmatch(value):
            return seconds(value)
        if value.strip() == value:
            amount = plain(value)
            return amount if abs(amount) < _ABSURD else float(value)
    except ValueError:
        pass
    raise ValueError("the text is not a number")


def text(value: Any) -> str:
    """A label's value, as Go's %v prints it.

    true · 3 · 1.5 · 1e+21 · [one two] · map[cpu:500m memory:2Gi], by key · <nil> for null within a list or a map
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value) if -_INT64 <= value < _INT64 else go_number(_wide(value))
    if kind is float:
        return go_number(value)
    if kind is list:
        return "[" + " ".join([text(item) for item in value]) + "]"
    if kind is dict:
        return "map[" + " ".join([f"{key}:{text(value[key])}" for key in sorted(value)]) + "]"
    return "<nil>"


def _wide(value: int) -> float:
    """An integer that no int64 holds: a float, as Go decodes it."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
