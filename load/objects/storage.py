"""Volumes, claims, classes and attachments."""

from typing import Any

from load.objects.pods import Pod

Document = dict[str, Any]

_DRIVER = "ebs.csi.aws.com"


def storage_class(meta: Document) -> Document:
    parameters = {"type": {"fast": "io2", "standard": "gp3", "archive": "st1"}[meta["name"]]}
    policy = {"reclaimPolicy": "Delete", "allowVolumeExpansion": True, "volumeBindingMode": "WaitForFirstConsumer"}
    return {"metadata": meta, "provisioner": _DRIVER, "parameters": parameters, **policy}


def claim(meta: Document, volume: str) -> Document:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "50Gi"}},
        "volumeName": volume,
        "storageClassName": "fast",
        "volumeMode": "Filesystem",
    }
    status = {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "50Gi"}}
    return {"metadata": {**meta, "finalizers": ["kubernetes.io/pvc-protection"]}, "spec": spec, "status": status}


def volume(meta: Document, claimed: Document) -> Document:
    """The volume that a claim is bound to."""
    by = claimed["metadata"]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": by["namespace"], "name": by["name"]}
    spec = {
        "capacity": {"storage": "50Gi"},
        "csi": {"driver": _DRIVER, "volumeHandle": f"vol-{meta['uid'][:8]}", "fsType": "ext4"},
        "accessModes": ["ReadWriteOnce"],
        "claimRef": {**reference, "uid": by["uid"]},
        "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": "fast",
        "volumeMode": "Filesystem",
    }
    status = {"phase": "Bound", "lastPhaseTransitionTime": meta["creationTimestamp"]}
    return {"metadata": {**meta, "finalizers": ["kubernetes.io/pv-protection"]}, "spec": spec, "status": status}


def attachment(meta: Document, volume_name: str, pod: Pod) -> Document:
    """The volume on the node of the pod that mounts it."""
    node = pod.node.name if pod.node else ""
    spec = {"attacher": _DRIVER, "source": {"persistentVolumeName": volume_name}, "nodeName": node}
    return {
        "metadata": meta,
        "spec": spec,
        "status": {"attached": True, "attachmentMetadata": {"devicePath": "/dev/xvdba"}},
    }
