"""Nodes and their leases."""

from typing import Any

import msgspec

from load.objects.fields import entry
from load.objects.names import address, micro_stamp, stamp

_CONDITIONS = (
    ("MemoryPressure", False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
_IMAGES = 30  # a kubelet reports 50 by default; each is some 150 bytes


class Node(msgspec.Struct, frozen=True, gc=False):
    """One node's own facts; the texts are what its pods share."""

    index: int
    name: str
    uid: str
    created: float
    name_text: bytes
    address_text: bytes

    @property
    def zone(self) -> str:
        return f"eu-central-1{'abc'[self.index % 3]}"


def node(index: int, uid: str, created: float) -> Node:
    ip = address(0x100000 + index)  # 10.16.0.0/16, apart from the pods' 10.64.0.0/10
    name = f"ip-{ip.replace('.', '-')}"
    return Node(index, name, uid, created, name.encode(), ip.encode())


def document(node: Node, ready: bool, changed: float, cordoned: bool = False) -> dict[str, Any]:
    """A Node; `changed` is when its Ready condition last turned."""
    control = node.index < 3
    sizes = {"cpu": "16", "memory": "65843196Ki", "ephemeral-storage": "104845292Ki", "pods": "250"}
    capacity = {**sizes, "hugepages-1Gi": "0", "hugepages-2Mi": "0"}
    beat = stamp(changed)
    conditions = [
        {
            "type": type,
            "status": "True" if holds else "False" if ready else "Unknown",
            "lastHeartbeatTime": beat,
            "lastTransitionTime": stamp(node.created),
            "reason": reason if ready else "NodeStatusUnknown",
            "message": message if ready else "Kubelet stopped posting node status.",
        }
        for type, holds, reason, message in _CONDITIONS
    ]
    reason, message = "KubeletReady", "kubelet is posting ready status"
    if not ready:
        reason, message = "NodeStatusUnknown", "Kubelet stopped posting node status."
    conditions.append(
        {
            "type": "Ready",
            "status": "True" if ready else "Unknown",
            "lastHeartbeatTime": beat,
            "lastTransitionTime": beat,
            "reason": reason,
            "message": message,
        }
    )
    taints = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}] if control else []
    if not ready:
        taints.append({"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"})
    if cordoned:
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    network = f"10.{64 + (node.index >> 8)}.{node.index & 255}.0/24"
    spec: dict[str, Any] = {"podCIDR": network, "podCIDRs": [network]}
    spec["providerID"] = f"aws:///{node.zone}/i-{node.uid.replace('-', '')[:17]}"
    if taints:
        spec["taints"] = taints
    if cordoned:
        spec["unschedulable"] = True
    status = {
        "capacity": capacity,
        "allocatable": {**capacity, "cpu": "15890m", "memory": "62884220Ki", "ephemeral-storage": "95551679124"},
        "conditions": conditions,
        "addresses": [
            {"type": "InternalIP", "address": node.address_text.decode()},
            {"type": "Hostname", "address": node.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": node.uid.replace("-", ""),
            "systemUUID": node.uid,
            "bootID": node.uid,
            "kernelVersion": "6.12.41-flatcar",
            "osImage": "Flatcar Container Linux by Kinvolk 4230.2.1 (Oklo)",
            "containerRuntimeVersion": "containerd://2.1.4",
            "kubeletVersion": "v1.36.2",
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
        "images": [
            {
                "names": [f"registry.example.com/platform/image-{number}@sha256:{number:064x}"],
                "sizeBytes": 18_000_000 + 1_234_567 * number,
            }
            for number in range(_IMAGES)
        ],
    }
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m7a.4xlarge",
        "topology.kubernetes.io/region": "eu-central-1",
        "topology.kubernetes.io/zone": node.zone,
        f"node-role.kubernetes.io/{'control-plane' if control else 'worker'}": "",
    }
    meta: dict[str, Any] = {"name": node.name, "uid": node.uid, "creationTimestamp": stamp(node.created)}
    meta["labels"] = labels
    meta["annotations"] = {
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach": "true",
    }
    meta["managedFields"] = [
        entry("kubelet", "v1", stamp(node.created), {"metadata": {"labels": labels}, "spec": spec}),
        entry("kubelet", "v1", beat, {"status": {"conditions": conditions}}, "status"),
    ]
    return {"metadata": meta, "spec": spec, "status": status}


def lease(node: Node, uid: str, renewed: float) -> dict[str, Any]:
    """The Lease by which a kubelet shows that it lives."""
    spec = {"holderIdentity": node.name, "leaseDurationSeconds": 40, "renewTime": micro_stamp(renewed)}
    owner = {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": node.uid}
    meta = {
        "name": node.name,
        "namespace": "kube-node-lease",
        "uid": uid,
        "creationTimestamp": stamp(node.created),
        "ownerReferences": [owner],
        "managedFields": [entry("kubelet", "coordination.k8s.io/v1", stamp(renewed), {"spec": spec})],
    }
    return {"metadata": meta, "spec": spec}
