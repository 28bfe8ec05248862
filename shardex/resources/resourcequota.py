from shardex.exposition.family import stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.kube.quantity import Quantity, milli
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, labels_family


class Status(Part):
    hard: dict[str, Quantity] | None = None
    used: dict[str, Quantity] | None = None


class ResourceQuota(Part):
    metadata: ObjectMeta = ObjectMeta()
    status: Status = Status()


def amounts(q: ResourceQuota) -> list[Row]:
    """(resource, hard or used) of each amount in the status."""
    rows = [(name, "hard", milli(amount)) for name, amount in (q.status.hard or {}).items()]
    return rows + [(name, "used", milli(amount)) for name, amount in (q.status.used or {}).items()]


RESOURCEQUOTAS = Resource(
    "v1",
    "resourcequotas",
    "ResourceQuota",
    ResourceQuota,
    identity=(("namespace", "metadata.namespace"), ("resourcequota", "metadata.name")),
    families=(
        stable("kube_resourcequota_created", "When the ResourceQuota was created, in Unix seconds.", created),
        stable(
            "kube_resourcequota",
            "What the namespace may use of each resource (hard) and what it uses (used).",
            amounts,
            "resource",
            "type",
        ),
        annotations_family("kube_resourcequota_annotations"),
        labels_family("kube_resourcequota_labels"),
    ),
)
