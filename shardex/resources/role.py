from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import Metadata
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, exists, labels_family, resource_version

ROLES = Resource(
    "rbac.authorization.k8s.io/v1",
    "roles",
    "Role",
    Metadata,
    identity=(("namespace", "metadata.namespace"), ("role", "metadata.name")),
    families=(
        annotations_family("kube_role_annotations"),
        labels_family("kube_role_labels", ALPHA),
        alpha("kube_role_info", "1 for every Role.", exists),
        alpha("kube_role_created", "When the Role was created, in Unix seconds.", created),
        alpha(
            "kube_role_metadata_resource_version",
            "Version of the Role in the API server's store; changes with every write.",
            resource_version,
        ),
    ),
    default=False,
)
