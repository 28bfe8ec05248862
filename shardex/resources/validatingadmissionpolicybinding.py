from shardex.exposition.family import alpha
from shardex.resources.admission import BindingSpec, PolicyBinding, binding
from shardex.resources.resource import Resource
from shardex.resources.shared import created, distinct


class Spec(BindingSpec):
    validation_actions: list[str] | None = None


class ValidatingAdmissionPolicyBinding(PolicyBinding):
    spec: Spec = Spec()


VALIDATINGADMISSIONPOLICYBINDINGS = Resource(
    "admissionregistration.k8s.io/v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    ValidatingAdmissionPolicyBinding,
    identity=(("namespace", "metadata.namespace"), ("validatingadmissionpolicybinding", "metadata.name")),
    families=(
        alpha(
            "kube_validatingadmissionpolicybinding_info",
            "Which policy the ValidatingAdmissionPolicyBinding puts to use, and with which parameters.",
            binding,
            "policy_name",
            "param_name",
            "param_namespace",
            "param_not_found_action",
        ),
        alpha(
            "kube_validatingadmissionpolicybinding_created",
            "When the ValidatingAdmissionPolicyBinding was created, in Unix seconds.",
            created,
        ),
        alpha(
            "kube_validatingadmissionpolicybinding_validation_action",
            "What is done about a request that fails the policy, an action a row.",
            lambda b: distinct([(action, 1) for action in b.spec.validation_actions or ()]),
            "action",
        ),
    ),
    namespaced=False,
    fallbacks=("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1alpha1"),
)
