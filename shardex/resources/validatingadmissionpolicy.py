from shardex.exposition.family import alpha
from shardex.resources.admission import Policy, policy
from shardex.resources.resource import Resource
from shardex.resources.shared import created

VALIDATINGADMISSIONPOLICIES = Resource(
    "admissionregistration.k8s.io/v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    Policy,
    identity=(("namespace", "metadata.namespace"), ("validatingadmissionpolicy", "metadata.name")),
    families=(
        alpha(
            "kube_validatingadmissionpolicy_info",
            "Parameters and failure policy of the ValidatingAdmissionPolicy.",
            lambda p: ((*policy(p), 1),),
            "param_api_version",
            "param_kind",
            "failure_policy",
        ),
        alpha(
            "kube_validatingadmissionpolicy_created",
            "When the ValidatingAdmissionPolicy was created, in Unix seconds.",
            created,
        ),
    ),
    namespaced=False,
    fallbacks=("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1alpha1"),
)
