"""Resource names and quantities ("cpu", "500m") as rows: name as a label, unit, number."""

import re
from functools import lru_cache
from typing import Any

import msgspec

from shardex.exposition.compile import endings
from shardex.exposition.labels import sanitize
from shardex.kube.meta import Part
from shardex.kube.quantity import Quantity, milli, whole

Entries = tuple[tuple[str, Quantity], ...]
Amounts = tuple[tuple[str, str, float], ...]
Endings = tuple[str, ...]

_LARGE = 2048  # bytes

CORE, BYTE, INTEGER = "core", "byte", "integer"

_BYTES = frozenset({"memory", "storage", "ephemeral-storage"})
_QUOTA = "requests."  # what a quota calls the resource, which must be a qualified name too
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LOCAL = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")


def units(name: str) -> tuple[str, ...]:
    """Units a resource name is shown with; none for a name that is not shown, two for hugepages-a.example/b."""
    if name == "cpu":
        return (CORE,)
    if name in _BYTES:
        return (BYTE,)
    sized = name.startswith(("hugepages-", "attachable-volumes-"))
    return ((BYTE,) if sized else ()) + ((INTEGER,) if extended(name) else ())


def extended(name: str) -> bool:
    """Whether the resource is a device plugin's or an operator's: a qualified name outside Kubernetes' own domains."""
    domain, slash, local = name.partition("/")
    return (
        bool(slash)
        and "kubernetes.io/" not in name
        and not name.startswith(_QUOTA)
        and len(_QUOTA + domain) <= 253
        and _DOMAIN.fullmatch(domain) is not None
        and _LOCAL.fullmatch(local) is not None
    )


def remembered(read: Any, raw: bytes) -> Any:
    """What an lru_cached function makes of JSON; large JSON, which is rare and may be hostile, is not remembered."""
    return read(raw) if len(raw) < _LARGE else read.__wrapped__(raw)


class Resources(Part):
    limits: dict[str, Quantity] | None = None
    requests: dict[str, Quantity] | None = None


def container_amounts(resources: bytes) -> tuple[Endings, Endings]:
    """Endings (resource, unit, number) of a container's limits and of its requests, cpu to the milli, others whole.

    resources  JSON: {"limits": {"cpu": "100m", ...}, "requests": ...} or null
    raise      msgspec.ValidationError when it is neither, ValueError for what is no quantity
    """
    found: tuple[Endings, Endings] = remembered(_container_amounts, resources)
    return found


@lru_cache(maxsize=1 << 12)  # containers of one template ask for the same
def _container_amounts(raw: bytes) -> tuple[Endings, Endings]:
    found = _resources(raw) or Resources()
    return _amounts(found.limits or {}), _amounts(found.requests or {})


_resources = msgspec.json.Decoder(Resources | None).decode


def _amounts(listed: dict[str, Quantity]) -> Endings:
    amounts = [
        (name, unit, milli(q) if unit == CORE else whole(q)) for name, q in listed.items() for unit in units(name)
    ]
    return endings(("resource", "unit"), _distinct(amounts))


@lru_cache(maxsize=1 << 12)
def node_amounts(entries: Entries) -> Amounts:
    """(resource, unit, number) for each entry of a node's capacity or allocatable: all to the milli, with pods."""
    return _distinct(
        [(name, unit, milli(q)) for name, q in entries for unit in ((INTEGER,) if name == "pods" else units(name))]
    )


def _distinct(rows: list[tuple[str, str, float]]) -> Amounts:
    """Names as labels: a.example/gpu and a-example/gpu are one then, and the first counts."""
    first: dict[tuple[str, str], float] = {}
    for name, unit, number in rows:
        first.setdefault((sanitize(name), unit), number)
    return tuple((label, unit, number) for (label, unit), number in first.items())
