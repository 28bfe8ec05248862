"""The sources that many kinds share."""

import msgspec
import pytest
from helpers import cases

from shardex.exposition.text import number
from shardex.kube.meta import Condition, Metadata
from shardex.resources.shared import (
    condition_rows,
    controlled_owners,
    created,
    distinct,
    moment,
    one_of,
    owners,
    resource_version,
    stamp,
)
from shardex.rfc3339 import ZERO_TIME


def decoded(**metadata):
    return msgspec.convert({"metadata": metadata}, Metadata)


@pytest.mark.parametrize(("version", "want"), cases("format_cases", "resource_version_metric"))
def test_resource_version(version, want):
    """A resource version is shown as the number that Go reads it as, and not at all when it is none."""
    value = resource_version(decoded(resourceVersion=version))
    assert (None if value is None else f"m {number(value)}\n") == want


@pytest.mark.parametrize(
    ("time", "absent", "present"),
    [
        (None, None, ZERO_TIME),
        ("0001-01-01T00:00:00Z", None, "0001-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("2026-11-22T16:00:00Z", "2026-11-22T16:00:00Z", "2026-11-22T16:00:00Z"),
    ],
)
def test_times(time, absent, present):
    """A time of the object itself gives no sample when unset; one inside a present struct gives Go's zero time."""
    assert moment(time) == absent
    assert stamp(time) == present


def test_created_is_absent_without_timestamp():
    """An object without creation time has no created sample."""
    assert created(decoded()) is None


OWNER = {"kind": "Job", "name": "a", "controller": True}


def test_owners():
    """One row an owner; an object without owners has one row of empty values; two owners of one name count once."""
    assert list(owners(decoded())) == [("", "", 1)]
    assert list(controlled_owners(decoded())) == [("", "", "", 1)]
    twins = decoded(ownerReferences=[OWNER, OWNER, {"kind": "Job", "name": "b"}])
    assert list(owners(twins)) == [("Job", "a", 1), ("Job", "b", 1)]
    assert list(controlled_owners(twins)) == [("Job", "a", "true", 1), ("Job", "b", "false", 1)]


def test_distinct_keeps_the_first():
    """Of rows with the same labels the first stays, at its place, whatever the numbers."""
    assert list(distinct([("a", 1), ("b", 2), ("a", 3), ("c", 4)])) == [("a", 1), ("b", 2), ("c", 4)]
    assert list(distinct([])) == []


def test_condition_rows():
    """Three rows a condition; a status that is none of the three has no 1; no conditions, no rows."""
    conditions = msgspec.convert(
        [{"type": "Ready", "status": "False"}, {"type": "Odd", "status": "Maybe"}],
        list[Condition],
    )
    assert list(condition_rows(conditions)) == [
        ("Ready", "true", False),
        ("Ready", "false", True),
        ("Ready", "unknown", False),
        ("Odd", "true", False),
        ("Odd", "false", False),
        ("Odd", "unknown", False),
    ]
    assert list(condition_rows(None)) == []


def test_one_of():
    """A state set has a row a state and none while the state is unset; an unknown state has no 1."""
    phase = one_of("phase", lambda phase: phase, "On", "Off")
    assert phase("Off") == (',phase="On"} 0\n', ',phase="Off"} 1\n')
    assert phase("Broken") == (',phase="On"} 0\n', ',phase="Off"} 0\n')
    assert phase("") == ()
