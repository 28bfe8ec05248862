"""Options -> what every worker does: which kinds, which families, which lists; made once, before any fork."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shardex.exposition.allowlist import resolved
from shardex.exposition.compile import Render, compile_render
from shardex.exposition.family import ANNOTATIONS, LABELS, Family
from shardex.exposition.filters import Filters
from shardex.exposition.labels import Pick, picker
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
    """Every enabled kind that has a family left, in output order."""
    names = _enabled(options)
    filters = Filters(options.metric_allowlist, options.metric_denylist, options.metric_opt_in_list)
    labels = resolved(options.metric_labels_allowlist, names)
    annotations = resolved(options.metric_annotations_allowlist, names)
    found = []
    for name in names:
        allowed = {LABELS: labels.get(name), ANNOTATIONS: annotations.get(name)}
        kind = _kind(RESOURCES[name], options, filters, {key: picker(keys) for key, keys in allowed.items() if keys})
        if kind.heads:  # a kind without families prints nothing, so it need not be listed
            found.append(kind)
    return tuple(found)


def _enabled(options: Options) -> list[str]:
    names = options.resources or [name for name, resource in RESOURCES.items() if resource.default]
    if _node_selector(options) is None:
        return sorted(names)
    # The server selects nothing but pods by node, and refuses the rest of what lives in namespaces.
    return sorted(name for name in names if name == "pods" or not RESOURCES[name].namespaced)


def _kind(resource: Resource, options: Options, filters: Filters, allowed: Mapping[str, Pick]) -> KindPlan:
    families = tuple(family for family in resource.families if filters.keeps(family.name, family.opt_in))
    render: Render = compile_render(resource.plural, resource.identity, families, allowed)
    heads = tuple(Head(family.name, family.print_help, family.type) for family in families)
    return KindPlan(resource, heads, render, tuple(targets(resource, families, options)))


def targets(resource: Resource, families: Sequence[Family], options: Options) -> Iterable[Target]:
    """The lists that give the kind's objects."""
    partial = _only_metadata(resource, families)
    roots = [f"/apis/{api}" if "/" in api else f"/api/{api}" for api in (resource.api, *resource.fallbacks)]
    selector = field_selector(options) if resource.namespaced else ""
    scopes = [f"namespaces/{name}/" for name in options.namespaces] if resource.namespaced else []
    for scope in scopes or [""]:
        path, *fallbacks = (f"{root}/{scope}{resource.plural}" for root in roots)
        yield Target(
            path,
            resource.plural,
            accept=_PARTIAL_LIST if partial else _FULL,
            watch_accept=_PARTIAL if partial else _FULL,
            query={"fieldSelector": selector} if selector else {},
            careful=resource.nests,
            fallbacks=tuple(fallbacks),
        )


def _only_metadata(resource: Resource, families: Sequence[Family]) -> bool:
    """Whether nothing but metadata is read, so that the server need not send the rest."""
    identity = all(path.startswith("metadata.") for _, path in resource.identity)
    return identity and all(family.source in METADATA_SOURCES for family in families)


def field_selector(options: Options) -> str:
    """What the server is to select of everything that lives in a namespace; "" for all of it."""
    parts = [f"metadata.namespace!={name}" for name in options.namespaces_denylist]
    node = _node_selector(options)
    return ",".join(parts if node is None else [*parts, f"spec.nodeName={node}"])


def _node_selector(options: Options) -> str | None:
    """The node whose pods are wanted, "" for pods without one, None for all pods."""
    return "" if options.track_unscheduled_pods else options.node or None
