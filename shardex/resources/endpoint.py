from collections.abc import Collection

from shardex.exposition.family import stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, distinct, exists, labels_family


class Address(Part):
    ip: str = ""


class Port(Part):
    name: str = ""
    port: int = 0
    protocol: str = ""


class Subset(Part):
    addresses: list[Address] | None = None
    not_ready_addresses: list[Address] | None = None
    ports: list[Port] | None = None


class Endpoints(Part):
    metadata: ObjectMeta = ObjectMeta()
    subsets: list[Subset] | None = None


def addresses(e: Endpoints) -> Collection[Row]:
    """(protocol, number, name, address, ready) of each port of each address; a subset without ports has none."""
    rows: list[Row] = []
    for subset in e.subsets or ():
        for port in subset.ports or ():
            served = (port.protocol, str(port.port), port.name)
            rows += [(*served, address.ip, "true", 1) for address in subset.addresses or ()]
            rows += [(*served, address.ip, "false", 1) for address in subset.not_ready_addresses or ()]
    return distinct(rows)


def ports(e: Endpoints) -> Collection[Row]:
    return distinct([(p.name, p.protocol, str(p.port), 1) for subset in e.subsets or () for p in subset.ports or ()])


ENDPOINTS = Resource(
    "v1",
    "endpoints",
    "Endpoints",
    Endpoints,
    identity=(("namespace", "metadata.namespace"), ("endpoint", "metadata.name")),
    families=(
        stable("kube_endpoint_info", "1 for every Endpoints object.", exists),
        stable("kube_endpoint_created", "When the Endpoints object was created, in Unix seconds.", created),
        annotations_family("kube_endpoint_annotations"),
        labels_family("kube_endpoint_labels"),
        stable(
            "kube_endpoint_address",
            "Addresses behind a Service and the ports they serve, a row each; `ready` tells the available ones.",
            addresses,
            "port_protocol",
            "port_number",
            "port_name",
            "ip",
            "ready",
        ),
        stable(
            "kube_endpoint_ports",
            "(Deprecated since v2.14.0) Ports behind a Service; kube_endpoint_address tells them by address.",
            ports,
            "port_name",
            "port_protocol",
            "port_number",
        ),
    ),
    default=False,
)
