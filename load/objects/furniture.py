"""What comes with workloads, namespaces and clusters besides pods."""

from load.objects import config, network, policy, storage
from load.objects.app import Role
from load.objects.workload import Workload
from load.objects.world import World


def furnish(world: World, workload: Workload) -> None:
    """What comes with a workload: service, configuration, secrets, and for some an ingress, a budget, an autoscaler."""
    number = len(world.running)
    labels, namespace, name, created = workload.labels(), workload.namespace, workload.name, workload.created
    if world.wants("services", "endpointslices", "endpoints"):
        service = network.service(world.meta(name, namespace, labels, created), workload, number)
        world.show("services", service)
        show_endpoints(world, workload)
        if number % 10 == 0:
            slice_ = network.endpoint_slice({}, workload)
            world.show("endpoints", network.endpoints(world.meta(name, namespace, labels, created), slice_))
    if number % 2 and world.wants("configmaps"):
        meta = world.meta(f"{name}-config", namespace, labels, created)
        world.show("configmaps", config.config_map(meta, 10 + number % 40))
    if number % 2 == 0 and world.wants("secrets"):
        kind = ("Opaque", "kubernetes.io/tls", "Opaque", "helm.sh/release.v1")[number // 2 % 4]
        world.show("secrets", config.secret(world.meta(f"{name}-secret", namespace, labels, created), world.rng, kind))
    if number % 10 == 0:
        world.show("ingresses", network.ingress(world.meta(name, namespace, labels, created), workload))
    if number % 8 == 0:
        world.show(
            "poddisruptionbudgets", policy.disruption_budget(world.meta(name, namespace, labels, created), workload)
        )
    if number % 6 == 0 and workload.app.role is Role.DEPLOYMENT:
        scaler = policy.autoscaler(world.meta(name, namespace, labels, created), workload)
        world.show("horizontalpodautoscalers", scaler)


def show_endpoints(world: World, workload: Workload) -> None:
    labels = {**workload.labels(), "kubernetes.io/service-name": workload.name}
    name = f"{workload.name}-{workload.uid[:5]}"
    meta = world.meta(name, workload.namespace, labels, workload.created)
    meta["uid"] = world.known_uid("endpointslices", f"{workload.namespace}/{name}") or meta["uid"]
    world.show("endpointslices", network.endpoint_slice(meta, workload))


def furnish_namespace(world: World, namespace: str) -> None:
    world.show("configmaps", config.authority(world.meta("kube-root-ca.crt", namespace)))
    world.show("serviceaccounts", config.service_account(world.meta("default", namespace)))
    world.show("resourcequotas", config.resource_quota(world.meta("quota", namespace), world.settings.pods))
    world.show("limitranges", config.limit_range(world.meta("limits", namespace)))
    world.show("networkpolicies", network.network_policy(world.meta("isolate", namespace)))
    world.show("roles", policy.role(world.meta("viewer", namespace)))
    world.show("rolebindings", policy.role_binding(world.meta("viewer", namespace), "Role"))
    meta = world.meta("registry", namespace)
    world.show("secrets", config.secret(meta, world.rng, "kubernetes.io/dockerconfigjson"))


def furnish_cluster(world: World) -> None:
    for name in ("fast", "standard", "archive"):
        world.show("storageclasses", storage.storage_class(world.meta(name)))
    for name in ("nginx", "internal"):
        world.show("ingressclasses", network.ingress_class(world.meta(name)))
    for mutating, kind in ((True, "mutating"), (False, "validating")):
        for name in ("sidecar-injector", "image-policy"):
            world.show(f"{kind}webhookconfigurations", policy.webhooks(world.meta(name), mutating))
        world.show(f"{kind}admissionpolicies", policy.admission_policy(world.meta("replica-limit"), mutating))
        world.show(f"{kind}admissionpolicybindings", policy.admission_binding(world.meta("replica-limit"), mutating))
    for name in ("view", "edit", "cluster-admin"):
        world.show("clusterroles", policy.role(world.meta(name)))
        world.show("clusterrolebindings", policy.role_binding(world.meta(name), "ClusterRole"))
    for number in range(4):
        world.show("certificatesigningrequests", policy.signing_request(world.meta(f"csr-{number}"), number > 0))
    for name, value in (("system-cluster-critical", 2_000_000_000), ("batch", -100)):
        world.show("priorityclasses", policy.priority_class(world.meta(name), value))
    world.show("runtimeclasses", policy.runtime_class(world.meta("gvisor")))
    world.show("replicationcontrollers", config.replication_controller(world.meta("legacy", "default")))
