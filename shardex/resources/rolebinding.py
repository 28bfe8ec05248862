from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, labels_family, resource_version


class RoleRef(Part):
    kind: str = ""
    name: str = ""


class RoleBinding(Part):
    metadata: ObjectMeta = ObjectMeta()
    role_ref: RoleRef = RoleRef()


def role(b: RoleBinding) -> tuple[Row]:
    return ((b.role_ref.kind, b.role_ref.name, 1),)


ROLEBINDINGS = Resource(
    "rbac.authorization.k8s.io/v1",
    "rolebindings",
    "RoleBinding",
    RoleBinding,
    identity=(("namespace", "metadata.namespace"), ("rolebinding", "metadata.name")),
    families=(
        annotations_family("kube_rolebinding_annotations"),
        labels_family("kube_rolebinding_labels", ALPHA),
        alpha("kube_rolebinding_info", "Which role the RoleBinding grants.", role, "roleref_kind", "roleref_name"),
        alpha("kube_rolebinding_created", "When the RoleBinding was created, in Unix seconds.", created),
        alpha(
            "kube_rolebinding_metadata_resource_version",
            "Version of the RoleBinding in the API server's store; changes with every write.",
            resource_version,
        ),
    ),
    default=False,
)
