from collections.abc import Iterable

from shardex.exposition.family import STABLE, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, deleted, generation, labels_family


class Ordinals(Part):
    start: int = 0


class RetentionPolicy(Part):
    when_deleted: str = ""
    when_scaled: str = ""


class Spec(Part):
    replicas: int | None = None
    ordinals: Ordinals | None = None
    persistent_volume_claim_retention_policy: RetentionPolicy | None = None


class Status(Part):
    replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    observed_generation: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def retention(s: StatefulSet) -> Iterable[Row]:
    policy = s.spec.persistent_volume_claim_retention_policy
    if policy is None or not (policy.when_deleted or policy.when_scaled):
        return ()
    return ((policy.when_deleted, policy.when_scaled, 1),)


STATEFULSETS = Resource(
    "apps/v1",
    "statefulsets",
    "StatefulSet",
    StatefulSet,
    identity=(("namespace", "metadata.namespace"), ("statefulset", "metadata.name")),
    families=(
        stable("kube_statefulset_created", "When the StatefulSet was created, in Unix seconds.", created),
        stable("kube_statefulset_status_replicas", "Pods that the StatefulSet has.", lambda s: s.status.replicas),
        stable(
            "kube_statefulset_status_replicas_available",
            "Pods of the StatefulSet ready for at least minReadySeconds.",
            lambda s: s.status.available_replicas,
        ),
        stable(
            "kube_statefulset_status_replicas_current",
            "Pods of the StatefulSet that run its current revision.",
            lambda s: s.status.current_replicas,
        ),
        stable(
            "kube_statefulset_status_replicas_ready",
            "Pods of the StatefulSet that are ready.",
            lambda s: s.status.ready_replicas,
        ),
        stable(
            "kube_statefulset_status_replicas_updated",
            "Pods of the StatefulSet that run its update revision.",
            lambda s: s.status.updated_replicas,
        ),
        stable(
            "kube_statefulset_status_observed_generation",
            "Generation that the StatefulSet controller acted on last.",
            lambda s: s.status.observed_generation,
        ),
        stable("kube_statefulset_replicas", "Pods that are asked for.", lambda s: s.spec.replicas),
        stable(
            "kube_statefulset_ordinals_start",
            "Number of the StatefulSet's first Pod.",
            lambda s: None if s.spec.ordinals is None else s.spec.ordinals.start,
        ),
        stable(
            "kube_statefulset_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        stable(
            "kube_statefulset_persistentvolumeclaim_retention_policy",
            "What becomes of the Pods' claims when the StatefulSet is deleted or scaled down.",
            retention,
            "when_deleted",
            "when_scaled",
        ),
        annotations_family("kube_statefulset_annotations", STABLE),
        labels_family("kube_statefulset_labels"),
        stable(
            "kube_statefulset_status_current_revision",
            "Revision that Pods had before the update, or have when there is none.",
            lambda s: ((s.status.current_revision, 1),),
            "revision",
        ),
        stable(
            "kube_statefulset_status_update_revision",
            "Revision that Pods are updated to.",
            lambda s: ((s.status.update_revision, 1),),
            "revision",
        ),
        stable("kube_statefulset_deletion_timestamp", "When the StatefulSet is to be gone, in Unix seconds.", deleted),
    ),
)
