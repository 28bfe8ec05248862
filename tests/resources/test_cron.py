"""When a CronJob runs next, against 1,400 answers of the peer and of its cron library."""

from datetime import UTC, datetime

import msgspec
import pytest
from helpers import cases, exposition, read

from shardex.kube.meta import ObjectMeta
from shardex.resources.cronjob import CRONJOBS, CronJob, Spec, Status, next_run, process_zone, schedule
from shardex.rfc3339 import ZERO_TIME

LAST, CREATED = "2026-03-01T10:15:00Z", "2026-02-01T10:15:00Z"


def iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@pytest.mark.parametrize(
    ("given", "want"), cases("cron_cases", "next_schedule") + cases("cron_clock_cases", "clock_change")
)
def test_recorded(given, want):
    """A schedule is valid, and comes up next, as the peer says: all its forms, and around changes of the clocks."""
    job = CronJob(
        spec=Spec(schedule=given["schedule"], time_zone=given["timeZone"]),
        status=Status(last_schedule_time=iso(given["last_schedule_time"])),
    )
    assert given["process_tz"] == "UTC"
    assert (schedule(job) is None) == ("error" in want)
    assert next_run(job) == want.get("next_unix")


def test_after_the_last_run():
    """The last run counts from, not creation."""
    job = CronJob(ObjectMeta(creation_timestamp=CREATED), Spec(schedule="@hourly"), Status(last_schedule_time=LAST))
    assert iso(next_run(job)) == "2026-03-01T11:00:00+00:00"


@pytest.mark.parametrize("last", [None, "0001-01-01T00:00:00Z"])
def test_after_creation(last):
    """A CronJob that never ran is due after its creation."""
    job = CronJob(ObjectMeta(creation_timestamp=CREATED), Spec(schedule="@hourly"), Status(last_schedule_time=last))
    assert iso(next_run(job)) == "2026-02-01T11:00:00+00:00"


def test_last_run_at_the_epoch():
    """A last run in the second 0 is a run, not a missing one."""
    job = CronJob(ObjectMeta(creation_timestamp=CREATED), Spec(schedule="@hourly"), Status(last_schedule_time=iso(0)))
    assert next_run(job) == 3600


def test_no_time_to_count_from():
    """Without a last run and a creation there is no next run."""
    assert next_run(CronJob(spec=Spec(schedule="@hourly"))) is None


def test_zone_of_the_process():
    """A schedule that names no zone is meant in that of the process; the tests run in the recordings' UTC."""
    assert process_zone() is UTC or str(process_zone()) == "UTC"


def test_zone_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert str(process_zone.__wrapped__()) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("spec", "next_time", "invalid"),
    [
        ({"schedule": "0 5 * * *"}, "2026-03-02T05:00:00+00:00", None),
        ({"schedule": "0 5 * * *", "suspend": False}, "2026-03-02T05:00:00+00:00", None),
        ({"schedule": "0 5 * * *", "suspend": True}, None, None),
        ({"schedule": "*/90 * * * *"}, None, 1),
        ({"schedule": "*/90 * * * *", "suspend": True}, None, 1),
        ({"schedule": "0 5 * * *", "timeZone": "Invalid/Zone"}, None, 1),
        ({"schedule": "0 5 * * *", "timeZone": ""}, None, 1),
        ({"schedule": "0 0 30 2 *"}, iso(ZERO_TIME), None),
    ],
)
def test_families(spec, next_time, invalid):
    """Suspended jobs have no next time, invalid schedules are told even then, what never fires shows Go's zero time."""
    item = {"metadata": {"namespace": "a", "name": "b"}, "spec": spec, "status": {"lastScheduleTime": LAST}}
    text = exposition(CRONJOBS, [msgspec.json.encode(item)], list(CRONJOBS.families))
    values = {series.name: value for series, (value,) in read(text).samples.items()}
    told = values.get("kube_cronjob_next_schedule_time")
    assert (None if told is None else iso(told)) == next_time
    assert values.get("kube_cronjob_schedule_invalid") == invalid
    assert values["kube_cronjob_spec_suspend"] == bool(spec.get("suspend"))
