"""Times as the API writes them become Unix seconds, and print as such."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardex.exposition.text import Numbers, number
from shardex.rfc3339 import ZERO_TIME, seconds


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001  made aware below
def test_any_time(moment):
    """Every time without a fraction is its Unix seconds, read by table or by the parser, and prints as that number."""
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    text = f"{aware.year:04d}-{aware:%m-%dT%H:%M:%S}Z"
    wanted = round((aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    assert seconds(text) == wanted
    assert Numbers()[text] == number(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1969-12-31T23:59:59.5Z", -1),
        ("2026-11-22T15:13:20.999999Z", 1795360400),
        ("2026-11-22T16:13:20+01:00", 1795360400),
        ("0001-01-01T00:00:00Z", ZERO_TIME),
    ],
)
def test_other_forms(text, wanted):
    """Fractions are dropped towards the past; an offset is obeyed."""
    assert seconds(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T15:13:20",
        "2026-13-22T15:13:20Z",
        "2026-11-22T15:61:20Z",
        "2026-11-22T15:13:+1Z",
    ],
)
def test_what_is_no_time(text):
    """A text that is no time is an error of its object, never a made-up number."""
    with pytest.raises(ValueError):  # noqa: PT011  the parser's own words differ by version
        seconds(text)
