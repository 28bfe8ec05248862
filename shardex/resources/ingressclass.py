from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, labels_family


class Spec(Part):
    controller: str = ""


class IngressClass(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()


INGRESSCLASSES = Resource(
    "networking.k8s.io/v1",
    "ingressclasses",
    "IngressClass",
    IngressClass,
    identity=(("ingressclass", "metadata.name"),),
    families=(
        alpha(
            "kube_ingressclass_info",
            "Which controller serves Ingresses of the class.",
            lambda c: ((c.spec.controller, 1),),
            "controller",
        ),
        alpha("kube_ingressclass_created", "When the IngressClass was created, in Unix seconds.", created),
        annotations_family("kube_ingressclass_annotations"),
        labels_family("kube_ingressclass_labels", ALPHA),
    ),
    namespaced=False,
    default=False,
    fallbacks=("networking.k8s.io/v1beta1",),
)
