from shardex.exposition.family import Shape, alpha, stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    Row,
    annotations_family,
    created,
    distinct,
    labels_family,
    resource_version,
)

CLASS_ANNOTATION = "kubernetes.io/ingress.class"  # what spec.ingressClassName replaced; controllers still prefer it


class ServicePort(Part):
    number: int = 0


class Service(Part):
    name: str = ""
    port: ServicePort = ServicePort()


class ResourceRef(Part):
    api_group: str | None = None
    kind: str = ""
    name: str = ""


class Backend(Part):
    service: Service | None = None
    resource: ResourceRef | None = None


class Path(Part):
    path: str = ""
    path_type: str | None = None
    backend: Backend = Backend()


class Http(Part):
    paths: list[Path] | None = None


class Rule(Part):
    host: str = ""
    http: Http | None = None


class Tls(Part):
    hosts: list[str] | None = None
    secret_name: str = ""


class Spec(Part):
    ingress_class_name: str | None = None
    rules: list[Rule] | None = None
    tls: list[Tls] | None = None


class Ingress(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()


def ingress_class(i: Ingress) -> tuple[Row]:
    annotated = (i.metadata.annotations or {}).get(CLASS_ANNOTATION)
    name = i.spec.ingress_class_name if annotated is None else annotated
    return (("_default" if name is None else name, 1),)


def backend(b: Backend) -> Row | None:
    """(label, value) pairs of what serves a path; a service's port that has a name shows as 0."""
    if b.service is not None:
        return (("service_name", b.service.name), ("service_port", str(b.service.port.number)))
    if b.resource is not None:
        return (
            ("resource_api_group", b.resource.api_group or ""),
            ("resource_kind", b.resource.kind),
            ("resource_name", b.resource.name),
        )
    return None


def paths(i: Ingress) -> list[tuple[dict[str, str], int]]:
    rows: list[Row] = []
    for rule in i.spec.rules or ():
        for path in (rule.http.paths or ()) if rule.http else ():
            served = backend(path.backend)
            if served is not None:
                matched = (("host", rule.host), ("path", path.path), ("path_type", path.path_type or ""))
                rows.append((*matched, *served, 1))
    return [(dict(labels), value) for *labels, value in distinct(rows)]


INGRESSES = Resource(
    "networking.k8s.io/v1",
    "ingresses",
    "Ingress",
    Ingress,
    identity=(("namespace", "metadata.namespace"), ("ingress", "metadata.name")),
    families=(
        stable(
            "kube_ingress_info",
            "Class of the Ingress, which says what controller serves it; _default when it names none.",
            ingress_class,
            "ingressclass",
        ),
        annotations_family("kube_ingress_annotations"),
        labels_family("kube_ingress_labels"),
        stable("kube_ingress_created", "When the Ingress was created, in Unix seconds.", created),
        alpha(
            "kube_ingress_metadata_resource_version",
            "Version of the Ingress in the API server's store; changes with every write.",
            resource_version,
        ),
        stable(
            "kube_ingress_path",
            "Paths of the Ingress and the service or resource behind each.",
            paths,
            "host",
            "path",
            "path_type",
            "service_name",
            "service_port",
            "resource_api_group",
            "resource_kind",
            "resource_name",
            shape=Shape.LOOSE,
        ),
        stable(
            "kube_ingress_tls",
            "Hosts that the Ingress serves with TLS and the Secret with their certificate.",
            lambda i: distinct([(host, tls.secret_name, 1) for tls in i.spec.tls or () for host in tls.hosts or ()]),
            "tls_host",
            "secret",
        ),
    ),
)
