from shardex.exposition.family import alpha, stable
from shardex.kube.meta import Metadata
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, exists, labels_family, resource_version

CONFIGMAPS = Resource(
    "v1",
    "configmaps",
    "ConfigMap",
    Metadata,
    identity=(("namespace", "metadata.namespace"), ("configmap", "metadata.name")),
    families=(
        annotations_family("kube_configmap_annotations"),
        labels_family("kube_configmap_labels"),
        stable("kube_configmap_info", "1 for every ConfigMap.", exists),
        stable("kube_configmap_created", "When the ConfigMap was created, in Unix seconds.", created),
        alpha(
            "kube_configmap_metadata_resource_version",
            "Version of the ConfigMap in the API server's store; changes with every write.",
            resource_version,
        ),
    ),
)
