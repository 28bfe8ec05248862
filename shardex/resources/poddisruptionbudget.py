from shardex.exposition.family import ALPHA, alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, deleted, labels_family


class Status(Part):
    current_healthy: int = 0
    desired_healthy: int = 0
    disruptions_allowed: int = 0
    expected_pods: int = 0
    observed_generation: int = 0


class PodDisruptionBudget(Part):
    metadata: ObjectMeta = ObjectMeta()
    status: Status = Status()


PODDISRUPTIONBUDGETS = Resource(
    "policy/v1",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    PodDisruptionBudget,
    identity=(("namespace", "metadata.namespace"), ("poddisruptionbudget", "metadata.name")),
    families=(
        annotations_family("kube_poddisruptionbudget_annotations"),
        labels_family("kube_poddisruptionbudget_labels", ALPHA),
        stable("kube_poddisruptionbudget_created", "When the budget was created, in Unix seconds.", created),
        stable(
            "kube_poddisruptionbudget_status_current_healthy",
            "Pods under the budget that are healthy.",
            lambda b: b.status.current_healthy,
        ),
        stable(
            "kube_poddisruptionbudget_status_desired_healthy",
            "Pods that have to stay healthy.",
            lambda b: b.status.desired_healthy,
        ),
        stable(
            "kube_poddisruptionbudget_status_pod_disruptions_allowed",
            "Pods that may be evicted now.",
            lambda b: b.status.disruptions_allowed,
        ),
        stable(
            "kube_poddisruptionbudget_status_expected_pods",
            "Pods that the budget counts, healthy or not.",
            lambda b: b.status.expected_pods,
        ),
        stable(
            "kube_poddisruptionbudget_status_observed_generation",
            "Generation that the disruption controller acted on last.",
            lambda b: b.status.observed_generation,
        ),
        alpha(
            "kube_poddisruptionbudget_deletion_timestamp",
            "When the budget is to be gone, in Unix seconds.",
            deleted,
        ),
    ),
    fallbacks=("policy/v1beta1",),  # its selector means something else, its status does not
)
