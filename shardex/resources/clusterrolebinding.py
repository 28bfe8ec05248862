from shardex.exposition.family import ALPHA, alpha
from shardex.resources.resource import Resource
from shardex.resources.rolebinding import RoleBinding, role
from shardex.resources.shared import annotations_family, created, labels_family, resource_version

CLUSTERROLEBINDINGS = Resource(
    "rbac.authorization.k8s.io/v1",
    "clusterrolebindings",
    "ClusterRoleBinding",
    RoleBinding,
    identity=(("clusterrolebinding", "metadata.name"),),
    families=(
        annotations_family("kube_clusterrolebinding_annotations"),
        labels_family("kube_clusterrolebinding_labels", ALPHA),
        alpha(
            "kube_clusterrolebinding_info",
            "Which role the ClusterRoleBinding grants.",
            role,
            "roleref_kind",
            "roleref_name",
        ),
        alpha("kube_clusterrolebinding_created", "When the ClusterRoleBinding was created, in Unix seconds.", created),
        alpha(
            "kube_clusterrolebinding_metadata_resource_version",
            "Version of the ClusterRoleBinding in the API server's store; changes with every write.",
            resource_version,
        ),
    ),
    namespaced=False,
    default=False,
)
