from shardex.exposition.family import alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, condition_rows, created, labels_family

PHASES = ("Active", "Terminating")


class Status(Part):
    phase: str = ""
    conditions: list[Condition] | None = None


class Namespace(Part):
    metadata: ObjectMeta = ObjectMeta()
    status: Status = Status()


NAMESPACES = Resource(
    "v1",
    "namespaces",
    "Namespace",
    Namespace,
    identity=(("namespace", "metadata.name"),),
    namespaced=False,
    families=(
        stable("kube_namespace_created", "When the Namespace was created, in Unix seconds.", created),
        annotations_family("kube_namespace_annotations"),
        labels_family("kube_namespace_labels"),
        stable(
            "kube_namespace_status_phase",
            "Phase of the Namespace; 1 for the present one, 0 for both before it has any.",
            lambda n: [(phase, phase == n.status.phase) for phase in PHASES],
            "phase",
        ),
        alpha(
            "kube_namespace_status_condition",
            "Conditions of the Namespace; 1 for the status each has.",
            lambda n: condition_rows(n.status.conditions),
            "condition",
            "status",
        ),
    ),
)
