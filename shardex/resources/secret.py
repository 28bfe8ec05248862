from shardex.exposition.family import alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    annotations_family,
    controlled_owners,
    created,
    exists,
    labels_family,
    resource_version,
)


class Secret(Part):
    """Metadata and type; data is not declared, so the decoder drops it unread."""

    metadata: ObjectMeta = ObjectMeta()
    type: str = ""


SECRETS = Resource(
    "v1",
    "secrets",
    "Secret",
    Secret,
    identity=(("namespace", "metadata.namespace"), ("secret", "metadata.name")),
    families=(
        stable("kube_secret_info", "1 for every Secret.", exists),
        stable("kube_secret_type", "Type of the Secret.", lambda s: ((s.type, 1),), "type"),
        annotations_family("kube_secret_annotations"),
        labels_family("kube_secret_labels"),
        stable("kube_secret_created", "When the Secret was created, in Unix seconds.", created),
        alpha(
            "kube_secret_metadata_resource_version",
            "Version of the Secret in the API server's store; changes with every write.",
            resource_version,
        ),
        alpha(
            "kube_secret_owner",
            "What owns the Secret.",
            controlled_owners,
            "owner_kind",
            "owner_name",
            "owner_is_controller",
        ),
    ),
)
