"""Text format 0.0.4: numbers as Go prints them, escaped label values, family headers."""

from shardex.exposition.family import GAUGE, INFO, STATESET, Family
from shardex.rfc3339 import seconds

_CACHED = 1 << 12  # entries; ~1 MB a full cache. Names and counts repeat; times, addresses and ids would only fill it
_EXACT = 1 << 53  # below it every integer is a float of its own, so its digits are the float's
_GO = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}
_LONG = 256  # characters; what is longer would cost more to remember than to escape again


def number(value: float) -> str:
    """A sample value as Go's shortest 'g' form prints it.

    1 -> 1 · 0.5 -> 0.5 · 1000000 -> 1e+06 · 1795360392 -> 1.795360392e+09 · 0.00001 -> 1e-05 · True -> 1 · inf -> +Inf
    """
    if isinstance(value, int) and -_EXACT < value < _EXACT:
        text = str(int(value))
        return text if -1000000 < value < 1000000 else _exponent(text)
    value = float(value)
    text = repr(value)  # shortest digits too; Go and Python differ only in where the exponent form begins
    if 1e6 <= abs(value) < 1e16:
        return _exponent(*text.removesuffix(".0").split("."))
    return _GO.get(text) or text.removesuffix(".0")


def _exponent(whole: str, fraction: str = "") -> str:
    """1500000000 -> 1.5e+09, -1234567.5 -> -1.2345675e+06."""
    sign = "-" if whole[0] == "-" else ""
    digits = (whole + fraction).lstrip("-").rstrip("0")
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e+{len(whole) - len(sign) - 1:02d}"


def escape(value: str) -> str:
    """A label value between its quotes: backslash, quote and newline escaped, every other character as it is."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return value


class Numbers(dict[float | str, str]):
    """number() with a memory; `Numbers()[1.5]` is "1.5", that of a time is its Unix seconds'. Bounded: a full one
    clears.

    raise   ValueError for a text that is no time
    """

    def __missing__(self, value: float | str) -> str:
        if isinstance(value, str):
            text = _time(seconds(value))
        elif value:
            text = number(value)
        else:
            text = "0"  # 0.0 and -0.0 are one key, so they share the text too
        if len(self) >= _CACHED:
            self.clear()
        self[value] = text
        return text


def _time(seconds: int) -> str:
    """number() of a time, in a third of its time for those between 2001 and 2286."""
    digits = str(seconds)
    if len(digits) != 10 or digits[0] == "-":
        return number(seconds)
    tail = digits[1:].rstrip("0")
    return f"{digits[0]}.{tail}e+09" if tail else f"{digits[0]}e+09"


class Escapes(dict[str, str]):
    """escape() with a memory, for the label values that repeat from object to object. Bounded likewise."""

    def __missing__(self, value: str) -> str:
        text = escape(value)
        if len(value) < _LONG:
            if len(self) >= _CACHED:
                self.clear()
            self[value] = text
        return text


def header(name: str, help: str, type: str) -> str:
    """HELP and TYPE of a family, two lines; a carriage return passes as it is, as the peer prints it."""
    text = help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {text}\n# TYPE {name} {type}\n"


def family_header(family: Family, *, openmetrics: bool = False) -> str:
    """Header of a family; the plain text format knows neither info nor stateset and calls both gauges."""
    plain = family.type in {INFO, STATESET} and not openmetrics
    return header(family.name, family.print_help, GAUGE if plain else family.type)
