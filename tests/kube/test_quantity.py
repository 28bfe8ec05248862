"""Quantities as numbers."""

import pytest
from helpers import cases

from shardex.exposition.text import number
from shardex.kube.quantity import exact, milli, plain, whole

# Beyond int64 the peer's conversion wraps around and prints what has nothing to do with the quantity. No cluster has
# ten exabytes of anything; we print the largest int64, as the API's own Value() does, since an alert on a huge number
# is better than one on 0.
OVERFLOW = {
    "9223372036854775808": "0",
    "10E": "0",
    "100E": "0",
    "12345678901234567890": "4.807115922877859e+15",
}


def answers(text):
    try:
        return {"approx_float64": number(plain(text)), "value": number(milli(text))}
    except ValueError:
        return {"error": True}


@pytest.mark.parametrize(("text", "want"), cases("format_cases", "quantity_to_value"))
def test_quantity(text, want):
    """A quantity is the number that the peer's two conversions give; what is no quantity is an error."""
    ours = answers(text)
    if text in OVERFLOW:
        assert want["value"] == OVERFLOW[text]
        assert ours["value"] == "9.223372036854776e+18"
        assert ours["approx_float64"] == want["approx_float64"]
    else:
        assert ours == {key: value for key, value in want.items() if key != "canonical"}


@pytest.mark.parametrize(("text", "want"), cases("quantity_cases", "quantity"))
def test_recorded(text, want):
    """All three conversions, to the last bit, as Kubernetes' own apimachinery answered.

    What is negative or beyond int64 has a float alone: the peer's other two conversions wrap around there.
    """
    if "error" in want:
        with pytest.raises(ValueError, match="not a quantity"):
            plain(text)
        return
    assert number(plain(text)) == want["approx_float64"]
    if "whole" in want:
        assert (number(milli(text)), whole(text)) == (want["value"], want["whole"])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (None, 0),
        ("1500m", 2),
        ("-1500m", -2),
        ("1n", 1),
        ("512Mi", 536870912),
        ("1.5Gi", 1610612736),
        ("9Ei", (1 << 63) - 1),
        ("100E", (1 << 63) - 1),
        ("-100E", 1 - (1 << 63)),
        (3, 3),
        (0.5, 1),
    ],
)
def test_whole(text, want):
    """Whole units are rounded away from zero and capped to int64; a quantity may also be a JSON number or absent."""
    assert whole(text) == want


@pytest.mark.parametrize("text", ["", "lots", "1.2.3", "1 Gi", "Gi", "1KiB", "--1", "1e", "0x10", "1_000", "٣"])
def test_no_quantity(text):
    """Text that is no quantity raises, in every conversion."""
    for conversion in (exact, milli, whole, plain):
        with pytest.raises(ValueError, match="not a quantity"):
            conversion(text)


@pytest.mark.parametrize("text", ["1e1000000000", "1e-1000000000", "9" * 10_000])
def test_absurd_quantity_costs_no_time(text):
    """An exponent or a length beyond all reason is answered at once, within int64."""
    assert abs(whole(text)) <= 1 << 63
