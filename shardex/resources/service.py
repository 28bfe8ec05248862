import msgspec

from shardex.exposition.family import alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, deleted, distinct, labels_family


class Ingress(Part):
    ip: str = ""
    hostname: str = ""


class LoadBalancer(Part):
    ingress: list[Ingress] | None = None


class Spec(Part):
    type: str = ""
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    external_name: str = ""
    external_traffic_policy: str = ""
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")


class Status(Part):
    load_balancer: LoadBalancer = LoadBalancer()


class Service(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


SERVICES = Resource(
    "v1",
    "services",
    "Service",
    Service,
    identity=(("namespace", "metadata.namespace"), ("service", "metadata.name"), ("uid", "metadata.uid")),
    families=(
        stable(
            "kube_service_info",
            "How the Service is reached: its addresses, its outside name, its traffic policy.",
            lambda s: (
                (
                    s.spec.cluster_ip,
                    s.spec.external_name,
                    s.spec.load_balancer_ip,
                    s.spec.external_traffic_policy,
                    1,
                ),
            ),
            "cluster_ip",
            "external_name",
            "load_balancer_ip",
            "external_traffic_policy",
        ),
        stable("kube_service_created", "When the Service was created, in Unix seconds.", created),
        stable("kube_service_spec_type", "Type of the Service.", lambda s: ((s.spec.type, 1),), "type"),
        annotations_family("kube_service_annotations"),
        labels_family("kube_service_labels"),
        stable(
            "kube_service_spec_external_ip",
            "Outside addresses that nodes accept for the Service, one a row.",
            lambda s: distinct([(ip, 1) for ip in s.spec.external_ips or ()]),
            "external_ip",
        ),
        stable(
            "kube_service_status_load_balancer_ingress",
            "Points at which a load balancer takes traffic for the Service, one a row.",
            lambda s: distinct([(point.ip, point.hostname, 1) for point in s.status.load_balancer.ingress or ()]),
            "ip",
            "hostname",
        ),
        alpha("kube_service_deletion_timestamp", "When the Service is to be gone, in Unix seconds.", deleted),
    ),
)
