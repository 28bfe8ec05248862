"""The roles in manifests/, written from the table of kinds, so that they grant what the exporter asks for and no more.

python -m shardex.rbac [DIR]            write them
python -m shardex.rbac --check [DIR]    name the files that are not current; exit status 1 if there are any
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from shardex.generated import Generated
from shardex.resources import RESOURCES
from shardex.resources.resource import Resource

_NOTICE = "# Written by `python -m shardex.rbac` from the table of kinds: change that.\n"
_RBAC = "rbac.authorization.k8s.io/v1"
_READ = ("list", "watch")


class Grant(msgspec.Struct, frozen=True):
    """One role: who holds it may use the verbs on every object of the kinds, in the role's scope."""

    kind: str
    name: str
    resources: tuple[Resource, ...]
    verbs: tuple[str, ...] = _READ


def rules(resources: Iterable[Resource], verbs: Iterable[str] = _READ) -> list[dict[str, list[str]]]:
    """A role's rules: one an API group, the core group first, plurals sorted. Versions do not count for RBAC."""
    groups: dict[str, list[str]] = {}
    for resource in resources:
        groups.setdefault(resource.group, []).append(resource.plural)
    return [
        {"apiGroups": [group], "resources": sorted(plurals), "verbs": list(verbs)}
        for group, plurals in sorted(groups.items())
    ]


def files() -> dict[str, str]:
    """Text of every file by its path in the folder."""
    default = tuple(resource for resource in RESOURCES.values() if resource.default)
    grants = {
        "base/clusterrole.yaml": Grant("ClusterRole", "shardex", default),
        "overlays/namespaced/role.yaml": Grant("Role", "shardex", tuple(r for r in default if r.namespaced)),
        "overlays/daemonset/rest/clusterrole.yaml": Grant(
            "ClusterRole", "shardex", tuple(r for r in default if r.plural != "pods")
        ),
        "overlays/daemonset/nodes/clusterrole.yaml": Grant("ClusterRole", "shardex", (RESOURCES["pods"],)),
        "overlays/daemonset/unscheduled/clusterrole.yaml": Grant("ClusterRole", "shardex", (RESOURCES["pods"],)),
        # It counts objects by lists of one; it watches none of them.
        "overlays/scaler/clusterrole.yaml": Grant("ClusterRole", "shardex-scaler", default, ("list",)),
    }
    table = {
        resource.plural: {"group": resource.group, "namespaced": resource.namespaced, "default": resource.default}
        for resource in RESOURCES.values()
    }
    return {name: _text(_role(grant)) for name, grant in grants.items()} | {"helm/shardex/resources.yaml": _text(table)}


def _role(grant: Grant) -> dict[str, Any]:
    return {
        "apiVersion": _RBAC,
        "kind": grant.kind,
        "metadata": {"name": grant.name},
        "rules": rules(grant.resources, grant.verbs),
    }


def _text(document: Any) -> str:
    return _NOTICE + yaml.safe_dump(document, sort_keys=False, width=120)


ROLES = Generated("shardex.rbac", "manifests", files)
main = ROLES.command("Write the roles to a folder of manifests.")

if __name__ == "__main__":
    main()
