from shardex.exposition.family import alpha
from shardex.resources.admission import PolicyBinding, binding
from shardex.resources.resource import Resource
from shardex.resources.shared import created

MUTATINGADMISSIONPOLICYBINDINGS = Resource(
    "admissionregistration.k8s.io/v1",
    "mutatingadmissionpolicybindings",
    "MutatingAdmissionPolicyBinding",
    PolicyBinding,
    identity=(("namespace", "metadata.namespace"), ("mutatingadmissionpolicybinding", "metadata.name")),
    families=(
        alpha(
            "kube_mutatingadmissionpolicybinding_info",
            "Which policy the MutatingAdmissionPolicyBinding puts to use, and with which parameters.",
            binding,
            "policy_name",
            "param_name",
            "param_namespace",
            "param_not_found_action",
        ),
        alpha(
            "kube_mutatingadmissionpolicybinding_created",
            "When the MutatingAdmissionPolicyBinding was created, in Unix seconds.",
            created,
        ),
    ),
    namespaced=False,
    fallbacks=("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1alpha1"),
)
