from shardex.exposition.family import stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, labels_family

CONDITIONS = (("Approved", "approved"), ("Denied", "denied"), ("Failed", "failed"))


class Spec(Part):
    signer_name: str = ""


class Status(Part):
    certificate: bytes | None = None  # base64 on the wire
    conditions: list[Condition] | None = None


class CertificateSigningRequest(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def conditions(r: CertificateSigningRequest) -> list[tuple[str, int]]:
    """How often each condition stands there, whatever its status."""
    types = [condition.type for condition in r.status.conditions or ()]
    return [(label, types.count(type)) for type, label in CONDITIONS]


CERTIFICATESIGNINGREQUESTS = Resource(
    "certificates.k8s.io/v1",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    CertificateSigningRequest,
    identity=(("certificatesigningrequest", "metadata.name"), ("signer_name", "spec.signer_name")),
    families=(
        annotations_family("kube_certificatesigningrequest_annotations"),
        labels_family("kube_certificatesigningrequest_labels"),
        stable(
            "kube_certificatesigningrequest_created",
            "When the CertificateSigningRequest was created, in Unix seconds.",
            created,
        ),
        stable(
            "kube_certificatesigningrequest_condition",
            "Conditions of each kind that the CertificateSigningRequest has.",
            conditions,
            "condition",
        ),
        stable(
            "kube_certificatesigningrequest_cert_length",
            "Bytes of the issued certificate, 0 before it is issued.",
            lambda r: len(r.status.certificate or b""),
        ),
    ),
    namespaced=False,
    fallbacks=("certificates.k8s.io/v1beta1",),
)
