from shardex.exposition.family import alpha
from shardex.resources.admission import WebhookConfiguration, services
from shardex.resources.resource import Resource
from shardex.resources.shared import created, exists, resource_version

VALIDATINGWEBHOOKCONFIGURATIONS = Resource(
    "admissionregistration.k8s.io/v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    WebhookConfiguration,
    identity=(("namespace", "metadata.namespace"), ("validatingwebhookconfiguration", "metadata.name")),
    families=(
        alpha("kube_validatingwebhookconfiguration_info", "1 for every ValidatingWebhookConfiguration.", exists),
        alpha(
            "kube_validatingwebhookconfiguration_created",
            "When the ValidatingWebhookConfiguration was created, in Unix seconds.",
            created,
        ),
        alpha(
            "kube_validatingwebhookconfiguration_metadata_resource_version",
            "Version of the ValidatingWebhookConfiguration in the API server's store; changes with every write.",
            resource_version,
        ),
        alpha(
            "kube_validatingwebhookconfiguration_webhook_clientconfig_service",
            "Services behind the webhooks, a row a webhook; empty names for one that is called by URL.",
            services,
            "webhook_name",
            "service_name",
            "service_namespace",
        ),
    ),
    namespaced=False,
)
