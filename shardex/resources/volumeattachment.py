from collections.abc import Collection

from shardex.exposition.family import alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, created, object_labels


class VolumeSource(Part):
    persistent_volume_name: str | None = None


class Spec(Part):
    attacher: str = ""
    node_name: str = ""
    source: VolumeSource = VolumeSource()


class Status(Part):
    attached: bool = False
    attachment_metadata: dict[str, str] | None = None


class VolumeAttachment(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def volume(a: VolumeAttachment) -> Collection[Row]:
    name = a.spec.source.persistent_volume_name
    return () if name is None else ((name, 1),)


VOLUMEATTACHMENTS = Resource(
    "storage.k8s.io/v1",
    "volumeattachments",
    "VolumeAttachment",
    VolumeAttachment,
    identity=(("volumeattachment", "metadata.name"),),
    families=(
        alpha(
            "kube_volumeattachment_labels",
            "Labels of the object, renamed to fit Prometheus; all of them, no allow list counts.",
            object_labels,
            prefix="label",
        ),
        alpha(
            "kube_volumeattachment_info",
            "What attaches the volume, and to which node.",
            lambda a: ((a.spec.attacher, a.spec.node_name, 1),),
            "attacher",
            "node",
        ),
        alpha("kube_volumeattachment_created", "When the VolumeAttachment was created, in Unix seconds.", created),
        alpha(
            "kube_volumeattachment_spec_source_persistentvolume",
            "Which PersistentVolume is attached.",
            volume,
            "volumename",
        ),
        alpha(
            "kube_volumeattachment_status_attached",
            "Whether the volume is attached.",
            lambda a: a.status.attached,
        ),
        alpha(
            "kube_volumeattachment_status_attachment_metadata",
            "What the attacher had to say of the attachment, as labels.",
            lambda a: a.status.attachment_metadata or {},
            prefix="metadata",
        ),
    ),
    namespaced=False,
)
