"""Runs around changes of the clocks, one a rule; many more, as the peer's library reckons them, are in test_cron.py."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from shardex.kube.clock import next_time
from shardex.kube.schedule import parse
from shardex.rfc3339 import ZERO_TIME


def following(text, zone, after):
    """The next run after a time, as the zone's clock shows it."""
    seconds = next_time(parse(text), int(datetime.fromisoformat(after).timestamp()), ZoneInfo(zone))
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("text", "zone", "after", "want"),
    [
        pytest.param(
            "30 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T03:30:00+02:00", id="skipped hour"
        ),
        pytest.param("0 2 * * *", "Europe/Berlin", "2026-03-29T00:30Z", "2026-03-29T03:00:00+02:00", id="its start"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T02:30:00+02:00", id="repeated"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T02:30:00+01:00", id="once more"),
        pytest.param("30 2 * * *", "Europe/Berlin", "2026-10-25T01:30Z", "2026-10-26T02:30:00+01:00", id="after both"),
        pytest.param(
            "0 0 * * *", "America/Santiago", "2026-09-05T04:00Z", "2026-09-07T00:00:00-03:00", id="skipped midnight"
        ),
        pytest.param("0 12 1 * *", "UTC", "2026-01-31T12:00Z", "2026-02-01T12:00:00+00:00", id="next month"),
        pytest.param("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", "2028-02-29T00:00:00+00:00", id="leap day"),
        pytest.param("0 0 13 * 5", "UTC", "2026-04-01T00:00Z", "2026-11-13T00:00:00+00:00", id="both days hold"),
        pytest.param("59 23 31 12 *", "UTC", "2026-12-31T23:59Z", "2027-12-31T23:59:00+00:00", id="next year"),
        pytest.param("* * * * *", "UTC", "2026-01-01T00:00:01Z", "2026-01-01T00:01:00+00:00", id="next minute"),
        pytest.param("* * * * *", "UTC", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00+00:00", id="later, not at"),
    ],
)
def test_next_time(text, zone, after, want):
    assert following(text, zone, after) == want


def test_zone_of_the_schedule_comes_first():
    schedule = parse("TZ=Asia/Tokyo 0 0 * * *")
    assert next_time(schedule, 0, UTC) == next_time(schedule, 0, ZoneInfo("America/New_York")) == 15 * 3600


def test_every():
    """@every counts from the last run, whatever the clock shows."""
    assert next_time(parse("@every 90m"), 1234567890, ZoneInfo("Europe/Berlin")) == 1234567890 + 5400


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 29 2 1", ", * * * *", "* * 70-5 * *"])
def test_never(text):
    """What does not come up within five years has no next time; 29 February is a Monday only every 28 years."""
    assert next_time(parse(text), int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()), UTC) == ZERO_TIME


@pytest.mark.parametrize(
    ("text", "zone", "after", "want"),
    [
        ("0 9 30 * *", "Pacific/Apia", "2011-12-01T00:00Z", "2012-01-30T09:00:00+14:00"),
        ("0 9 31 * *", "Pacific/Apia", "2011-12-01T00:00Z", "2011-12-31T09:00:00+14:00"),
        ("0 9 31 * *", "Pacific/Kiritimati", "1994-12-01T00:00Z", "1995-01-31T09:00:00+14:00"),
    ],
)
def test_day_that_the_calendar_left_out(text, zone, after, want):
    """Some islands went to the other side of the date line and lost a day: a search that passes by comes to its end."""
    assert following(text, zone, after) == want
