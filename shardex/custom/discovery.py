"""Which kinds a cluster's CustomResourceDefinitions serve, and which of them are configured."""

from collections.abc import Iterable
from typing import Any

import msgspec

from shardex.custom.config import CustomConfig, CustomResource, GroupVersionKind
from shardex.custom.plurals import plural
from shardex.kube.meta import Condition, Part
from shardex.kube.pieces import Uid

RESOURCE = "customresourcedefinitions"
PATH = f"/apis/apiextensions.k8s.io/v1/{RESOURCE}"


class Version(Part):
    name: Any = None
    served: Any = True


class Names(Part):
    kind: Any = None
    plural: Any = None


class Spec(Part):
    """Of the schemas, which are most of a definition, nothing is kept."""

    group: Any = None
    scope: Any = None
    names: Names = Names()
    versions: list[Version] | None = None


class Status(Part):
    conditions: list[Condition] | None = None


class Definition(Part):
    """A CustomResourceDefinition, as far as it says what is served."""

    metadata: Uid = Uid()
    spec: Spec = Spec()
    status: Status | None = None


_definition = msgspec.json.Decoder(Definition).decode


class Served(msgspec.Struct, frozen=True):
    """A kind in one of the versions that the API server answers for."""

    kind: GroupVersionKind
    plural: str
    namespaced: bool = True


class Selected(msgspec.Struct, frozen=True):
    """A served kind and the entry of the configuration that has its metrics."""

    resource: CustomResource
    served: Served


class Selection(msgspec.Struct, frozen=True):
    """What of the configuration is there.

    selected  each kind once; the same whatever the order of the definitions
    absent    what entries name, wildcards too, when nothing of it is served; each once
    """

    selected: tuple[Selected, ...]
    absent: tuple[GroupVersionKind, ...]


def served(definition: Any) -> tuple[Served, ...]:
    """The kind that a decoded CustomResourceDefinition defines, once for each version that is served.

    A version that does not say whether it is served counts as served. What is malformed gives nothing: a fault of one
    definition must not cost the metrics of the others.
    """
    spec = _map(_map(definition).get("spec"))
    names = _map(spec.get("names"))
    group, kind, name = spec.get("group"), names.get("kind"), names.get("plural")
    versions = spec.get("versions")
    if not (isinstance(group, str) and isinstance(kind, str) and isinstance(name, str) and isinstance(versions, list)):
        return ()
    found = [version for version in map(_map, versions) if version.get("served", True) is True]
    return tuple(
        Served(GroupVersionKind(group, version["name"], kind), name, spec.get("scope") != "Cluster")
        for version in found
        if isinstance(version.get("name"), str)
    )


def established(body: bytes | memoryview) -> tuple[str, tuple[Served, ...]]:
    """Uid of a definition as the API server writes it, and what it serves now.

    Until its condition Established is true, nothing is: a list would be answered with 404.
    raise   msgspec.DecodeError
    """
    definition = _definition(body)
    uid, status = definition.metadata.uid, definition.status
    if status is not None and not any(c.type == "Established" and c.status == "True" for c in status.conditions or ()):
        return uid, ()
    return uid, served(msgspec.to_builtins(definition))


def select(config: CustomConfig, entries: Iterable[Served]) -> Selection:
    """The configured kinds that are served, wildcards resolved.

    Two entries of the configuration that mean the same kind do not add up: the later one replaces the earlier.
    """
    kinds = {entry.kind: entry for entry in reversed(list(entries))}  # of a kind that two define, the first counts
    order = sorted(kinds, key=lambda kind: (kind.group, kind.kind, kind.version))
    selected: dict[GroupVersionKind, Selected] = {}
    absent: dict[GroupVersionKind, None] = {}
    for resource in config.resources:
        wanted = resource.group_version_kind
        found = [kind for kind in order if wanted.matches(kind)]
        for kind in found:
            selected[kind] = Selected(resource, kinds[kind])
        if not found:
            absent[wanted] = None
    return Selection(tuple(selected.values()), tuple(absent))


def assumed(config: CustomConfig) -> tuple[Served, ...]:
    """The kinds that the configuration names exactly, as if they were served: for a cluster whose definitions may not
    be read. Their scope is not known, and they are taken for namespaced.
    """
    exact = [resource for resource in config.resources if resource.group_version_kind.exact]
    return tuple(
        Served(resource.group_version_kind, resource.resource_plural or plural(resource.group_version_kind.kind))
        for resource in exact
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
