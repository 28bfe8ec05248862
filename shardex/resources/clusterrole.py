from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import Metadata
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, exists, labels_family, resource_version

CLUSTERROLES = Resource(
    "rbac.authorization.k8s.io/v1",
    "clusterroles",
    "ClusterRole",
    Metadata,
    identity=(("clusterrole", "metadata.name"),),
    families=(
        annotations_family("kube_clusterrole_annotations"),
        labels_family("kube_clusterrole_labels", ALPHA),
        alpha("kube_clusterrole_info", "1 for every ClusterRole.", exists),
        alpha("kube_clusterrole_created", "When the ClusterRole was created, in Unix seconds.", created),
        alpha(
            "kube_clusterrole_metadata_resource_version",
            "Version of the ClusterRole in the API server's store; changes with every write.",
            resource_version,
        ),
    ),
    namespaced=False,
    default=False,
)
