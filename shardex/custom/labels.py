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
    stars = [(star.removesuffix("*") if star.endswith("*") else "", path) for star, path in _ordered(paths, stars=True)]
    named = [(label_name(name), path) for name, path in reversed(_ordered(paths, stars=False))]
    if not stars:
        return _named(named)
    add_named = _named(named)

    def add(value: Any, labels: dict[str, str]) -> None:
        for prefix, path in stars:
            found = path(value)
            if type(found) is dict:
                for key in sorted(found, reverse=True):
                    labels[label_name(prefix + key)] = text(found[key])
        add_named(value, labels)

    return add


def is_star(name: str) -> bool:
    """Whether a name of labelsFromPath stands for the keys of a map."""
    return name.startswith("*") or name.endswith("*")


@lru_cache(maxsize=1 << 12)
def label_name(key: str) -> str:
    """The key with underscores for what a label name cannot hold; case stays.

    A name that would still cost the whole scrape, as 1st, "" or __name__, gets an underscore in front; the peer prints
    it as it is.
    """
    name = sanitize(key)
    return f"_{name}" if not name or name[0].isdigit() or name == "__name__" else name


def _ordered(paths: Mapping[str, Sequence[str]], *, stars: bool) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(name, compile_path(paths[name])) for name in sorted(paths) if is_star(name) == stars]


def _named(named: list[tuple[str, Callable[[Any], Any]]]) -> Add:
    def add(value: Any, labels: dict[str, str]) -> None:
        for name, path in named:
            found = path(value)
            if found is not None:
                labels[name] = text(found)

    return add
