"""Sources that many kinds use: facts of metadata, owners, conditions."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from shardex.exposition.compile import endings
from shardex.exposition.family import ALPHA, ANNOTATIONS, LABELS, STABLE, Family, Source
from shardex.kube.meta import Condition
from shardex.rfc3339 import ZERO_TIME, seconds

Row = tuple[Any, ...]  # label values, then the number

#: Every value that a condition's status can take, as the API has it and as the label shows it.
STATUSES = (("True", "true"), ("False", "false"), ("Unknown", "unknown"))


def moment(time: str | None) -> str | None:
    """The time, or None when it is absent or Go's zero time."""
    return None if time is None or (time.startswith("0001-") and seconds(time) == ZERO_TIME) else time


def stamp(time: str | None) -> str | int:
    """A time inside a present struct; Go's zero time when it is absent, as the peer prints it."""
    return ZERO_TIME if time is None else time


def created(o: Any) -> str | None:
    return moment(o.metadata.creation_timestamp)


def created_or_zero(o: Any) -> str | int:
    """As `created`, but Go's zero time when it is absent, which some families of the peer print."""
    return stamp(o.metadata.creation_timestamp)


def deleted(o: Any) -> str | None:
    return moment(o.metadata.deletion_timestamp)


def generation(o: Any) -> int:
    return int(o.metadata.generation)


def exists(_: Any) -> int:
    """1 for every object: the value of an info family without labels of its own."""
    return 1


def resource_version(o: Any) -> float | None:
    """metadata.resourceVersion as a number; None when it is none, as Go's ParseFloat decides."""
    text = o.metadata.resource_version
    try:
        return float(text) if text.strip() == text else None  # Python's float() would take blanks around it
    except ValueError:
        return None


def owners(o: Any) -> Iterable[tuple[str, str, int]]:
    """(kind, name) of each owner; one row of empty values for an object without owners."""
    references = o.metadata.owner_references
    if not references:
        return (("", "", 1),)
    return distinct([(r.kind, r.name, 1) for r in references])


def controlled_owners(o: Any) -> Iterable[tuple[str, str, str, int]]:
    """(kind, name, is_controller) of each owner; a missing `controller` is "false"; empty values without owners."""
    references = o.metadata.owner_references
    if not references:
        return (("", "", "", 1),)
    if len(references) == 1:
        (r,) = references
        return ((r.kind, r.name, "true" if r.controller else "false", 1),)
    return distinct([(r.kind, r.name, "true" if r.controller else "false", 1) for r in references])


def distinct(rows: Collection[Row]) -> Collection[Row]:
    """The rows without those that repeat the labels of an earlier one: a scrape may hold a sample only once.

    For lists that the API lets repeat, as owners of one name, conditions of one type, addresses; the peer prints each.
    """
    if len(rows) < 2 or len({row[:-1] for row in rows}) == len(rows):
        return rows
    first: dict[Any, Row] = {}
    for row in rows:
        first.setdefault(row[:-1], row)
    return first.values()


def condition_rows(conditions: Sequence[Condition] | None) -> Collection[Row]:
    """(type, status, holds): three rows a condition, 1 for the status it has; a type that stands twice counts once."""
    return distinct([(c.type, label, c.status == status) for c in conditions or () for status, label in STATUSES])


def flag(value: bool | None) -> str:
    """A boolean as a label shows it; "" when it is not set."""
    return "" if value is None else "true" if value else "false"


def one_of(label: str, current: Callable[[Any], str | None], *states: str) -> Source:
    """A state set, of shape ENDINGS: a row a state, 1 for the current one; no rows while it is unset."""
    none = endings([label], [(state, 0) for state in states])
    known = {now: endings([label], [(state, state == now) for state in states]) for now in states}

    def rows(o: Any) -> tuple[str, ...]:
        now = current(o)
        return known.get(now, none) if now else ()

    return rows


def labels_family(name: str, stability: str = STABLE) -> Family:
    """The kind's Kubernetes labels, as far as --metric-labels-allowlist lets them through."""
    help = "Labels of the object, renamed to fit Prometheus."
    return Family(name, help, object_labels, stability=stability, prefix="label", allow=LABELS)


def annotations_family(name: str, stability: str = ALPHA) -> Family:
    """The kind's annotations, as far as --metric-annotations-allowlist lets them through."""
    help = "Annotations of the object, renamed to fit Prometheus."
    return Family(name, help, _annotations, stability=stability, prefix="annotation", allow=ANNOTATIONS)


def object_labels(o: Any) -> dict[str, str]:
    return o.metadata.labels or {}


def _annotations(o: Any) -> dict[str, str]:
    return o.metadata.annotations or {}


#: Sources that read nothing but metadata: a kind whose kept families all use these is listed as PartialObjectMetadata.
METADATA_SOURCES = frozenset(
    {
        created,
        created_or_zero,
        deleted,
        generation,
        exists,
        resource_version,
        owners,
        controlled_owners,
        object_labels,
        _annotations,
    }
)
