"""What a metric family is: one row of a kind's table."""

from collections.abc import Callable, Sequence
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
    ENDINGS  rows of (leading label value, ..., endings), or endings alone where no label leads: texts made by
             endings(),
             for what repeats from object to object and need not be put together each time
    KEYS     {Kubernetes key: value} or None; the sample is 1, its labels the keys as Prometheus names after the prefix
    """

    NUMBER = "number"
    ROWS = "rows"
    ROW = "row"
    LOOSE = "loose"
    ENDINGS = "endings"
    KEYS = "keys"


class Each(msgspec.Struct, frozen=True):
    """A source: one row for each of a list, with one label.

    Families of one kind that ask for the same list and label are rendered in one loop over it.

    items  object -> list or None
    label  thing -> label value; of two things with one value the last counts
    fact   thing -> number, or None for no row
    """

    items: Source
    label: Callable[[Any], str]
    fact: Callable[[Any], float | str | None]

    def __call__(self, o: Any) -> list[tuple[str, float | str]]:
        found = [(self.label(thing), self.fact(thing)) for thing in one_each(self.items(o) or (), self.label)]
        return [(label, value) for label, value in found if value is not None]


def one_each(things: Sequence[Any], label: Callable[[Any], str]) -> Sequence[Any]:
    """The things without those whose label another one after them has."""
    if len(things) < 2:
        return things
    found = {label(thing): thing for thing in things}
    return things if len(found) == len(things) else list(found.values())


class Family(msgspec.Struct, frozen=True):
    """One metric family of one kind.

    name        the full metric name, one literal, so that `grep` from a dashboard lands on the row
    help        our own words; the stability mark is added when printed
    source      object -> what the shape says; falsy is no sample, except for NUMBER, where None is
    labels      own label names, after the kind's identity labels
    stability   STABLE or ALPHA; shows in HELP as the peer shows it
    type        gauge or counter; info and stateset exist for custom resources only
    shape       what the source gives, see Shape
    lead        of ENDINGS: how many of the labels are given as values, the rest stands in the endings
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
    lead: int = 0
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
