"""What a metric family is: one row of a kind's table."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

GAUGE = "gauge"
COUNTER = "counter"
INFO = "info"
STATESET = "stateset"

STABLE = "STABLE"
ALPHA = "ALPHA"

LABELS = "labels"
ANNOTATIONS = "annotations"

Source = Callable[[Any], Any]


class Shape(StrEnum):
    """What a source gives for an object.

    NUMBER   a number, or None for no sample; every family without labels. Wherever a number is asked for, a time as
             the API
             writes it will do: it is printed as its Unix seconds
    ROWS     rows of (label value, ..., number); values are str
    ROW      one row without its number, which is 1, or None
    LOOSE    rows of ({label: value}, number): for samples that do not all have the same labels; `labels` lists them all
    ENDINGS  texts made by endings(), for what repeats from object to object and need not be put together each time
    KEYS     {Kubernetes key: value} or None; the sample is 1, its labels the keys as Prometheus names after the prefix
    """

    NUMBER = "number"
    ROWS = "rows"
    ROW = "row"
    LOOSE = "loose"
    ENDINGS = "endings"
    KEYS = "keys"


class Each(msgspec.Struct, frozen=True):
    """A source: one row for each of a list.

    Families of one kind that ask for the same list and labels are rendered in one loop over it.

    of      object -> list or None; but with ROW, no two things have the same labels
    labels  thing -> label value, one for each of the first labels
    fact    thing -> the rest of the row, None for no row: a number; with ROW the other label values, and a row that is
            there already is not added again; with ENDINGS endings
    """

    of: Source
    labels: tuple[Callable[[Any], str], ...]
    fact: Callable[[Any], Any]

    def __call__(self, o: Any) -> list[tuple[Any, ...]]:
        rows = [(*[label(thing) for label in self.labels], self.fact(thing)) for thing in self.of(o) or ()]
        return [row for row in rows if row[-1] is not None]


class Shared(msgspec.Struct, frozen=True):
    """A source that reads what several families of a kind read, and what is therefore worked out once an object.

    of    object -> what is shared
    read  that -> what the shape says
    """

    of: Source
    read: Source

    def __call__(self, o: Any) -> Any:
        return self.read(self.of(o))


class Family(msgspec.Struct, frozen=True):
    """One metric family of one kind.

    name        the full metric name, one literal, so that `grep` from a dashboard lands on the row
    help        our own words; the stability mark is added when printed
    source      object -> what the shape says; falsy is no sample, except for NUMBER, where None is
    labels      own label names, after the kind's identity labels
    stability   STABLE or ALPHA; shows in HELP as the peer shows it
    type        gauge or counter; info and stateset exist for custom resources only
    shape       what the source gives, see Shape
    prefix      label, annotation, nodeselector or metadata: a family whose label names come from the object
    allow       LABELS or ANNOTATIONS: a sample only when the kind has such an allow list, and only the keys it lets
                through
    unique      labels whose values seldom repeat, ids and digests: escaped without a memory
    opt_in      off unless --metric-opt-in-list names it
    """

    name: str
    help: str
    source: Source
    labels: tuple[str, ...] = ()
    stability: str = STABLE
    type: str = GAUGE
    shape: Shape = Shape.ROWS
    prefix: str = ""
    allow: str = ""
    unique: tuple[str, ...] = ()
    opt_in: bool = False

    @property
    def form(self) -> Shape:
        """The shape, derived where a row need not say it."""
        return Shape.KEYS if self.prefix else self.shape if self.labels else Shape.NUMBER

    @property
    def print_help(self) -> str:
        """The HELP text as printed: stable families start with their mark, alpha ones carry none."""
        return f"[STABLE] {self.help}" if self.stability == STABLE else self.help


def stable(name: str, help: str, source: Source, *labels: str, **more: Any) -> Family:
    """A row whose name and labels are promised not to change; `more` are Family's other fields."""
    return Family(name, help, source, labels, STABLE, **more)


def alpha(name: str, help: str, source: Source, *labels: str, **more: Any) -> Family:
    """A row that may still change; `more` are Family's other fields."""
    return Family(name, help, source, labels, ALPHA, **more)
