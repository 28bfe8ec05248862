from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, deleted, distinct, flag, labels_family


class SecretRef(Part):
    name: str = ""


class ServiceAccount(Part):
    metadata: ObjectMeta = ObjectMeta()
    secrets: list[SecretRef] | None = None
    image_pull_secrets: list[SecretRef] | None = None
    automount_service_account_token: bool | None = None


SERVICEACCOUNTS = Resource(
    "v1",
    "serviceaccounts",
    "ServiceAccount",
    ServiceAccount,
    identity=(("namespace", "metadata.namespace"), ("serviceaccount", "metadata.name"), ("uid", "metadata.uid")),
    families=(
        alpha(
            "kube_serviceaccount_info",
            "Whether pods get the ServiceAccount's token without asking; empty when it does not say.",
            lambda a: ((flag(a.automount_service_account_token), 1),),
            "automount_token",
        ),
        alpha("kube_serviceaccount_created", "When the ServiceAccount was created, in Unix seconds.", created),
        alpha("kube_serviceaccount_deleted", "When the ServiceAccount is to be gone, in Unix seconds.", deleted),
        alpha(
            "kube_serviceaccount_secret",
            "Secrets that pods of the ServiceAccount may mount.",
            lambda a: distinct([(secret.name, 1) for secret in a.secrets or ()]),
            "name",
        ),
        alpha(
            "kube_serviceaccount_image_pull_secret",
            "Secrets with which images of the ServiceAccount's pods are pulled.",
            lambda a: distinct([(secret.name, 1) for secret in a.image_pull_secrets or ()]),
            "name",
        ),
        annotations_family("kube_serviceaccount_annotations"),
        labels_family("kube_serviceaccount_labels", ALPHA),
    ),
    default=False,
)
