"""Labels whose values, and sometimes names, are taken from objects."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from shardex.custom.paths import compile_path
from shardex.custom.values import text
from shardex.exposition.labels import sanitize

Add = Callable[[Any, dict[str, str]], None]


def compile_labels(paths: Mapping[str, Sequence[str]]) -> Add:
    """add(value, labels): puts the labels found below the value into `labels`; what is not found is left out.

    name       a label of that name, sanitized
    *, *any    a label for each key of the map at the path
    any_*      the same, each name starting with any_; ** makes it an underscore

    Later stars, in the order of their texts, win over earlier ones, and names over stars. Of keys, or names, that are
    one name when sanitized, the first in order wins; the peer's winner changes from start to start.
    """
    stars = [
        (star.removesuffix("*") if star.endswith("*") else "", compile_path(paths[star]))
        for star in _names(paths, True)
    ]
    named = [(label_name(name), compile_path(paths[name])) for name in reversed(_names(paths, False))]
    itself = [label_name(name) for name in _names(paths, False) if not paths[name]]

    def add(value: Any, labels: dict[str, str]) -> None:
        kind = type(value)
        if kind is not dict and kind is not list:  # nothing lies below it, and maps hold much of the kind
            if itself and value is not None:
                labels |= dict.fromkeys(itself, text(value))
            return
        for prefix, path in stars:
            found = path(value)
            if type(found) is dict:
                for key in sorted(found, reverse=True):
                    labels[label_name(prefix + key)] = text(found[key])
        for name, path in named:
            found = path(value)
            if found is not None:
                labels[name] = text(found)

    return add


def is_star(name: str) -> bool:
    """Whether a name of labelsFromPath stands for the keys of a map."""
    return name.startswith("*") or name.endswith("*")


@lru_cache(maxsize=1 << 12)
def label_name(key: str) -> str:
    """The key with underscores for what a label name cannot hold; case stays.

    A scraper refuses the whole page for 1st or "", which get an underscore in front, and reserves what starts with two
    of them, which are made one. The peer prints them as they are.
    """
    name = sanitize(key)
    if name.startswith("__"):
        return "_" + name.lstrip("_")
    return f"_{name}" if not name or name[0].isdigit() else name


def _names(paths: Mapping[str, Sequence[str]], stars: bool) -> list[str]:
    return [name for name in sorted(paths) if is_star(name) == stars]
