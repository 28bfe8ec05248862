"""The forms that a setting's text may have, and texts -> values with all faults at once."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shardex.settings import Setting

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|us|µs|ns|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})

Form = Callable[[str], Any]


def parsed(
    settings: Iterable[Setting], given: Mapping[str, Any], forms: Mapping[str, Form]
) -> tuple[dict[str, Any], list[str]]:
    """Values by field, and a fault for each text that has not its form: that one is no value.

    given   by flag name; what is no text is the value itself, what is not given has its default
    forms   by the name that settings have for them; ValueError says what is wrong with a text
    """
    values: dict[str, Any] = {}
    faults = []
    for setting in settings:
        text = given.get(setting.flag, setting.default)
        try:
            values[setting.field] = forms[setting.form](text) if isinstance(text, str) else text
        except ValueError as error:
            faults.append(f"--{setting.flag}={text}: {error}")
    return values, faults


def boolean(text: str) -> bool:
    """Go's: 1, t, true and 0, f, false, capitals too."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("true or false")


def whole(text: str) -> int:
    """In base 10; a sign may stand before it."""
    try:
        return int(text, 10)
    except ValueError:
        raise ValueError("not a whole number") from None


def duration(text: str) -> float:
    """Seconds of a Go duration: 300ms, 1m30s, 5m0s, 0."""
    if text == "0":
        return 0.0
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError("not a duration such as 30s, 1m30s or 500ms")
    return math.fsum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def items(text: str) -> tuple[str, ...]:
    """Comma-separated items in order, each once."""
    return tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))


FORMS: Mapping[str, Form] = {"string": str, "bool": boolean, "int": whole, "duration": duration, "list": items}
