from collections.abc import Collection

from shardex.exposition.family import ALPHA, alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, annotations_family, created, distinct, flag, labels_family


class Conditions(Part):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(Part):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Zone(Part):
    name: str = ""


class Hints(Part):
    for_zones: list[Zone] | None = None


class Endpoint(Part):
    addresses: list[str] | None = None
    conditions: Conditions = Conditions()
    hostname: str | None = None
    target_ref: TargetRef | None = None
    node_name: str | None = None
    zone: str | None = None
    hints: Hints | None = None


class Port(Part):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None


class EndpointSlice(Part):
    metadata: ObjectMeta = ObjectMeta()
    address_type: str = ""
    endpoints: list[Endpoint] | None = None
    ports: list[Port] | None = None


_NO_TARGET = TargetRef()


def endpoints(s: EndpointSlice) -> Collection[Row]:
    """A row an address of each endpoint: conditions, host name, target, node, zone; "" for what is not set."""
    rows: list[Row] = []
    for endpoint in s.endpoints or ():
        conditions, target = endpoint.conditions, endpoint.target_ref or _NO_TARGET
        facts = (
            flag(conditions.ready),
            flag(conditions.serving),
            endpoint.hostname or "",
            flag(conditions.terminating),
            target.kind,
            target.name,
            target.namespace,
            endpoint.node_name or "",
            endpoint.zone or "",
        )
        rows += [(*facts, address, 1) for address in endpoint.addresses or ()]
    return distinct(rows)


def hints(s: EndpointSlice) -> Collection[Row]:
    """(address, zone) of each zone that an endpoint is meant for; of its addresses the first stands for all."""
    hinted = [(e.addresses[0], e.hints.for_zones or ()) for e in s.endpoints or () if e.hints and e.addresses]
    return distinct([(address, zone.name, 1) for address, zones in hinted for zone in zones])


def ports(s: EndpointSlice) -> Collection[Row]:
    numbers = [(p, "" if p.port is None else str(p.port)) for p in s.ports or ()]
    return distinct([(p.name or "", p.protocol or "", number, 1) for p, number in numbers])


ENDPOINTSLICES = Resource(
    "discovery.k8s.io/v1",
    "endpointslices",
    "EndpointSlice",
    EndpointSlice,
    identity=(("endpointslice", "metadata.name"), ("namespace", "metadata.namespace")),
    families=(
        alpha(
            "kube_endpointslice_info",
            "Which kind of addresses the EndpointSlice holds.",
            lambda s: ((s.address_type, 1),),
            "addresstype",
        ),
        alpha("kube_endpointslice_created", "When the EndpointSlice was created, in Unix seconds.", created),
        alpha(
            "kube_endpointslice_endpoints_hints",
            "Zones from which an endpoint should be used.",
            hints,
            "address",
            "for_zone",
        ),
        alpha(
            "kube_endpointslice_endpoints",
            "Endpoints of the EndpointSlice, a row an address.",
            endpoints,
            "ready",
            "serving",
            "hostname",
            "terminating",
            "targetref_kind",
            "targetref_name",
            "targetref_namespace",
            "endpoint_nodename",
            "endpoint_zone",
            "address",
        ),
        alpha(
            "kube_endpointslice_ports",
            "Ports that every endpoint of the EndpointSlice serves.",
            ports,
            "port_name",
            "port_protocol",
            "port_number",
        ),
        annotations_family("kube_endpointslice_annotations"),
        labels_family("kube_endpointslice_labels", ALPHA),
    ),
)
