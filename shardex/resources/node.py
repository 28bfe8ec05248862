from collections.abc import Callable, Iterable

import msgspec

from shardex.exposition.family import Source, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.kube.quantity import Quantity
from shardex.resources.amounts import node_amounts
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    Row,
    annotations_family,
    condition_rows,
    created,
    deleted,
    distinct,
    labels_family,
)

ROLE = "node-role.kubernetes.io/"  # a label key that starts so names a role; its value says nothing


class Taint(Part):
    key: str = ""
    value: str = ""
    effect: str = ""


class Address(Part):
    type: str = ""
    address: str = ""


class NodeInfo(Part):
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""
    kubelet_version: str = ""
    system_uuid: str = msgspec.field(default="", name="systemUUID")


class Spec(Part):
    unschedulable: bool = False
    provider_id: str = msgspec.field(default="", name="providerID")
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")
    taints: list[Taint] | None = None


class Status(Part):
    allocatable: dict[str, Quantity] | None = None
    capacity: dict[str, Quantity] | None = None
    conditions: list[Condition] | None = None
    addresses: list[Address] | None = None
    node_info: NodeInfo = NodeInfo()


class Node(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def info(n: Node) -> tuple[Row]:
    about = n.status.node_info
    internal = [a.address for a in n.status.addresses or () if a.type == "InternalIP"]
    return (
        (
            about.kernel_version,
            about.os_image,
            about.container_runtime_version,
            about.kubelet_version,
            "deprecated",  # kube-proxy's version, which nodes no longer report; the label stays for old dashboards
            n.spec.provider_id,
            n.spec.pod_cidr,
            about.system_uuid,
            internal[-1] if internal else "",
            1,
        ),
    )


def roles(n: Node) -> Iterable[Row]:
    return [(key.removeprefix(ROLE), 1) for key in n.metadata.labels or () if key.startswith(ROLE)]


def taints(n: Node) -> Iterable[Row]:
    return distinct([(t.key, t.value, t.effect, 1) for t in n.spec.taints or ()])


def amounts(which: Callable[[Status], dict[str, Quantity] | None]) -> Source:
    """(resource, unit, number) for every entry of one of the two resource lists."""

    def rows(n: Node) -> Iterable[Row]:
        return node_amounts(tuple((which(n.status) or {}).items()))

    return rows


NODES = Resource(
    "v1",
    "nodes",
    "Node",
    Node,
    identity=(("node", "metadata.name"),),
    namespaced=False,
    families=(
        annotations_family("kube_node_annotations"),
        stable("kube_node_created", "When the Node was registered, in Unix seconds.", created),
        alpha("kube_node_deletion_timestamp", "When the Node is to be gone, in Unix seconds.", deleted),
        stable(
            "kube_node_info",
            "What the Node runs and where: versions, ids, addresses.",
            info,
            "kernel_version",
            "os_image",
            "container_runtime_version",
            "kubelet_version",
            "kubeproxy_version",
            "provider_id",
            "pod_cidr",
            "system_uuid",
            "internal_ip",
        ),
        labels_family("kube_node_labels"),
        alpha("kube_node_role", "Roles of the Node, one a row.", roles, "role"),
        alpha(
            "kube_node_spec_pod_cidrs",
            "Address ranges for the Node's Pods, one per address family.",
            lambda n: distinct([(cidr, 1) for cidr in n.spec.pod_cidrs or ()]),
            "pod_cidr",
        ),
        stable("kube_node_spec_taint", "Taints of the Node.", taints, "key", "value", "effect"),
        stable(
            "kube_node_spec_unschedulable",
            "Whether the Node is closed to new Pods.",
            lambda n: n.spec.unschedulable,
        ),
        stable(
            "kube_node_status_allocatable",
            "What the Node can give to Pods, by resource.",
            amounts(lambda status: status.allocatable),
            "resource",
            "unit",
        ),
        stable(
            "kube_node_status_capacity",
            "What the Node has in all, by resource.",
            amounts(lambda status: status.capacity),
            "resource",
            "unit",
        ),
        stable(
            "kube_node_status_condition",
            "Conditions of the Node; 1 for the status each has.",
            lambda n: condition_rows(n.status.conditions),
            "condition",
            "status",
        ),
        alpha(
            "kube_node_status_addresses",
            "Addresses of the Node, one a row.",
            lambda n: distinct([(a.type, a.address, 1) for a in n.status.addresses or ()]),
            "type",
            "address",
        ),
    ),
)
