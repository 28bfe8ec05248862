from shardex.exposition.family import Shape, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.kube.quantity import Quantity, whole
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    Row,
    annotations_family,
    condition_rows,
    created,
    deleted,
    distinct,
    labels_family,
    one_of,
)

CLASS = "volume.beta.kubernetes.io/storage-class"  # older than the field; wins where it is set, also when empty


class Resources(Part):
    requests: dict[str, Quantity] | None = None


class Spec(Part):
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: str | None = None
    access_modes: list[str] | None = None
    resources: Resources = Resources()


class Status(Part):
    phase: str = ""
    conditions: list[Condition] | None = None


class PersistentVolumeClaim(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def info(p: PersistentVolumeClaim) -> tuple[Row]:
    storage_class = (p.metadata.annotations or {}).get(CLASS, p.spec.storage_class_name) or ""
    return ((storage_class, p.spec.volume_name, p.spec.volume_mode or "", 1),)


def storage(p: PersistentVolumeClaim) -> int | None:
    requests = p.spec.resources.requests or {}
    return whole(requests["storage"]) if "storage" in requests else None


PERSISTENTVOLUMECLAIMS = Resource(
    "v1",
    "persistentvolumeclaims",
    "PersistentVolumeClaim",
    PersistentVolumeClaim,
    identity=(("namespace", "metadata.namespace"), ("persistentvolumeclaim", "metadata.name")),
    families=(
        labels_family("kube_persistentvolumeclaim_labels"),
        annotations_family("kube_persistentvolumeclaim_annotations"),
        stable(
            "kube_persistentvolumeclaim_info",
            "What the claim asks for: storage class and mode, and the volume that it has.",
            info,
            "storageclass",
            "volumename",
            "volumemode",
        ),
        stable(
            "kube_persistentvolumeclaim_status_phase",
            "Phase of the claim; 1 for the present one.",
            one_of("phase", lambda p: p.status.phase, "Lost", "Bound", "Pending"),
            "phase",
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_persistentvolumeclaim_resource_requests_storage_bytes",
            "Storage that the claim asks for, in bytes.",
            storage,
        ),
        stable(
            "kube_persistentvolumeclaim_access_mode",
            "Access modes that the claim asks for, one a row.",
            lambda p: distinct([(mode, 1) for mode in p.spec.access_modes or ()]),
            "access_mode",
        ),
        alpha(
            "kube_persistentvolumeclaim_status_condition",
            "Conditions of the claim; 1 for the status each has.",
            lambda p: condition_rows(p.status.conditions),
            "condition",
            "status",
        ),
        alpha("kube_persistentvolumeclaim_created", "When the claim was created, in Unix seconds.", created),
        alpha(
            "kube_persistentvolumeclaim_deletion_timestamp", "When the claim is to be gone, in Unix seconds.", deleted
        ),
    ),
)
