"""Kubernetes label keys as Prometheus label names, and the allow lists that choose them."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from shardex.exposition.text import escape

_INVALID = re.compile(r"[^a-zA-Z0-9_]")
_HUMP = re.compile(r"([a-z0-9])([A-Z])")

Pick = Callable[[Mapping[str, str]], Mapping[str, str]]


def sanitize(key: str) -> str:
    """The key with every character that a label name cannot hold replaced by an underscore."""
    return _INVALID.sub("_", key)


@lru_cache(maxsize=1 << 14)
def label_name(prefix: str, key: str) -> str:
    """Prometheus label name of a Kubernetes key.

    app.kubernetes.io/name -> label_app_kubernetes_io_name · camelCaseHTTP -> label_camel_case_http
    """
    return prefix + "_" + _HUMP.sub(r"\1_\2", sanitize(key)).lower()


def named(prefix: str, mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label name, value) pairs in byte order of the keys; no name twice.

    Keys that come to one name get _conflict1, _conflict2, ... in that order, the first one too; a suffixed name that
    another key already holds is skipped.
    """
    keys = sorted(mapping, key=_bytewise) if len(mapping) > 1 else list(mapping)
    names = [label_name(prefix, key) for key in keys]
    if len(set(names)) != len(names):
        names = _resolved(names)
    return [(name, mapping[key]) for name, key in zip(names, keys, strict=True)]


def _bytewise(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _resolved(names: list[str]) -> list[str]:
    out: list[str] = []
    holder: dict[str, int] = {}
    counts: dict[str, int] = {}

    def free(base: str) -> str:
        while True:
            counts[base] = counts.get(base, 0) + 1
            candidate = f"{base}_conflict{counts[base]}"
            if candidate not in holder:
                return candidate

    for base in names:
        name = base
        if base in counts:
            name = free(base)
        elif base in holder:
            first = holder.pop(base)
            out[first] = free(base)
            holder[out[first]] = first
            name = free(base)
        holder[name] = len(out)
        out.append(name)
    return out


def label_text(prefix: str, mapping: Mapping[str, str]) -> str:
    """`,label_a="1",label_b="2"`: the mapping's labels as they stand after the identity labels; "" for none."""
    if not mapping:
        return ""
    return "".join([f',{name}="{escape(value)}"' for name, value in named(prefix, mapping)])


def picker(allowed: Iterable[str]) -> Pick:
    """Chooses the keys that an allow list lets through.

    allowed   keys; one `*` in a key matches any text; a full `*` counts as the first entry only and is ignored later
    """
    entries = list(allowed)
    if entries and entries[0] == "*":
        return lambda mapping: mapping
    exact = [entry for entry in entries if "*" not in entry]
    patterns = [entry.partition("*")[::2] for entry in entries if entry != "*" and entry.count("*") == 1]

    def pick(mapping: Mapping[str, str]) -> Mapping[str, str]:
        chosen = {key: mapping[key] for key in exact if key in mapping}
        for key in mapping:
            if any(_matches(key, head, tail) for head, tail in patterns):
                chosen[key] = mapping[key]
        return chosen

    return pick


def _matches(key: str, head: str, tail: str) -> bool:
    return len(key) >= len(head) + len(tail) and key.startswith(head) and key.endswith(tail)
