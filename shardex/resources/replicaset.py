from shardex.exposition.family import alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    annotations_family,
    controlled_owners,
    created,
    generation,
    labels_family,
)


class Spec(Part):
    replicas: int | None = None


class Status(Part):
    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0


class ReplicaSet(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


REPLICASETS = Resource(
    "apps/v1",
    "replicasets",
    "ReplicaSet",
    ReplicaSet,
    identity=(("namespace", "metadata.namespace"), ("replicaset", "metadata.name")),
    families=(
        stable("kube_replicaset_created", "When the ReplicaSet was created, in Unix seconds.", created),
        stable("kube_replicaset_status_replicas", "Pods that the ReplicaSet has.", lambda r: r.status.replicas),
        stable(
            "kube_replicaset_status_fully_labeled_replicas",
            "Pods of the ReplicaSet with all labels of its template.",
            lambda r: r.status.fully_labeled_replicas,
        ),
        stable(
            "kube_replicaset_status_ready_replicas",
            "Pods of the ReplicaSet that are ready.",
            lambda r: r.status.ready_replicas,
        ),
        alpha(
            "kube_replicaset_status_terminating_replicas",
            "Pods of the ReplicaSet that are being deleted.",
            lambda r: r.status.terminating_replicas,
        ),
        stable(
            "kube_replicaset_status_observed_generation",
            "Generation that the ReplicaSet controller acted on last.",
            lambda r: r.status.observed_generation,
        ),
        stable("kube_replicaset_spec_replicas", "Pods that are asked for.", lambda r: r.spec.replicas),
        stable(
            "kube_replicaset_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        stable(
            "kube_replicaset_owner",
            "What owns the ReplicaSet.",
            controlled_owners,
            "owner_kind",
            "owner_name",
            "owner_is_controller",
        ),
        annotations_family("kube_replicaset_annotations"),
        labels_family("kube_replicaset_labels"),
    ),
)
