"""What was measured: one number with its name and unit, and how it is written for people."""

from enum import StrEnum

import msgspec


class Unit(StrEnum):
    SECONDS = "s"
    BYTES = "B"
    RATIO = "ratio"
    COUNT = "count"
    PER_SECOND = "/s"


class Figure(msgspec.Struct, frozen=True):
    """One number.

    name   of the scenario and of the figure in it: sync.cpu_per_pod; targets are found by it
    what   for people
    low    the least of the values that this is the median of, and `high` the largest, when there were several
    percentiles   beside the value, which is the 90th then
    """

    name: str
    what: str
    value: float
    unit: Unit
    low: float | None = None
    high: float | None = None
    percentiles: dict[str, float] = {}

    @property
    def text(self) -> str:
        """The value, and how far it spreads where that is known."""
        if self.percentiles:
            rest = ", ".join(f"{name} {written(value, self.unit)}" for name, value in self.percentiles.items())
            return f"{written(self.value, self.unit)} ({rest})"
        if self.low is None or self.high is None:
            return written(self.value, self.unit)
        return f"{written(self.value, self.unit)} ({written(self.low, self.unit)} .. {written(self.high, self.unit)})"


_SCALES = {
    Unit.SECONDS: ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    Unit.BYTES: ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
}


def written(value: float, unit: Unit) -> str:
    """Three digits with the prefix that fits: 87.3 us, 3.10 kB, 26.1 MB."""
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    if unit is Unit.RATIO:
        return f"{value:.2f}"
    if unit is Unit.PER_SECOND:
        return f"{_digits(value)}/s"
    scales = _SCALES[unit]
    factor, name = next((pair for pair in scales if abs(value) >= pair[0]), scales[-1])
    return f"{_digits(value / factor)} {name}"


def _digits(value: float) -> str:
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
