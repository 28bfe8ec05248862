from collections.abc import Iterable

from shardex.exposition.family import Source, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part, scaled
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    STATUSES,
    Row,
    annotations_family,
    created,
    deleted,
    distinct,
    generation,
    labels_family,
    owners,
)

# The reasons that the deployment controller writes; any other would be an unbounded label (deployment_utils.go).
REASONS = frozenset(
    {
        "",
        "DeploymentPaused",
        "DeploymentResumed",
        "FoundNewReplicaSet",
        "MinimumReplicasAvailable",
        "MinimumReplicasUnavailable",
        "NewReplicaSetAvailable",
        "NewReplicaSetCreated",
        "ProgressDeadlineExceeded",
        "ReplicaSetCreateError",
        "ReplicaSetUpdated",
    }
)


class RollingUpdate(Part):
    max_unavailable: int | str | None = None
    max_surge: int | str | None = None


class Strategy(Part):
    rolling_update: RollingUpdate | None = None


class Spec(Part):
    replicas: int | None = None
    paused: bool = False
    strategy: Strategy = Strategy()


class Status(Part):
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0
    conditions: list[Condition] | None = None


class Deployment(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def conditions(d: Deployment) -> Iterable[Row]:
    return distinct(
        [
            (c.reason if c.reason in REASONS else "unknown", c.type, label, c.status == status)
            for c in d.status.conditions or ()
            for status, label in STATUSES
        ]
    )


def rolling(field: str, round_up: bool) -> Source:
    """Pods that `field` of the rolling update allows; percentages are of spec.replicas."""

    def source(d: Deployment) -> int | None:
        update, replicas = d.spec.strategy.rolling_update, d.spec.replicas
        if update is None or replicas is None:
            return None
        return scaled(getattr(update, field), replicas, round_up)

    return source


DEPLOYMENTS = Resource(
    "apps/v1",
    "deployments",
    "Deployment",
    Deployment,
    identity=(("namespace", "metadata.namespace"), ("deployment", "metadata.name")),
    families=(
        alpha("kube_deployment_owner", "What owns the Deployment.", owners, "owner_kind", "owner_name"),
        stable("kube_deployment_created", "When the Deployment was created, in Unix seconds.", created),
        stable(
            "kube_deployment_status_replicas",
            "Pods that the Deployment has, old and new.",
            lambda d: d.status.replicas,
        ),
        stable(
            "kube_deployment_status_replicas_ready",
            "Pods of the Deployment that are ready.",
            lambda d: d.status.ready_replicas,
        ),
        stable(
            "kube_deployment_status_replicas_available",
            "Pods of the Deployment ready for at least minReadySeconds.",
            lambda d: d.status.available_replicas,
        ),
        stable(
            "kube_deployment_status_replicas_unavailable",
            "Pods still missing until the Deployment is fully available.",
            lambda d: d.status.unavailable_replicas,
        ),
        stable(
            "kube_deployment_status_replicas_updated",
            "Pods that run the Deployment's present template.",
            lambda d: d.status.updated_replicas,
        ),
        alpha(
            "kube_deployment_status_terminating_replicas",
            "Pods of the Deployment that are being deleted.",
            lambda d: d.status.terminating_replicas,
        ),
        stable(
            "kube_deployment_status_observed_generation",
            "Generation that the deployment controller acted on last.",
            lambda d: d.status.observed_generation,
        ),
        stable(
            "kube_deployment_status_condition",
            "Conditions of the Deployment; 1 for the status each has.",
            conditions,
            "reason",
            "condition",
            "status",
        ),
        stable("kube_deployment_spec_replicas", "Pods that are asked for.", lambda d: d.spec.replicas),
        stable(
            "kube_deployment_spec_paused",
            "Whether the deployment controller leaves the Deployment alone.",
            lambda d: d.spec.paused,
        ),
        stable(
            "kube_deployment_spec_strategy_rollingupdate_max_unavailable",
            "Pods that may be missing while a rolling update runs.",
            rolling("max_unavailable", round_up=False),
        ),
        stable(
            "kube_deployment_spec_strategy_rollingupdate_max_surge",
            "Pods above the wanted number that a rolling update may start.",
            rolling("max_surge", round_up=True),
        ),
        stable(
            "kube_deployment_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        alpha("kube_deployment_deletion_timestamp", "When deletion was asked for, in Unix seconds.", deleted),
        annotations_family("kube_deployment_annotations"),
        labels_family("kube_deployment_labels"),
    ),
)
