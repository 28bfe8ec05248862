"""Discovery documents: which groups, versions and resources there are; version and health."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from load.kinds import Kind

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
_PARTIAL_VERBS = ["get", "patch", "update"]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.27.3",
    "compiler": "gc",
    "platform": "linux/amd64",
}

HEALTH_CHECKS = ("ping", "log", "informer-sync", "poststarthook/start-apiextensions-informers", "shutdown")


def health(verbose: bool) -> bytes:
    if not verbose:
        return b"ok"
    return "".join(f"[+]{check} ok\n" for check in HEALTH_CHECKS).encode() + b"readyz check passed\n"


def core_versions(address: str) -> dict[str, Any]:
    reachable = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": reachable}


def _groups(kinds: Iterable[Kind]) -> dict[str, dict[str, list[Kind]]]:
    """Group -> version -> kinds, groups and versions in the order of the table."""
    groups: dict[str, dict[str, list[Kind]]] = {}
    for kind in kinds:
        for version in kind.versions:
            groups.setdefault(kind.group, {}).setdefault(version, []).append(kind)
    return groups


def _group(name: str, versions: Iterable[str]) -> dict[str, Any]:
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def group_list(kinds: Iterable[Kind]) -> dict[str, Any]:
    groups = [_group(name, versions) for name, versions in _groups(kinds).items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(kinds: Iterable[Kind], name: str) -> dict[str, Any] | None:
    """One group's versions, or None when there is no such group."""
    versions = _groups(kinds).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions and name else None


def _storage_hash(kind: Kind) -> str:
    """Changes when the stored version of the kind does; the API server's own rule."""
    text = f"{kind.group}/{kind.versions[0]}/{kind.kind}".removeprefix("/")
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def _resources(kind: Kind) -> Iterable[dict[str, Any]]:
    entry: dict[str, Any] = {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced}
    entry |= {"kind": kind.kind, "verbs": _CUSTOM_VERBS if kind.custom else VERBS}
    if kind.short:
        entry["shortNames"] = list(kind.short)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    yield {**entry, "storageVersionHash": _storage_hash(kind)}
    for name, answers in kind.subresources:
        part = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
        if answers:
            part |= {"group": "autoscaling", "version": "v1"}
        yield {**part, "kind": answers or kind.kind, "verbs": _PARTIAL_VERBS}


def resource_list(kinds: Iterable[Kind], name: str, version: str) -> dict[str, Any] | None:
    """The resources of one group and version, or None when it is not served."""
    found = _groups(kinds).get(name, {}).get(version)
    if found is None:
        return None
    resources = [entry for kind in sorted(found, key=lambda kind: kind.plural) for entry in _resources(kind)]
    group_version = f"{name}/{version}" if name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _aggregated(kind: Kind) -> dict[str, Any]:
    def answered(group: str, version: str, name: str) -> dict[str, str]:
        return {"group": group, "version": version, "kind": name}

    entry: dict[str, Any] = {"resource": kind.plural, "responseKind": answered("", "", kind.kind)}
    entry |= {"scope": "Namespaced" if kind.namespaced else "Cluster", "singularResource": kind.singular}
    entry["verbs"] = _CUSTOM_VERBS if kind.custom else VERBS
    if kind.short:
        entry["shortNames"] = list(kind.short)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    if kind.subresources:
        entry["subresources"] = [
            {
                "subresource": name,
                "responseKind": answered("autoscaling", "v1", answers) if answers else answered("", "", kind.kind),
                "verbs": _PARTIAL_VERBS,
            }
            for name, answers in kind.subresources
        ]
    return entry


def aggregated(kinds: Iterable[Kind], core: bool) -> dict[str, Any]:
    """Every group's resources in one document: of /api when `core`, else of /apis."""
    items = [
        {
            "metadata": {"name": name} if name else {},
            "versions": [
                {
                    "version": version,
                    "resources": [_aggregated(kind) for kind in sorted(found, key=lambda kind: kind.plural)],
                    "freshness": "Current",
                }
                for version, found in versions.items()
            ],
        }
        for name, versions in _groups(kinds).items()
        if (name == "") == core
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def document(kinds: Iterable[Kind], parts: list[str], host: str) -> dict[str, Any] | None:
    """What the path of these parts lists, or None when it lists nothing."""
    match parts:
        case ["api"]:
            return core_versions(host)
        case ["apis"]:
            return group_list(kinds)
        case ["apis", name]:
            return group(kinds, name)
        case ["api", version]:
            return resource_list(kinds, "", version)
        case ["apis", name, version]:
            return resource_list(kinds, name, version)
        case _:
            return None
