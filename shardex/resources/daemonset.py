from shardex.exposition.family import alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, deleted, generation, labels_family


class Status(Part):
    current_number_scheduled: int = 0
    desired_number_scheduled: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    number_ready: int = 0
    number_unavailable: int = 0
    observed_generation: int = 0
    updated_number_scheduled: int = 0


class DaemonSet(Part):
    metadata: ObjectMeta = ObjectMeta()
    status: Status = Status()


DAEMONSETS = Resource(
    "apps/v1",
    "daemonsets",
    "DaemonSet",
    DaemonSet,
    identity=(("namespace", "metadata.namespace"), ("daemonset", "metadata.name")),
    families=(
        stable("kube_daemonset_created", "When the DaemonSet was created, in Unix seconds.", created),
        stable(
            "kube_daemonset_status_current_number_scheduled",
            "Nodes that run a Pod of the DaemonSet and should.",
            lambda d: d.status.current_number_scheduled,
        ),
        stable(
            "kube_daemonset_status_desired_number_scheduled",
            "Nodes that should run a Pod of the DaemonSet.",
            lambda d: d.status.desired_number_scheduled,
        ),
        stable(
            "kube_daemonset_status_number_available",
            "Nodes that should run a Pod of the DaemonSet and have one ready for at least minReadySeconds.",
            lambda d: d.status.number_available,
        ),
        stable(
            "kube_daemonset_status_number_misscheduled",
            "Nodes that run a Pod of the DaemonSet and should not.",
            lambda d: d.status.number_misscheduled,
        ),
        stable(
            "kube_daemonset_status_number_ready",
            "Nodes that should run a Pod of the DaemonSet and have one that is ready.",
            lambda d: d.status.number_ready,
        ),
        stable(
            "kube_daemonset_status_number_unavailable",
            "Nodes that should run a Pod of the DaemonSet and have none that is available.",
            lambda d: d.status.number_unavailable,
        ),
        stable(
            "kube_daemonset_status_observed_generation",
            "Generation that the DaemonSet controller acted on last.",
            lambda d: d.status.observed_generation,
        ),
        stable(
            "kube_daemonset_status_updated_number_scheduled",
            "Nodes that run a Pod of the DaemonSet's present template.",
            lambda d: d.status.updated_number_scheduled,
        ),
        stable(
            "kube_daemonset_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        alpha("kube_daemonset_deletion_timestamp", "When the DaemonSet is to be gone, in Unix seconds.", deleted),
        annotations_family("kube_daemonset_annotations"),
        labels_family("kube_daemonset_labels"),
    ),
)
