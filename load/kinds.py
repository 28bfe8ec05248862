"""What the API server serves, as its discovery documents list it."""

from typing import Any

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """One resource of one group.

    versions      served, the stored one first
    subresources  (name, kind it answers with); Scale is of autoscaling/v1
    fields        field selectors beside metadata.name and metadata.namespace
    custom        defined by a CustomResourceDefinition: no type, so keys are sorted and items name their kind
    """

    group: str
    versions: tuple[str, ...]
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[tuple[str, str], ...] = ()
    fields: tuple[str, ...] = ()
    custom: bool = False

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """The plural as error messages name it: deployments.apps."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def api_version(self, version: str = "") -> str:
        version = version or self.versions[0]
        return f"{self.group}/{version}" if self.group else version

    def path(self, namespace: str = "", version: str = "") -> str:
        base = f"/apis/{self.api_version(version)}" if self.group else f"/api/{self.api_version(version)}"
        return f"{base}/namespaces/{namespace}/{self.plural}" if namespace else f"{base}/{self.plural}"


_STATUS = ("status", "")
_SCALE = ("scale", "Scale")
_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_NET = "networking.k8s.io"
_ALL = ("all",)
_ONE = ("v1",)
_CLUSTER = False

BUILTIN = (
    Kind("", _ONE, "configmaps", "ConfigMap", short=("cm",)),
    Kind("", _ONE, "endpoints", "Endpoints", short=("ep",)),
    Kind("", _ONE, "events", "Event", short=("ev",)),
    Kind("", _ONE, "limitranges", "LimitRange", short=("limits",)),
    Kind("", _ONE, "namespaces", "Namespace", _CLUSTER, ("ns",), (), (("finalize", ""), _STATUS)),
    Kind("", _ONE, "nodes", "Node", _CLUSTER, ("no",), (), (_STATUS,)),
    Kind("", _ONE, "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), (), (_STATUS,)),
    Kind("", _ONE, "persistentvolumes", "PersistentVolume", _CLUSTER, ("pv",), (), (_STATUS,)),
    Kind("", _ONE, "pods", "Pod", True, ("po",), _ALL, (_STATUS,), ("spec.nodeName",)),
    Kind("", _ONE, "replicationcontrollers", "ReplicationController", True, ("rc",), _ALL, (_SCALE, _STATUS)),
    Kind("", _ONE, "resourcequotas", "ResourceQuota", True, ("quota",), (), (_STATUS,)),
    Kind("", _ONE, "secrets", "Secret"),
    Kind("", _ONE, "serviceaccounts", "ServiceAccount", short=("sa",)),
    Kind("", _ONE, "services", "Service", True, ("svc",), _ALL, (_STATUS,)),
    Kind("apps", _ONE, "controllerrevisions", "ControllerRevision"),
    Kind("apps", _ONE, "daemonsets", "DaemonSet", True, ("ds",), _ALL, (_STATUS,)),
    Kind("apps", _ONE, "deployments", "Deployment", True, ("deploy",), _ALL, (_SCALE, _STATUS)),
    Kind("apps", _ONE, "replicasets", "ReplicaSet", True, ("rs",), _ALL, (_SCALE, _STATUS)),
    Kind("apps", _ONE, "statefulsets", "StatefulSet", True, ("sts",), _ALL, (_SCALE, _STATUS)),
    Kind(
        "autoscaling", ("v2",), "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), _ALL, (_STATUS,)
    ),
    Kind("batch", _ONE, "cronjobs", "CronJob", True, ("cj",), _ALL, (_STATUS,)),
    Kind("batch", _ONE, "jobs", "Job", True, (), _ALL, (_STATUS,)),
    Kind("certificates.k8s.io", _ONE, "certificatesigningrequests", "CertificateSigningRequest", _CLUSTER, ("csr",)),
    Kind(_NET, _ONE, "ingressclasses", "IngressClass", _CLUSTER),
    Kind(_NET, _ONE, "ingresses", "Ingress", True, ("ing",), (), (_STATUS,)),
    Kind(_NET, _ONE, "networkpolicies", "NetworkPolicy", True, ("netpol",)),
    Kind("policy", _ONE, "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), (), (_STATUS,)),
    Kind(_RBAC, _ONE, "clusterrolebindings", "ClusterRoleBinding", _CLUSTER),
    Kind(_RBAC, _ONE, "clusterroles", "ClusterRole", _CLUSTER),
    Kind(_RBAC, _ONE, "rolebindings", "RoleBinding"),
    Kind(_RBAC, _ONE, "roles", "Role"),
    Kind("storage.k8s.io", _ONE, "storageclasses", "StorageClass", _CLUSTER, ("sc",)),
    Kind("storage.k8s.io", _ONE, "volumeattachments", "VolumeAttachment", _CLUSTER, (), (), (_STATUS,)),
    Kind(_ADMISSION, _ONE, "mutatingadmissionpolicies", "MutatingAdmissionPolicy", _CLUSTER),
    Kind(_ADMISSION, _ONE, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", _CLUSTER),
    Kind(_ADMISSION, _ONE, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", _CLUSTER),
    Kind(_ADMISSION, _ONE, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", _CLUSTER, (), (), (_STATUS,)),
    Kind(_ADMISSION, _ONE, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", _CLUSTER),
    Kind(_ADMISSION, _ONE, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", _CLUSTER),
    Kind(
        "apiextensions.k8s.io", _ONE, "customresourcedefinitions", "CustomResourceDefinition", _CLUSTER, ("crd", "crds")
    ),
    Kind("scheduling.k8s.io", _ONE, "priorityclasses", "PriorityClass", _CLUSTER, ("pc",)),
    Kind("coordination.k8s.io", _ONE, "leases", "Lease"),
    Kind("node.k8s.io", _ONE, "runtimeclasses", "RuntimeClass", _CLUSTER),
    Kind("discovery.k8s.io", _ONE, "endpointslices", "EndpointSlice"),
    Kind("resource.k8s.io", _ONE, "deviceclasses", "DeviceClass", _CLUSTER),
    Kind("resource.k8s.io", _ONE, "resourceclaims", "ResourceClaim", True, (), (), (_STATUS,)),
    Kind("resource.k8s.io", _ONE, "resourceclaimtemplates", "ResourceClaimTemplate"),
)  # fmt: skip

# Answered on POST and kept nowhere.
REVIEWS = (
    Kind("authentication.k8s.io", _ONE, "tokenreviews", "TokenReview", _CLUSTER),
    Kind("authorization.k8s.io", _ONE, "selfsubjectaccessreviews", "SelfSubjectAccessReview", _CLUSTER),
    Kind("authorization.k8s.io", _ONE, "subjectaccessreviews", "SubjectAccessReview", _CLUSTER),
)


def defined(crd: dict[str, Any]) -> Kind:
    """The kind that a CustomResourceDefinition defines, in its served versions, the storage version first."""
    spec = crd["spec"]
    names = spec["names"]
    served = [version for version in spec["versions"] if version["served"]]
    served.sort(key=lambda version: not version["storage"])
    status = any("status" in version.get("subresources", {}) for version in served)
    return Kind(
        spec["group"],
        tuple(version["name"] for version in served),
        names["plural"],
        names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        short=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        subresources=(_STATUS,) if status else (),
        custom=True,
    )
