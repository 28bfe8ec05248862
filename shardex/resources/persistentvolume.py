from collections.abc import Iterable

import msgspec

from shardex.exposition.family import Shape, alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.kube.quantity import Quantity, whole
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    Row,
    annotations_family,
    created,
    deleted,
    distinct,
    labels_family,
    one_of,
)


class ClaimRef(Part):
    name: str = ""
    namespace: str = ""


class GCEDisk(Part):
    pd_name: str = ""


class EBSVolume(Part):
    volume_id: str = msgspec.field(default="", name="volumeID")


class AzureDisk(Part):
    disk_name: str = ""


class FibreChannel(Part):
    wwids: list[str] | None = None
    lun: int | None = None
    target_wwns: list[str] | None = msgspec.field(default=None, name="targetWWNs")


class ISCSI(Part):
    target_portal: str = ""
    iqn: str = ""
    lun: int = 0
    initiator_name: str | None = None


class NFS(Part):
    server: str = ""
    path: str = ""


class CSI(Part):
    driver: str = ""
    volume_handle: str = ""
    volume_attributes: dict[str, str] | None = None


class Local(Part):
    path: str = ""
    fs_type: str | None = None


class HostPath(Part):
    path: str = ""
    type: str | None = None


class Spec(Part):
    claim_ref: ClaimRef | None = None
    capacity: dict[str, Quantity] | None = None
    access_modes: list[str] | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = ""
    volume_mode: str | None = None
    gce_persistent_disk: GCEDisk | None = None
    aws_elastic_block_store: EBSVolume | None = None
    azure_disk: AzureDisk | None = None
    fc: FibreChannel | None = None
    iscsi: ISCSI | None = None
    nfs: NFS | None = None
    csi: CSI | None = None
    local: Local | None = None
    host_path: HostPath | None = None


class Status(Part):
    phase: str = ""


class PersistentVolume(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


#: Labels of kube_persistentvolume_info that describe where the volume is; only one source's are ever set.
PLACE = (
    "gce_persistent_disk_name",
    "ebs_volume_id",
    "azure_disk_name",
    "fc_wwids",
    "fc_lun",
    "fc_target_wwns",
    "iscsi_target_portal",
    "iscsi_iqn",
    "iscsi_lun",
    "iscsi_initiator_name",
    "nfs_server",
    "nfs_path",
    "csi_driver",
    "csi_volume_handle",
    "local_path",
    "local_fs",
    "host_path",
    "host_path_type",
)


def place(spec: Spec) -> dict[str, str]:
    """The labels of PLACE that the volume's source sets; none for sources without labels (cephfs, glusterfs, ...)."""
    if (gce := spec.gce_persistent_disk) is not None:
        return {"gce_persistent_disk_name": gce.pd_name}
    if (ebs := spec.aws_elastic_block_store) is not None:
        return {"ebs_volume_id": ebs.volume_id}
    if (azure := spec.azure_disk) is not None:
        return {"azure_disk_name": azure.disk_name}
    if (fc := spec.fc) is not None:
        return {
            "fc_wwids": ",".join(fc.wwids or ()),
            "fc_lun": "" if fc.lun is None else str(fc.lun),
            "fc_target_wwns": ",".join(fc.target_wwns or ()),
        }
    if (iscsi := spec.iscsi) is not None:
        return {
            "iscsi_target_portal": iscsi.target_portal,
            "iscsi_iqn": iscsi.iqn,
            "iscsi_lun": str(iscsi.lun),
            "iscsi_initiator_name": iscsi.initiator_name or "",
        }
    if (nfs := spec.nfs) is not None:
        return {"nfs_server": nfs.server, "nfs_path": nfs.path}
    if (csi := spec.csi) is not None:
        return {"csi_driver": csi.driver, "csi_volume_handle": csi.volume_handle}
    if (local := spec.local) is not None:
        return {"local_path": local.path, "local_fs": local.fs_type or ""}
    if (host := spec.host_path) is not None:
        return {"host_path": host.path, "host_path_type": host.type or ""}
    return {}


def info(p: PersistentVolume) -> tuple[Row]:
    labels = place(p.spec)
    return (
        (
            p.spec.storage_class_name,
            *[labels.get(name, "") for name in PLACE],
            p.spec.persistent_volume_reclaim_policy,
            1,
        ),
    )


def claim(p: PersistentVolume) -> Iterable[Row]:
    """The claim that the volume is kept for, bound to it or not."""
    return () if p.spec.claim_ref is None else ((p.spec.claim_ref.name, p.spec.claim_ref.namespace, 1),)


def csi_attributes(p: PersistentVolume) -> Iterable[Row]:
    """Mounter and map options as the Ceph driver stores them; empty for other drivers."""
    if p.spec.csi is None:
        return ()
    attributes = p.spec.csi.volume_attributes or {}
    return ((attributes.get("mounter", ""), attributes.get("mapOptions", ""), 1),)


PERSISTENTVOLUMES = Resource(
    "v1",
    "persistentvolumes",
    "PersistentVolume",
    PersistentVolume,
    identity=(("persistentvolume", "metadata.name"),),
    namespaced=False,
    families=(
        stable(
            "kube_persistentvolume_claim_ref",
            "Claim that the volume is bound to or kept for.",
            claim,
            "name",
            "claim_namespace",
        ),
        annotations_family("kube_persistentvolume_annotations"),
        labels_family("kube_persistentvolume_labels"),
        stable(
            "kube_persistentvolume_status_phase",
            "Phase of the volume; 1 for the present one.",
            one_of("phase", lambda p: p.status.phase, "Pending", "Available", "Bound", "Released", "Failed"),
            "phase",
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_persistentvolume_info",
            "Where the volume is, its storage class, and what becomes of it when it is released.",
            info,
            "storageclass",
            *PLACE,
            "reclaim_policy",
        ),
        stable(
            "kube_persistentvolume_capacity_bytes",
            "Size of the volume, in bytes; 0 when it is not told.",
            lambda p: whole((p.spec.capacity or {}).get("storage")),
        ),
        alpha("kube_persistentvolume_created", "When the volume was created, in Unix seconds.", created),
        alpha("kube_persistentvolume_deletion_timestamp", "When the volume is to be gone, in Unix seconds.", deleted),
        alpha(
            "kube_persistentvolume_csi_attributes",
            "Mounter and map options of a CSI volume, as the Ceph driver stores them.",
            csi_attributes,
            "csi_mounter",
            "csi_map_options",
            opt_in=True,
        ),
        alpha(
            "kube_persistentvolume_volume_mode",
            "Whether the volume holds a file system or raw blocks.",
            lambda p: (("Filesystem" if p.spec.volume_mode is None else p.spec.volume_mode, 1),),
            "volumemode",
        ),
        alpha(
            "kube_persistentvolume_access_mode",
            "Access modes of the volume, one a row.",
            lambda p: distinct([(mode, 1) for mode in p.spec.access_modes or ()]),
            "access_mode",
        ),
    ),
)
