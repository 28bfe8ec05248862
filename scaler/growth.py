"""How a cluster has grown: a number a day, kept in an annotation of the StatefulSet, and the rate it tells; pure."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime

GROWTH = "shardex.dev/scaler-growth"

_DAYS = 60  # remembered; an annotation may not grow for ever
_LEAST = 3  # days that are a trend
MONTH = 30.4375  # days: a twelfth of a year


def remembered(annotations: Mapping[str, str]) -> dict[date, int]:
    """Objects by day; what someone else wrote there counts as nothing."""
    found = {}
    for item in annotations.get(GROWTH, "").split(","):
        day, _, count = item.partition("=")
        try:
            found[date.fromisoformat(day)] = int(count)
        except ValueError:
            continue
    return found


def noted(annotations: Mapping[str, str], now: float, objects: int) -> str | None:
    """The annotation with the count of today; None when it has one."""
    days = remembered(annotations)
    today = datetime.fromtimestamp(now, UTC).date()
    if today in days or not objects:
        return None
    days[today] = objects
    return ",".join(f"{day}={count}" for day, count in sorted(days.items())[-_DAYS:])


def monthly(days: Mapping[date, int]) -> float | None:
    """Growth in a month, 0.05 for 5 per cent: the least-squares line through the logarithms; None of too few days."""
    points = [(day.toordinal(), math.log(count)) for day, count in days.items() if count > 0]
    if len(points) < _LEAST:
        return None
    middle, level = (sum(column) / len(points) for column in zip(*points, strict=True))
    slope = sum((x - middle) * (y - level) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)
    return math.expm1(slope * MONTH)
