"""Cron schedules ("*/5 4-22 * * MON") and the zones they are meant in, as the peer's parser reads them.

Own code, here and in clock.py, because no library agrees with that parser (netresearch/go-cron, standard options): of
828 recorded answers in zones that exist, croniter 7 missed 181 and cronsim 2.8 missed 326. It wants day of month and
day of week to hold both, lets ranges wrap around, refuses a step that covers its range, and has its own idea of a run
in an hour that the clocks skip.
"""

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

LONGEST = 1024  # characters of a schedule, zone included

_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_NAMELESS: dict[str, int] = {}
_BOUNDS = ((0, 59, _NAMELESS), (0, 23, _NAMELESS), (1, 31, _NAMELESS), (1, 12, _MONTHS), (0, 7, _WEEKDAYS))
_ZONED = re.compile(r"(?:CRON_)?TZ=([\"']?)(?P<zone>[A-Za-z0-9/_+:-]{1,64})\1 \s*(?P<rest>\S.*)", re.DOTALL)
_NUMBER = re.compile(r"\+?[0-9]+")
_DURATION = re.compile(r"\+?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+")
_TERM = re.compile(r"([0-9.]+)([^0-9.]+)")
_UNITS = {"ns": "1e-9", "us": "1e-6", "µs": "1e-6", "μs": "1e-6", "ms": "0.001", "s": "1", "m": "60", "h": "3600"}


class Schedule(msgspec.Struct, frozen=True):
    """When to run, as bit sets: bit 5 of `hours` is five o'clock. A set without bits never comes up.

    weekdays  Sunday is bit 0
    every     whole seconds between runs (@every); 0 for the sets to count
    zone      whose clocks are meant; None for the process's own
    """

    minutes: int = 0
    hours: int = 0
    days: int = 0
    months: int = 0
    weekdays: int = 0
    every: int = 0
    zone: tzinfo | None = None


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Schedule | None:
    """What a schedule's text means; None when the peer would not take it.

    text  five fields, a descriptor or "@every 1h30m"; "TZ=Europe/Paris " or "CRON_TZ=..." before it names the zone
    """
    try:
        return _schedule(text)
    except ValueError:
        return None


def _schedule(text: str) -> Schedule:
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    zone = None
    if zoned := _ZONED.fullmatch(text):
        zone, text = named_zone(zoned["zone"]), zoned["rest"].rstrip()
    if text.startswith("@every "):
        return Schedule(every=_duration(text.removeprefix("@every ")), zone=zone)
    fields = _DESCRIPTORS.get(text, text).split()
    if len(fields) != len(_BOUNDS):
        raise ValueError(f"not five fields: {text!r}")
    minutes, hours, days, months, weekdays = [_field(*field) for field in zip(fields, _BOUNDS, strict=True)]
    weekdays = (weekdays | weekdays >> 7) & 0x7F  # 7 is Sunday too
    return Schedule(minutes, hours, days, months, weekdays, zone=zone)


def _field(text: str, bounds: tuple[int, int, Mapping[str, int]]) -> int:
    return sum({1 << value for part in text.split(",") if part for value in _values(part, *bounds)})


def _values(part: str, low: int, high: int, names: Mapping[str, int]) -> list[int]:
    """Values of one part: `*`, `5`, `1-5`, `22-2` past the end, `*/15`, `5/15` from 5 to the end, `1-30/2`."""
    span, *steps = part.split("/")
    ends = span.split("-")
    step = _number(steps[0], _NAMELESS) if steps else 1
    if ends[0] in {"*", "?"}:  # the peer reads nothing after it: *-5 is *
        start, end = low, high
    else:
        start, end = _number(ends[0], names), _number(ends[-1], names)
        if len(ends) > 2:
            raise ValueError(f"too many hyphens: {part!r}")
    if steps and len(ends) == 1:
        end = high
    cycle = high - low + 1
    length = end - start + 1 if start <= end else end + cycle - start + 1
    if start < low or end > high or len(steps) > 1 or step < 1 or 1 < step >= length >= 0:
        raise ValueError(f"out of range: {part!r}")
    return [low + (value - low) % cycle for value in range(start, start + length, step)]


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text!r}")
    return int(text)


def _duration(text: str) -> int:
    """Whole seconds of a duration as Go writes it, rounded down; at least one, at most what 63 bits of ns hold."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"not a duration: {text!r}")
    total = sum(Decimal(count) * Decimal(_UNITS[unit]) for count, unit in _TERM.findall(text))
    if not 1 <= total < Decimal(1 << 63) / 10**9:
        raise ValueError(f"too short or too long: {text!r}")
    return int(total)


def named_zone(name: str) -> tzinfo:
    """A zone of the system's database, else of the package tzdata's.

    raise   ValueError when there is none of that name
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown zone: {name!r}") from error


def local_zone(variable: str | None, system: Path = Path("/etc/localtime")) -> tzinfo:
    """The process's own zone; UTC when what should tell cannot be read, as in Go's programs.

    variable  TZ: a zone's name or a file, either after a colon or not; None when it is unset
    system    the file that counts while TZ is unset
    """
    name = str(system) if variable is None else variable.removeprefix(":")
    try:
        if not name.startswith("/"):
            return named_zone(name) if name else UTC
        with Path(name).open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
