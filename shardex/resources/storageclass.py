from shardex.exposition.family import stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, labels_family


class StorageClass(Part):
    metadata: ObjectMeta = ObjectMeta()
    provisioner: str = ""
    reclaim_policy: str | None = None
    volume_binding_mode: str | None = None


def info(c: StorageClass) -> tuple[Row]:
    """What is not set shows as the API's own default."""
    reclaim = "Delete" if c.reclaim_policy is None else c.reclaim_policy
    binding = "Immediate" if c.volume_binding_mode is None else c.volume_binding_mode
    return ((c.provisioner, reclaim, binding, 1),)


STORAGECLASSES = Resource(
    "storage.k8s.io/v1",
    "storageclasses",
    "StorageClass",
    StorageClass,
    identity=(("storageclass", "metadata.name"),),
    families=(
        stable(
            "kube_storageclass_info",
            "What makes volumes of the class, when it binds them and what becomes of them after use.",
            info,
            "provisioner",
            "reclaim_policy",
            "volume_binding_mode",
        ),
        stable("kube_storageclass_created", "When the StorageClass was created, in Unix seconds.", created),
        annotations_family("kube_storageclass_annotations"),
        labels_family("kube_storageclass_labels"),
    ),
    namespaced=False,
)
