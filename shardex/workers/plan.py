"""Options -> what every worker does: which kinds, which families, which lists; made once, before any fork."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shardex.exposition.compile import Render, compile_render
from shardex.exposition.family import Family
from shardex.kube.reflector import Target
from shardex.options import Options
from shardex.resources import RESOURCES
from shardex.resources.resource import Resource
from shardex.resources.shared import METADATA_SOURCES
from shardex.store.publication import Head

_FULL = "application/json"
# The second type is for servers that know no partial objects: they answer with whole ones, which decode as well.
_PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"


class KindPlan(msgspec.Struct, frozen=True):
    """One kind as a worker runs it.

    heads    of the families kept, in output order
    render   object -> text a family
    targets  what to list and watch: one, or one a namespace
    """

    resource: Resource
    heads: tuple[Head, ...]
    render: Any
    targets: tuple[Target, ...]


def plan(options: Options) -> tuple[KindPlan, ...]:
    """Every enabled kind, in output order."""
    names = options.resources or [name for name, resource in RESOURCES.items() if resource.default]
    return tuple(_kind(RESOURCES[name], options) for name in sorted(names))


def _kind(resource: Resource, options: Options) -> KindPlan:
    families = tuple(family for family in resource.families if not family.opt_in)
    render: Render = compile_render(resource.plural, resource.identity, families)
    heads = tuple(Head(family.name, family.print_help, family.type) for family in families)
    return KindPlan(resource, heads, render, tuple(targets(resource, families, options)))


def targets(resource: Resource, families: Sequence[Family], options: Options) -> Iterable[Target]:
    """The lists that give the kind's objects."""
    partial = all(family.source in METADATA_SOURCES for family in families)
    root = f"/apis/{resource.api}" if resource.group else f"/api/{resource.api}"
    query: dict[str, str] = {}
    if resource.namespaced and options.namespaces_denylist:
        query["fieldSelector"] = ",".join(f"metadata.namespace!={name}" for name in options.namespaces_denylist)
    scopes = [f"namespaces/{name}/" for name in options.namespaces] if resource.namespaced else []
    for scope in scopes or [""]:
        yield Target(
            f"{root}/{scope}{resource.plural}",
            resource.plural,
            accept=_PARTIAL_LIST if partial else _FULL,
            watch_accept=_PARTIAL if partial else _FULL,
            query=query,
            careful=resource.nests,
        )
