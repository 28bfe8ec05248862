from collections.abc import Collection

from shardex.exposition.family import alpha
from shardex.kube.meta import ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, moment, owners


class Spec(Part):
    holder_identity: str | None = None
    renew_time: str | None = None


class Lease(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()


def holders(lease: Lease) -> Collection[Row]:
    namespace, holder = lease.metadata.namespace, lease.spec.holder_identity or ""
    return [(kind, name, namespace, holder, 1) for kind, name, _ in owners(lease)]


def renewed(lease: Lease) -> Collection[Row]:
    time = moment(lease.spec.renew_time)
    return () if time is None else ((lease.metadata.namespace, time),)


LEASES = Resource(
    "coordination.k8s.io/v1",
    "leases",
    "Lease",
    Lease,
    identity=(("lease", "metadata.name"),),
    families=(
        alpha(
            "kube_lease_owner",
            "What owns the Lease, and who holds it.",
            holders,
            "owner_kind",
            "owner_name",
            "namespace",
            "lease_holder",
        ),
        alpha(
            "kube_lease_renew_time", "When the holder last renewed the Lease, in Unix seconds.", renewed, "namespace"
        ),
    ),
)
