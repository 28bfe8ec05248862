"""Options -> what every worker does: which kinds, which families, which lists.

The built-in kinds are planned once, before any fork; a custom kind when its definition is met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from shardex.custom.discovery import Selected
from shardex.custom.render import Problem, compile_custom
from shardex.custom.render import decode as decode_custom
from shardex.exposition.allowlist import resolved
from shardex.exposition.compile import Render, compile_render
from shardex.exposition.family import ANNOTATIONS, LABELS, Family
from shardex.exposition.filters import Filters
from shardex.exposition.labels import Pick, picker
from shardex.kube.intake import Buffer
from shardex.kube.reflector import Target
from shardex.kube.views import view_decoder
from shardex.options import Options
from shardex.resources import RESOURCES
from shardex.resources.resource import Resource
from shardex.resources.shared import METADATA_SOURCES
from shardex.store.publication import Head

_FULL = "application/json"
# The second type is for servers that know no partial objects: they answer with whole ones, which decode as well.
_PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
_UNTYPED = "*unstructured.Unstructured"  # whatever the custom kind is


class KindPlan(msgspec.Struct, frozen=True):
    """One kind as a worker runs it.

    name        as `?resources=`, telemetry and logs have it: "pods"; of a custom kind "gadgets.v1.example.dev", as
                kubectl has it
    kind        of the objects, and `apis`, the values that their apiVersion may have: "Deployment", ("apps/v1",)
    namespaced  whether objects live in namespaces
    go_type     the peer's name for it in its counters: "*v1.Pod"
    decode      JSON of an object -> what `render` takes
    heads       of the families kept, in output order
    render      object -> text a family
    targets     what to list and watch: one, or one a namespace
    """

    name: str
    kind: str
    apis: tuple[str, ...]
    namespaced: bool
    go_type: str
    decode: Callable[[Buffer], Any]
    heads: tuple[Head, ...]
    render: Callable[[Any], Sequence[str]]
    targets: tuple[Target, ...]


def plan(options: Options) -> tuple[KindPlan, ...]:
    """Every enabled built-in kind that has a family left, in output order."""
    names = _enabled(options)
    kept = filters(options)
    labels = resolved(options.metric_labels_allowlist, names)
    annotations = resolved(options.metric_annotations_allowlist, names)
    found = []
    for name in names:
        allowed = {LABELS: labels.get(name), ANNOTATIONS: annotations.get(name)}
        kind = _kind(RESOURCES[name], options, kept, {key: picker(keys) for key, keys in allowed.items() if keys})
        if kind.heads:  # a kind without families prints nothing, so it need not be listed
            found.append(kind)
    return tuple(found)


def custom_kind(
    found: Selected, options: Options, kept: Filters, problem: Callable[[Problem], None]
) -> KindPlan | None:
    """A custom kind; None when no family of it is left, or nothing that could be listed.

    problem   is told of every sample that an object should have and has not
    """
    kind, plural = found.served.kind, found.served.plural
    api, name = f"{kind.group}/{kind.version}", custom_name(found)
    families, render = compile_custom(found.resource, kind.group, kind.version, kind.kind, kept.keeps, problem)
    if not families or (options.namespaces and not found.served.namespaced):  # which lives in none of those
        return None
    heads = tuple(Head(family.name, family.print_help, family.type) for family in families)
    # Its objects may hold anything, a list of objects and a second "uid" too.
    lists = tuple(
        Target(path, name, query=query, careful=True)
        for path, query in _lists(f"/apis/{api}", plural, found.served.namespaced, options)
    )
    return KindPlan(name, kind.kind, (api,), found.served.namespaced, _UNTYPED, decode_custom, heads, render, lists)


def custom_name(found: Selected) -> str:
    """The custom kind's name: plural.version.group."""
    kind = found.served.kind
    return f"{found.served.plural}.{kind.version}.{kind.group}"


def filters(options: Options) -> Filters:
    """Which families are kept."""
    return Filters(options.metric_allowlist, options.metric_denylist, options.metric_opt_in_list)


def left_out(options: Options) -> frozenset[str]:
    """Resources asked for, by name or by default, that --node and --track-unscheduled-pods leave out.

    The server selects nothing but pods by node, and refuses the same of all else that lives in namespaces.
    """
    if _node_selector(options) is None:
        return frozenset()
    return frozenset(name for name in _asked(options) if name != "pods" and RESOURCES[name].namespaced)


def _asked(options: Options) -> Iterable[str]:
    if options.custom_resource_state_only:
        return ()
    return options.resources or (name for name, resource in RESOURCES.items() if resource.default)


def _enabled(options: Options) -> list[str]:
    return sorted(set(_asked(options)) - left_out(options))


def _kind(resource: Resource, options: Options, kept: Filters, allowed: Mapping[str, Pick]) -> KindPlan:
    families = tuple(family for family in resource.families if kept.keeps(family.name, family.opt_in))
    render: Render = compile_render(resource.plural, resource.identity, families, allowed)
    return KindPlan(
        name=resource.plural,
        kind=resource.kind,
        apis=(resource.api, *resource.fallbacks),
        namespaced=resource.namespaced,
        go_type=f"*{resource.api.rpartition('/')[2]}.{resource.kind}",
        decode=view_decoder(resource.object),
        heads=tuple(Head(family.name, family.print_help, family.type) for family in families),
        render=render,
        targets=tuple(targets(resource, families, options)),
    )


def targets(resource: Resource, families: Sequence[Family], options: Options) -> Iterable[Target]:
    """The lists that give the kind's objects."""
    partial = _only_metadata(resource, families)
    apis = (resource.api, *resource.fallbacks)
    roots = [f"/apis/{api}" if "/" in api else f"/api/{api}" for api in apis]
    lists = [_lists(root, resource.plural, resource.namespaced, options) for root in roots]
    for (path, query), *older in zip(*lists, strict=True):
        yield Target(
            path,
            resource.plural,
            accept=_PARTIAL_LIST if partial else _FULL,
            watch_accept=_PARTIAL if partial else _FULL,
            query=query,
            careful=resource.nests,
            fallbacks=tuple(fallback for fallback, _ in older),
        )


def _lists(root: str, plural: str, namespaced: bool, options: Options) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and query of each list: all objects, or those of one namespace after the other."""
    selector = field_selector(options) if namespaced else ""
    scopes = [f"namespaces/{name}/" for name in options.namespaces] if namespaced else []
    for scope in scopes or [""]:
        yield f"{root}/{scope}{plural}", {"fieldSelector": selector} if selector else {}


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
