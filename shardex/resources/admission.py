"""What the kinds of admissionregistration.k8s.io have in common: webhooks, policies and their bindings."""

from collections.abc import Collection

from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.shared import Row, distinct


class Service(Part):
    name: str = ""
    namespace: str = ""


class ClientConfig(Part):
    service: Service | None = None


class Webhook(Part):
    name: str = ""
    client_config: ClientConfig = ClientConfig()


class WebhookConfiguration(Part):
    metadata: ObjectMeta = ObjectMeta()
    webhooks: list[Webhook] | None = None


class ParamKind(Part):
    api_version: str = ""
    kind: str = ""


class PolicySpec(Part):
    param_kind: ParamKind | None = None
    failure_policy: str | None = None


class Policy(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: PolicySpec = PolicySpec()


class ParamRef(Part):
    name: str = ""
    namespace: str = ""
    parameter_not_found_action: str | None = None


class BindingSpec(Part):
    policy_name: str = ""
    param_ref: ParamRef | None = None


class PolicyBinding(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: BindingSpec = BindingSpec()


_NO_SERVICE = Service()
_NO_KIND = ParamKind()
_NO_REF = ParamRef()


def services(c: WebhookConfiguration) -> Collection[Row]:
    """(webhook, service, its namespace) of each webhook; empty values for one that is called by URL."""
    called = [(w.name, w.client_config.service or _NO_SERVICE) for w in c.webhooks or ()]
    return distinct([(name, service.name, service.namespace, 1) for name, service in called])


def policy(p: Policy) -> tuple[str, str, str]:
    """(API version of the parameters' kind, that kind, failure policy); "" for what is not set."""
    kind = p.spec.param_kind or _NO_KIND
    return kind.api_version, kind.kind, p.spec.failure_policy or ""


def binding(b: PolicyBinding) -> tuple[Row]:
    """One row: (policy, parameters' name, their namespace, what to do without them); "" for what is not set."""
    ref = b.spec.param_ref or _NO_REF
    return ((b.spec.policy_name, ref.name, ref.namespace, ref.parameter_not_found_action or "", 1),)
