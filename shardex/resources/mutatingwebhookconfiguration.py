from shardex.exposition.family import alpha
from shardex.resources.admission import WebhookConfiguration, services
from shardex.resources.resource import Resource
from shardex.resources.shared import created, exists, resource_version

MUTATINGWEBHOOKCONFIGURATIONS = Resource(
    "admissionregistration.k8s.io/v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    WebhookConfiguration,
    identity=(("namespace", "metadata.namespace"), ("mutatingwebhookconfiguration", "metadata.name")),
    families=(
        alpha("kube_mutatingwebhookconfiguration_info", "1 for every MutatingWebhookConfiguration.", exists),
        alpha(
            "kube_mutatingwebhookconfiguration_created",
            "When the MutatingWebhookConfiguration was created, in Unix seconds.",
            created,
        ),
        alpha(
            "kube_mutatingwebhookconfiguration_metadata_resource_version",
            "Version of the MutatingWebhookConfiguration in the API server's store; changes with every write.",
            resource_version,
        ),
        alpha(
            "kube_mutatingwebhookconfiguration_webhook_clientconfig_service",
            "Services behind the webhooks, a row a webhook; empty names for one that is called by URL.",
            services,
            "webhook_name",
            "service_name",
            "service_namespace",
        ),
    ),
    namespaced=False,
)
