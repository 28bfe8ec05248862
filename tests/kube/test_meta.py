"""The pieces every object shares."""

import msgspec
import pytest

from shardex.kube.meta import Condition, Metadata, ObjectMeta, scaled
from shardex.rfc3339 import ZERO_TIME, seconds


@pytest.mark.parametrize(
    ("time", "want"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T16:00:00Z", 1795363200),
        ("2026-11-22T18:00:00+02:00", 1795363200),
        ("2026-11-22T16:00:00.999999Z", 1795363200),
        ("2026-11-22T16:00:00.999999999Z", 1795363200),
        ("1969-12-31T23:59:59.5Z", -1),
        ("1969-12-31T23:59:59Z", -1),
        ("0001-01-01T00:00:00Z", ZERO_TIME),
        ("9999-12-31T23:59:59.999999Z", 253402300799),
    ],
)
def test_seconds(time, want):
    """A time is its whole Unix seconds, rounded down, to the end of the calendar and before its beginning."""
    assert seconds(time) == want


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-22T16:00:00", "2026-13-01T00:00:00Z"])
def test_no_time(time):
    """What is no time, or a time of no zone, raises."""
    with pytest.raises(ValueError, match=r"."):
        seconds(time)


@pytest.mark.parametrize(
    ("value", "total", "round_up", "want"),
    [
        (3, 10, True, 3),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("0%", 10, True, 0),
        ("100%", 0, True, 0),
        ("150%", 2, False, 3),
        ("3", 10, True, None),
        (None, 10, True, None),
    ],
)
def test_scaled(value, total, round_up, want):
    """A number is itself, a percentage is of the total and rounded as told, anything else is nothing."""
    assert scaled(value, total, round_up) == want


def test_null_is_absent():
    """null, as Go writes it for a nil slice, map or time, is the same as a missing field."""
    nil = b"""{"metadata":{"creationTimestamp":null,"deletionTimestamp":null,"labels":null,"annotations":null,
        "ownerReferences":null,"finalizers":null}}"""
    assert msgspec.json.decode(nil, type=Metadata) == Metadata()


def test_wrong_type_names_the_path():
    """A field of another type than the API's is an error that says where it stands."""
    with pytest.raises(msgspec.ValidationError, match=r"\$\.metadata\.labels"):
        msgspec.json.decode(b'{"metadata":{"labels":["a"]}}', type=Metadata)


def test_wire_names():
    """Fields are read under the API's camel case names."""
    meta = msgspec.json.decode(b'{"resourceVersion":"7","ownerReferences":[{"kind":"Job"}]}', type=ObjectMeta)
    assert (meta.resource_version, meta.owner_references[0].kind) == ("7", "Job")
    condition = msgspec.json.decode(b'{"lastTransitionTime":"2026-11-22T16:00:00Z"}', type=Condition)
    assert condition.last_transition_time == "2026-11-22T16:00:00Z"
