"""A dashboard as every tool understands it: rows of panels, each with its PromQL."""

from enum import StrEnum

import msgspec

COLUMNS = 24


class Look(StrEnum):
    """How a panel shows its values: one number now, lines over time, areas on one another, or a row a series now."""

    NUMBER = "number"
    LINES = "lines"
    STACK = "stack"
    TABLE = "table"


class Unit(StrEnum):
    """What the values are of, in Grafana's words."""

    COUNT = "short"
    BYTES = "bytes"
    SECONDS = "s"
    RATE = "cps"
    RATIO = "percentunit"


class Query(msgspec.Struct, frozen=True):
    """PromQL in which $name stands for a variable; `legend` has {{label}} for the values of labels."""

    expr: str
    legend: str = ""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """What one rectangle shows.

    says    the sentence behind the i
    width   of 24 columns
    alarm   value from which it is wrong; None where no value is
    """

    title: str
    says: str
    queries: tuple[Query, ...]
    look: Look = Look.LINES
    unit: Unit = Unit.COUNT
    width: int = 12
    height: int = 8
    alarm: float | None = None


class Row(msgspec.Struct, frozen=True):
    title: str
    panels: tuple[Panel, ...]


class Variable(msgspec.Struct, frozen=True):
    """A choice of label values, any number of them, all to begin with; `family` has the label."""

    label: str
    family: str


class Dashboard(msgspec.Struct, frozen=True):
    """One file in each tool's folder; `name` is the file's, the uid and the anchor of links."""

    name: str
    title: str
    says: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]


def number(title: str, says: str, expr: str, *, alarm: float | None = None, unit: Unit = Unit.COUNT) -> Panel:
    """A value of now; eight stand in a line."""
    return Panel(
        title=title,
        says=says,
        queries=(Query(expr),),
        look=Look.NUMBER,
        unit=unit,
        width=3,
        height=4,
        alarm=alarm,
    )
