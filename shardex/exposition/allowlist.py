"""Which Kubernetes labels and annotations are shown: the lists of keys that the flags and a configuration file give.

    flag     pods=[app,example.com/*],nodes=[*]
    YAML     {pods: [app, "example.com/*"], nodes: ["*"]}
    value    {"pods": ("app", "example.com/*"), "nodes": ("*",)}

`*` as a resource is every enabled one. What a list lets through of one object is labels.picker's to say.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

EVERY = "*"

AllowList = Mapping[str, tuple[str, ...]]

_MARK = re.compile(r"([=\[\],])")

# The peer looks at no more than each mark's neighbours, so `pods=[a` is an empty list and `pods` is none at all.
_BROKEN = re.compile(
    r"""
      (?<=,)= | =(?!\[)            # = stands between a resource and its list
    | (?<!=)\[                     # [ opens a list
    | \](?!,|\Z)                   # ] ends it
    | (?:\A|(?<=,)), | ,(?=\]|\Z)  # , stands between two; only the first key of a list may be empty
    """,
    re.VERBOSE,
)


def from_text(text: str) -> AllowList:
    """The list as a flag has it; for a resource that stands twice the last one holds.

    raise   ValueError: not of the form, or a key with two wildcards
    """
    broken = _BROKEN.search(text)
    if broken:
        raise ValueError(f"not of the form pods=[key,key*],nodes=[*] at character {broken.start() + 1}")
    lists: dict[str, list[str]] = {}
    resource = before = ""
    words = _MARK.split(text)
    for word, mark in zip(words[::2], words[1::2], strict=False):  # what no mark ends is dropped, as in the peer
        if mark == "=":
            resource = word.strip()
            lists[resource] = []
        elif mark != "[" and (word or before + mark not in {"[]", "],"}):
            lists.setdefault(resource, []).append(word.strip())
        before = mark
    return _checked(lists)


def from_yaml(value: Any) -> AllowList:
    """The list as a YAML document that was read already has it; nothing stands for no keys.

    raise   ValueError: not a mapping of lists of texts, or a key with two wildcards
    """
    try:
        lists = msgspec.convert(value, dict[str, list[str] | None] | None)
    except msgspec.ValidationError as error:
        raise ValueError(f"not lists of keys by resource: {error}") from None
    return _checked(lists or {})


def _checked(lists: Mapping[str, Iterable[str] | None]) -> AllowList:
    checked = {resource: tuple(keys or ()) for resource, keys in lists.items()}
    for resource, keys in checked.items():
        for key in keys:
            if key.count("*") > 1:
                raise ValueError(f"{resource}: {key} has more than one *")
    return checked


def unknown(lists: AllowList, available: Iterable[str]) -> list[str]:
    """A sentence for each resource that does not exist; one that exists and is not enabled is no fault."""
    names = sorted(available)
    return [
        f"there is no {resource!r}; there are {', '.join(names)}"
        for resource in lists
        if resource != EVERY and resource not in names
    ]


def resolved(lists: AllowList, enabled: Iterable[str]) -> AllowList:
    """The keys of each enabled resource that has any.

    A list for every resource wins over those of single ones.
    """
    every = lists.get(EVERY)
    keys = {resource: lists.get(resource, ()) if every is None else every for resource in enabled}
    return {resource: allowed for resource, allowed in keys.items() if allowed}
