from shardex.exposition.family import alpha
from shardex.resources.admission import Policy, PolicySpec, policy
from shardex.resources.resource import Resource
from shardex.resources.shared import created


class Spec(PolicySpec):
    reinvocation_policy: str = ""


class MutatingAdmissionPolicy(Policy):
    spec: Spec = Spec()


MUTATINGADMISSIONPOLICIES = Resource(
    "admissionregistration.k8s.io/v1",
    "mutatingadmissionpolicies",
    "MutatingAdmissionPolicy",
    MutatingAdmissionPolicy,
    identity=(("namespace", "metadata.namespace"), ("mutatingadmissionpolicy", "metadata.name")),
    families=(
        alpha(
            "kube_mutatingadmissionpolicy_info",
            "Parameters, failure policy and reinvocation policy of the MutatingAdmissionPolicy.",
            lambda p: ((*policy(p), p.spec.reinvocation_policy, 1),),
            "param_api_version",
            "param_kind",
            "failure_policy",
            "reinvocation_policy",
        ),
        alpha(
            "kube_mutatingadmissionpolicy_created",
            "When the MutatingAdmissionPolicy was created, in Unix seconds.",
            created,
        ),
    ),
    namespaced=False,
    fallbacks=("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1alpha1"),
)
