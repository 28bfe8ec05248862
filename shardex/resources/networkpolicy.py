from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created_or_zero, labels_family


class Spec(Part):
    """Rules are counted, not read."""

    ingress: list[Part] | None = None
    egress: list[Part] | None = None


class NetworkPolicy(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()


NETWORKPOLICIES = Resource(
    "networking.k8s.io/v1",
    "networkpolicies",
    "NetworkPolicy",
    NetworkPolicy,
    identity=(("namespace", "metadata.namespace"), ("networkpolicy", "metadata.name")),
    families=(
        alpha(
            "kube_networkpolicy_created",
            "When the NetworkPolicy was created, in Unix seconds.",
            created_or_zero,
        ),
        annotations_family("kube_networkpolicy_annotations"),
        labels_family("kube_networkpolicy_labels", ALPHA),
        alpha(
            "kube_networkpolicy_spec_ingress_rules",
            "Rules for traffic into the pods.",
            lambda p: len(p.spec.ingress or ()),
        ),
        alpha(
            "kube_networkpolicy_spec_egress_rules",
            "Rules for traffic out of the pods.",
            lambda p: len(p.spec.egress or ()),
        ),
    ),
)
