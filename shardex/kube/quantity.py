"""Kubernetes quantities ("500m", "1Gi", "1e3") as numbers, rounded the way the API's own arithmetic rounds."""

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?\Z", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_WIDE = Context(prec=200, rounding=ROUND_CEILING)
_ABSURD = 100  # powers of ten; far beyond any use, well within the precision of _WIDE
_LARGEST = (1 << 63) - 1  # what an int64 holds; the API caps a parsed quantity there
_INT64_DIGITS = 18  # that the API keeps in an int64
_FEW_DIGITS = 14  # decimal digits of a multiple of a power of two that it keeps there
_MILLI_LIMIT = _LARGEST // 1000  # above it a value has no milli form in int64 and is taken whole

Quantity = str | int | float | None


@lru_cache(maxsize=1 << 14)
def exact(text: Quantity) -> Decimal:
    """The quantity without loss; None is zero.

    raise   ValueError when the text is no quantity
    source  apimachinery pkg/api/resource: nothing finer than nano is kept, rounded up in magnitude
    """
    if text is None:
        return Decimal(0)
    match = _FORM.match(str(text).strip())
    if match is None:
        raise ValueError(f"not a quantity: {text!r}")
    digits, suffix = Decimal(match[1]), match[2] or ""
    if not digits:
        return Decimal(0)  # without the sign of -0
    if suffix in _BINARY:
        value = _WIDE.multiply(digits, Decimal(1 << _BINARY[suffix]))
    else:
        value = digits.scaleb(max(-300, min(300, _power(suffix))), _WIDE)
    if value.adjusted() > _ABSURD:
        value = Decimal(10) ** _ABSURD * (1 if value > 0 else -1)  # else rounding to nano would need more digits
    return _away(value, Decimal("1e-9"))


def _away(value: Decimal, step: Decimal) -> Decimal:
    """Rounded away from zero to a multiple of step, as quantities are."""
    return value.quantize(step, ROUND_CEILING if value > 0 else ROUND_FLOOR, _WIDE)


@lru_cache(maxsize=1 << 14)
def milli(text: Quantity) -> float:
    """The value to three decimals, for cpu, node capacity, quotas and limit ranges.

    1n -> 0.001 · 1500m -> 1.5 · 9Ei -> 9.223372036854776e+18
    """
    value = exact(text)
    total = whole(text)
    if total > _MILLI_LIMIT:
        return float(total)
    return float(_away(value.scaleb(3, _WIDE), Decimal(1))) / 1000  # two roundings, as the peer's division has them


@lru_cache(maxsize=1 << 14)
def whole(text: Quantity) -> int:
    """The value in whole units: a container's memory, storage and extended resources. 1500m -> 2; capped to int64."""
    return max(-_LARGEST, min(_LARGEST, int(_away(exact(text), Decimal(1)))))


@lru_cache(maxsize=1 << 14)
def plain(text: Quantity) -> float:
    """The value as a float, not rounded: HPA tolerances, custom resources. 333333333n -> 0.333333333.

    A mantissa times a power of ten, in floats, as the API has it: 100n is 1.0000000000000001e-07 and 19.9Gi
    21367462297.600002. The mantissa counts billionths where the API gives up int64 for unlimited numbers.
    """
    value = exact(text)
    match = _FORM.match(str(text).strip())
    if match is None or not value:
        return 0.0
    sign = -1 if value < 0 else 1
    whole_digits, _, fraction = match[1].lstrip("+-").partition(".")
    digits, suffix = whole_digits.lstrip("0") or "0", match[2] or ""
    if suffix in _BINARY:
        power = _BINARY[suffix]
        if not fraction and len(digits) + power * 3 // 10 <= _FEW_DIGITS:
            return float(sign * (int(digits) << power))
        if abs(value) > _LARGEST:
            return float(sign * _LARGEST)
    else:
        scale = _power(suffix) - len(fraction)
        if len(digits + fraction) <= _INT64_DIGITS and scale >= -9:
            return sign * int(digits + fraction) * _power_of_ten(scale)
    return int(value.scaleb(9, _WIDE)) * _power_of_ten(-9)


def _power_of_ten(exponent: int) -> float:
    """As Go's math.Pow10 has it: two factors, whose product is not always the nearest float."""
    if exponent > 308:
        return math.inf
    return (
        float(f"1e{exponent - exponent % 32}") * float(f"1e{exponent % 32}") if exponent > 0 else float(f"1e{exponent}")
    )


def _power(suffix: str) -> int:
    return _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
