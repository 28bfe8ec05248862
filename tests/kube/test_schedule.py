"""What texts of schedules mean; whole schedules against the peer's answers are in tests/resources/test_cron.py."""

import zoneinfo
from datetime import UTC, datetime

import pytest

from shardex.kube.schedule import LONGEST, local_zone, named_zone, parse

TOKYO = 9 * 3600


def values(bits):
    return [value for value in range(64) if bits >> value & 1]


def offset(zone):
    return int(datetime.fromtimestamp(0, zone).utcoffset().total_seconds())


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("7", [7]),
        ("+7", [7]),
        ("007", [7]),
        ("1,5,5,9", [1, 5, 9]),
        ("1,,2,", [1, 2]),
        (",", []),
        ("10-13", [10, 11, 12, 13]),
        ("57-2", [57, 58, 59, 0, 1, 2]),
        ("57-2/2", [57, 59, 1]),
        ("*/20", [0, 20, 40]),
        ("?/20", [0, 20, 40]),
        ("50/5", [50, 55]),
        ("10-40/15", [10, 25, 40]),
        ("*", list(range(60))),
        ("*-3", list(range(60))),
        ("61-2", [1, 2]),
        ("70-5", []),
    ],
)
def test_field(text, want):
    """A field is a list of values, ranges that may go past its end, and steps."""
    assert values(parse(f"{text} * * * *").minutes) == sorted(want)


@pytest.mark.parametrize(
    "text", ["60", "-1", "x", "1-", "1-2-3", "1/2/3", "*/0", "*/60", "50/10", "1-3/3", "1_0", "٣", "1.5", "H", "jan"]
)
def test_faulty_field(text):
    assert parse(f"{text} * * * *") is None


def test_names():
    """Months and weekdays have names of three letters, in any case; 7 is Sunday like 0."""
    schedule = parse("0 0 * JAN,mar-May fri-MON")
    assert values(schedule.months) == [1, 3, 4, 5]
    assert values(schedule.weekdays) == [0, 1, 5, 6]
    assert values(parse("0 0 * * 7").weekdays) == values(parse("0 0 * * sun").weekdays) == [0]


@pytest.mark.parametrize("text", ["", " ", "@reboot", "@Daily", " @daily", "@daily ", "* * * *", "* * * * * *"])
def test_not_a_schedule(text):
    assert parse(text) is None


def test_longest():
    """A text too long for the peer is none for us, however harmless."""
    text = "0 0 * * *"
    assert parse(text + " " * (LONGEST - len(text))) == parse(text)
    assert parse(text + " " * (LONGEST - len(text) + 1)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5400),
        ("+1.5h", 5400),
        (".5m", 30),
        ("1.m", 60),
        ("1m30.9s", 90),
        ("999ms1000us", 1),
        ("1s999999999ns", 1),
        ("2562047h", 2562047 * 3600),
    ],
)
def test_every(text, seconds):
    """@every takes a duration as Go writes it and drops what is less than a second."""
    assert parse(f"@every {text}").every == seconds


@pytest.mark.parametrize("text", ["999ms", "0", "-5m", "5d", "5", "h", "1h 2m", " 1h", "1h,", "2562048h", "1e3s"])
def test_faulty_every(text):
    assert parse(f"@every {text}") is None


@pytest.mark.parametrize("prefix", ["TZ=Asia/Tokyo", "CRON_TZ=Asia/Tokyo", "TZ='Asia/Tokyo'", 'CRON_TZ="Asia/Tokyo" '])
@pytest.mark.parametrize("text", ["0 6 * * *", "@daily", " @every 1h "])
def test_zone(prefix, text):
    """Every form of schedule takes a zone before it."""
    assert offset(parse(f"{prefix} {text}").zone) == TOKYO


@pytest.mark.parametrize(
    "prefix",
    [
        "TZ=",
        "TZ= ",
        "TZ=Asia/Nowhere ",
        "TZ=America ",
        "TZ=../UTC ",
        "TZ=/etc/localtime ",
        "TZ='Asia/Tokyo ",
        "TZ=''",
        "TZ=Asia/Tokyo TZ=Asia/Tokyo ",
        "tz=Asia/Tokyo ",
        f"TZ={'x' * 65} ",
    ],
)
def test_faulty_zone(prefix):
    assert parse(f"{prefix}0 6 * * *") is None


def test_zone_alone():
    assert parse("TZ=Asia/Tokyo") is parse("TZ=Asia/Tokyo ") is None


def test_zones_need_no_system():
    """An image without zone data of its own knows the zones all the same."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert offset(named_zone("Asia/Tokyo")) == TOKYO
        with pytest.raises(ValueError, match="unknown zone"):
            named_zone("Asia/Nowhere")
        with pytest.raises(ValueError, match="unknown zone"):
            named_zone("Asia")
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


def test_local_zone(tmp_path):
    """TZ names a zone or a file, with or without a colon; unset, the system's file counts; what fails is UTC."""
    system = tmp_path / "localtime"
    assert local_zone(None, system) is UTC
    system.write_bytes(b"TZif? no")
    assert local_zone(None, system) is UTC
    system.write_bytes(tokyo())
    assert offset(local_zone(None, system)) == TOKYO
    assert offset(local_zone(str(system), tmp_path)) == TOKYO
    assert offset(local_zone(f":{system}", tmp_path)) == TOKYO
    assert offset(local_zone("Asia/Tokyo", tmp_path)) == TOKYO
    assert offset(local_zone(":Asia/Tokyo", tmp_path)) == TOKYO
    assert local_zone("", system) is UTC
    assert local_zone("Asia/Nowhere", system) is UTC


def tokyo():
    """A zone's file: one offset of nine hours, no change ever (RFC 9636)."""
    header = b"TZif2" + bytes(15) + b"".join(count.to_bytes(4) for count in (0, 0, 0, 0, 1, 4))
    return (header + TOKYO.to_bytes(4) + b"\0\0" + b"JST\0") * 2 + b"\nJST-9\n"
