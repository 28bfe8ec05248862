"""The pieces every Kubernetes object shares, as views: only the fields that are read."""

from datetime import datetime, timedelta
from functools import lru_cache

import msgspec


class Part(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A piece of a Kubernetes object: the fields we read, nothing else.

    Absent is the default. Pointers and slices are `T | None = None`, since Go writes null for a nil slice; acronyms
    need their wire name (`msgspec.field(name="podIP")`): `rename` would make `podIp`, decode nothing and say nothing.
    Times stay text, `str | None`, until seconds() reads them.
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
    finalizers: list[str] | None = None


class Condition(Part):
    """One of an object's conditions; every kind has its own Go type for it, all of this shape."""

    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str | None = None


class Metadata(Part):
    """An object of which nothing but metadata is known: what PartialObjectMetadata decodes to."""

    metadata: ObjectMeta = ObjectMeta()


ZERO_TIME = -62135596800  # Go's zero time: what a present struct without its time prints


def seconds(time: str) -> int:
    """Whole Unix seconds of an RFC 3339 time, rounded down: 1969-12-31T23:59:59.5Z is -1.

    raise   ValueError when the text is no time
    """
    if len(time) == 20 and time[19] == "Z":  # 2026-11-22T15:13:20Z: what nearly all are, read in a fifth of the time
        try:
            return _minute(time[:16]) + _SIXTY[time[16:19]]
        except KeyError:
            pass  # what else it is, if it is a time, the parser knows
    return _seconds(time)


@lru_cache(maxsize=1 << 12)  # an object's times are often within a minute
def _minute(text: str) -> int:
    return _seconds(text + ":00Z")


def _seconds(time: str) -> int:
    moment = datetime.fromisoformat(time)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {time!r}")
    return (moment - _EPOCH) // _SECOND


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_SECOND = timedelta(seconds=1)
_SIXTY = {f":{second:02d}": second for second in range(60)}


def scaled(value: int | str | None, total: int, round_up: bool) -> int | None:
    """How many of `total` an int-or-percent means: 3 -> 3, "25%" -> a quarter, rounded as told; None for neither."""
    if isinstance(value, int):
        return value
    if value is None or not value.endswith("%"):
        return None
    percent = int(value[:-1])
    return -(-percent * total // 100) if round_up else percent * total // 100
