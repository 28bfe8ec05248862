"""Paths into decoded objects, compiled once for all objects of a kind."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from shardex.custom.values import number

Get = Callable[[Any], Any]

_INDEX = re.compile(r"[+-]?[0-9]+")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})  # Go's ParseBool
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def compile_path(parts: Sequence[str]) -> Get:
    """What lies below a value at the path; None when nothing does. No parts: the value itself.

    part          of         leads to
    key           a map      the key's value
    0, -1         a list     the element, from the start or the end
    [key=value]   a list     the first map whose key has the value: that text, number or boolean
    key=value     a map      the key's value if it is that text; otherwise that of the key that is spelt so
    raise         ValueError: brackets without a `=` between them
    """
    if not any(_INDEX.fullmatch(part) or "=" in part or part.startswith("[") for part in parts):
        return _keys(tuple(parts))
    steps = [_lookup(part) if part.startswith("[") and part.endswith("]") else _step(part) for part in parts]

    def resolve(value: Any) -> Any:
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return resolve


def shown(*paths: Sequence[str]) -> str:
    """The paths, one below the other, as messages have them: [status,phase]."""
    return "[" + ",".join([part for path in paths for part in path]) + "]"


def _keys(keys: tuple[str, ...]) -> Get:
    """For most paths: nothing but keys of maps; a single one without the loop, which costs as much again."""
    if len(keys) == 1:
        (only,) = keys
        return lambda value: value.get(only) if type(value) is dict else None

    def resolve(value: Any) -> Any:
        for key in keys:
            if type(value) is not dict:
                return None
            value = value.get(key)
        return value

    return resolve


def _step(part: str) -> Get:
    key, equals, wanted = part.partition("=")
    pair = bool(equals) and "=" not in wanted
    index = int(part) if _INDEX.fullmatch(part) else None

    def step(value: Any) -> Any:
        if type(value) is dict:
            return wanted if pair and value.get(key) == wanted else value.get(part)
        if type(value) is list and index is not None and -len(value) <= index < len(value):
            return value[index]
        return None

    return step


def _lookup(part: str) -> Get:
    key, equals, wanted = part[1:-1].partition("=")
    if not equals:
        raise ValueError(f"invalid list lookup: {part}")
    amount = _amount(wanted)
    truth = True if wanted in _TRUE else False if wanted in _FALSE else None

    def same(found: Any) -> bool:
        if found == wanted or (truth is not None and found is truth):
            return True
        return amount is not None and amount == _amount(found)

    def step(value: Any) -> Any:
        if type(value) is list:
            for element in value:
                if type(element) is dict and same(element.get(key)):
                    return element
        return None

    return step


def _amount(value: Any) -> float | None:
    try:
        return number(value)
    except ValueError:
        return None
