"""The pieces every Kubernetes object shares, as views: only the fields that are read."""

import msgspec


class Part(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A piece of a Kubernetes object: the fields we read, nothing else.

    Absent is the default. Pointers and slices are `T | None = None`, since Go writes null for a nil slice; acronyms
    need their wire name (`msgspec.field(name="podIP")`): `rename` would make `podIp`, decode nothing and say nothing.
    Times stay text, `str | None`: a sample's value may be one, and rfc3339.seconds() reads it.
    """


class OwnerReference(Part):
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class ObjectMeta(Part):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class Condition(Part):
    """One of an object's conditions; every kind has its own Go type for it, all of this shape."""

    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str | None = None


class Metadata(Part):
    """An object of which nothing but metadata is known: what PartialObjectMetadata decodes to."""

    metadata: ObjectMeta = ObjectMeta()


def scaled(value: int | str | None, total: int, round_up: bool) -> int | None:
    """How many of `total` an int-or-percent means: 3 -> 3, "25%" -> a quarter, rounded as told; None for neither."""
    if isinstance(value, int):
        return value
    if value is None or not value.endswith("%"):
        return None
    percent = int(value[:-1])
    return -(-percent * total // 100) if round_up else percent * total // 100
