from shardex.exposition.family import alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import controlled_owners, created, generation


class Spec(Part):
    replicas: int | None = None


class Status(Part):
    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0


class ReplicationController(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


REPLICATIONCONTROLLERS = Resource(
    "v1",
    "replicationcontrollers",
    "ReplicationController",
    ReplicationController,
    identity=(("namespace", "metadata.namespace"), ("replicationcontroller", "metadata.name")),
    families=(
        stable(
            "kube_replicationcontroller_created",
            "When the ReplicationController was created, in Unix seconds.",
            created,
        ),
        stable(
            "kube_replicationcontroller_status_replicas",
            "Pods that the ReplicationController has.",
            lambda r: r.status.replicas,
        ),
        stable(
            "kube_replicationcontroller_status_fully_labeled_replicas",
            "Pods of the ReplicationController that have all labels of its template.",
            lambda r: r.status.fully_labeled_replicas,
        ),
        stable(
            "kube_replicationcontroller_status_ready_replicas",
            "Pods of the ReplicationController that are ready.",
            lambda r: r.status.ready_replicas,
        ),
        stable(
            "kube_replicationcontroller_status_available_replicas",
            "Pods of the ReplicationController ready for at least minReadySeconds.",
            lambda r: r.status.available_replicas,
        ),
        stable(
            "kube_replicationcontroller_status_observed_generation",
            "Generation that the replication controller acted on last.",
            lambda r: r.status.observed_generation,
        ),
        stable("kube_replicationcontroller_spec_replicas", "Pods that are asked for.", lambda r: r.spec.replicas),
        stable(
            "kube_replicationcontroller_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        alpha(
            "kube_replicationcontroller_owner",
            "What owns the ReplicationController.",
            controlled_owners,
            "owner_kind",
            "owner_name",
            "owner_is_controller",
        ),
    ),
)
