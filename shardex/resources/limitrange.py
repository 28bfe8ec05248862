from collections.abc import Collection

from shardex.exposition.family import stable
from shardex.kube.meta import ObjectMeta, Part
from shardex.kube.quantity import Quantity, milli
from shardex.resources.resource import Resource
from shardex.resources.shared import Row, created, distinct

Amounts = dict[str, Quantity] | None


class Limit(Part):
    type: str = ""
    min: Amounts = None
    max: Amounts = None
    default: Amounts = None
    default_request: Amounts = None
    max_limit_request_ratio: Amounts = None


class Spec(Part):
    limits: list[Limit] | None = None


class LimitRange(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()


def constraints(r: LimitRange) -> Collection[Row]:
    """(resource, type, constraint): a row an amount of each limit."""
    rows: list[Row] = []
    for limit in r.spec.limits or ():
        for constraint, amounts in (
            ("min", limit.min),
            ("max", limit.max),
            ("default", limit.default),
            ("defaultRequest", limit.default_request),
            ("maxLimitRequestRatio", limit.max_limit_request_ratio),
        ):
            rows += [(name, limit.type, constraint, milli(amount)) for name, amount in (amounts or {}).items()]
    return distinct(rows)


LIMITRANGES = Resource(
    "v1",
    "limitranges",
    "LimitRange",
    LimitRange,
    identity=(("namespace", "metadata.namespace"), ("limitrange", "metadata.name")),
    families=(
        stable(
            "kube_limitrange",
            "Bounds and defaults that the LimitRange sets for resources of containers, pods and claims.",
            constraints,
            "resource",
            "type",
            "constraint",
        ),
        stable("kube_limitrange_created", "When the LimitRange was created, in Unix seconds.", created),
    ),
)
