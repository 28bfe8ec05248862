"""Values as numbers and as label texts, paths, and the labels found at paths."""

import math

import pytest

from shardex.custom.labels import compile_labels
from shardex.custom.paths import compile_path
from shardex.custom.values import number, text

NUMBERS = {
    "integer": (3, 3),
    "float": (43.21, 43.21),
    "true": (True, 1),
    "false": (False, 0),
    "int64": ((1 << 63) - 1, (1 << 63) - 1),
    "beyond int64": (1 << 63, float(1 << 63)),
    "beyond a float": (10**400, math.inf),
    "below a float": (-(10**400), -math.inf),
    "True": ("True", 1),
    "YES": ("YES", 1),
    "no": ("no", 0),
    "Unknown": ("Unknown", 0),
    "time": ("2022-06-28T00:00:00Z", 1656374400),
    "time with a zone": ("2022-06-28T02:00:00+02:00", 1656374400),
    "time before 1970, rounded down": ("1969-12-31T23:59:59.5Z", -1),
    "nanoseconds": ("2022-06-28T00:00:00.999999999Z", 1656374400),
    "milli": ("250m", 0.25),
    "binary": ("1.5Ki", 1536),
    "exa, not exponent": ("12E", 12e18),
    "exponent": ("1e-3", 0.001),
    "huge exponent": ("1e300", 1e300),
    "percent": ("28%", 0.28),
    "huge percent": ("9" * 400 + "%", math.inf),
    "infinity": ("-Infinity", -math.inf),
}


@pytest.mark.parametrize(("value", "want"), NUMBERS.values(), ids=NUMBERS)
def test_number(value, want):
    """Numbers, booleans, and every text that the peer takes for a number."""
    assert number(value) == want


@pytest.mark.parametrize(
    "value",
    [
        None, [], [1], {}, {"a": 1}, "", " ", " 1", "1\n", "on", "y", "2022-06-28", "2022-06-28 00:00:00Z",
        "2022-06-28T00:00:00", "2022-06-31T00:00:00Z", "1.5%", "-5%", "٣%", "٣", "1_000", "0x10", "+nan",
        "1" * 200 + "E",
    ],
    ids=repr,
)  # fmt: skip
def test_no_number(value):
    """What the peer takes for no number is none here, though Python reads some of it."""
    with pytest.raises(ValueError, match=r"number|there is no value"):
        number(value)


TEXTS = {
    "text": ("a b", "a b"),
    "true": (True, "true"),
    "false": (False, "false"),
    "integer": (-7, "-7"),
    "int64": (-(1 << 63), "-9223372036854775808"),
    "large integer": (1234567890, "1234567890"),
    "beyond int64": (12345678901234567890, "1.2345678901234567e+19"),
    "float": (1.5, "1.5"),
    "whole float": (2.0, "2"),
    "large float": (1e21, "1e+21"),
    "float of seven digits": (1234567.0, "1.234567e+06"),
    "list": (["one", 2, None, True], "[one 2 <nil> true]"),
    "map": ({"memory": "2Gi", "cpu": "500m"}, "map[cpu:500m memory:2Gi]"),
    "nested": ({"a": [{"b": []}]}, "map[a:[map[b:[]]]]"),
    "empty map": ({}, "map[]"),
}


@pytest.mark.parametrize(("value", "want"), TEXTS.values(), ids=TEXTS)
def test_text(value, want):
    """A value as Go's %v prints it; integers keep all their digits."""
    assert text(value) == want


OBJECT = {
    "a": {"b": {"c": 1}, "0": "zero", "x=y": "spelt so", "k": "v", "e": "f=g", "n": None},
    "l": ["zero", {"id": 1, "on": True}, {"id": "1Ki", "on": "yes", "=": "="}, {"id": None}],
}
PATHS = {
    "itself": ((), OBJECT),
    "keys": (("a", "b", "c"), 1),
    "below a number": (("a", "b", "c", "d"), None),
    "key of a list": (("l", "a"), None),
    "number as key": (("a", "0"), "zero"),
    "index": (("l", "1", "id"), 1),
    "signed index": (("l", "+1", "id"), 1),
    "from the end": (("l", "-4"), "zero"),
    "beyond the end": (("l", "4"), None),
    "beyond the start": (("l", "-5"), None),
    "of Arabic digits": (("l", "٣"), None),
    "pair": (("a", "k=v"), "v"),
    "pair of another value": (("a", "k=w"), None),
    "no pair with two signs": (("a", "e=f=g"), None),
    "key with a sign in it": (("a", "x=y"), "spelt so"),
    "pair of a list": (("l", "id=1"), None),
    "lookup by number": (("l", "[id=1.0]", "on"), True),
    "lookup by quantity": (("l", "[id=1024]", "on"), "yes"),
    "lookup by boolean": (("l", "[on=t]", "id"), 1),
    "lookup by word for a boolean": (("l", "[on=YES]", "id"), 1),
    "lookup by text": (("l", "[on=yes]", "id"), 1),
    "lookup of what has a sign in it": (("l", "[===]", "on"), None),
    "lookup by a sign": (("l", "[id=x]"), None),
    "lookup in a map": (("a", "[k=v]"), None),
    "null": (("a", "n"), None),
    "below null": (("a", "n", "-1"), None),
    "half a lookup": (("a", "[k"), None),
}


@pytest.mark.parametrize(("path", "want"), PATHS.values(), ids=PATHS)
def test_path(path, want):
    """Every form of a part, and what leads nowhere."""
    assert compile_path(path)(OBJECT) == want


def labels(paths, value):
    found = {}
    compile_labels(paths)(value, found)
    return found


def test_stars():
    """Keys of maps become labels, with what stands before the last star in front."""
    value = {"m": {"app.io/x": "1", "B": [2], "n": None}}
    assert labels({"*": ["m"]}, value) == {"app_io_x": "1", "B": "[2]", "n": "<nil>"}
    assert labels({"x_*": ["m"]}, value) == {"x_app_io_x": "1", "x_B": "[2]", "x_n": "<nil>"}
    assert labels({"*any": ["m", "B"], "*1": ["m"]}, value) == {"app_io_x": "1", "B": "[2]", "n": "<nil>"}
    assert labels({"**": ["m"]}, value) == {"_app_io_x": "1", "_B": "[2]", "_n": "<nil>"}


def test_names_win_over_stars_and_later_stars_over_earlier_ones():
    """As the peer has it."""
    value = {"m": {"a": 1, "b": 1, "c": 1}, "n": {"b": 2, "c": 2}, "o": 3}
    assert labels({"*2": ["n"], "c": ["o"], "*1": ["m"]}, value) == {"a": "1", "b": "2", "c": "3"}
    assert labels({"*": ["m"], "c": ["absent"]}, value)["c"] == "1"


def test_first_of_keys_that_are_one_name_wins():
    """The peer's winner is that of Go's map order, another one at each start of a process; we keep to one."""
    assert labels({"*": []}, {"a.b": 2, "a/b": 3, "a-b": 1, "a_b": 4}) == {"a_b": "1"}
    assert labels({"a.b": ["2"], "a-b": ["1"]}, [0, 1, 2]) == {"a_b": "1"}
    assert labels({"a.b": ["1"], "a-b": ["9"]}, [0, 1]) == {"a_b": "1"}
    assert labels({"a.b": [], "a-b": ["0"]}, [5]) == {"a_b": "5"}
    assert labels({"a.b": ["0"], "a-b": []}, [5]) == {"a_b": "[5]"}


@pytest.mark.parametrize(("key", "name"), [("1st", "_1st"), ("", "_"), ("__name__", "_name__"), ("żż", "_")])
def test_keys_that_no_scraper_takes(key, name):
    """The peer prints them as they are, and the whole scrape is lost."""
    assert labels({"*": []}, {key: 1}) == {name: "1"}


def test_value_itself():
    """An empty path is the element itself, for lists of scalars."""
    assert labels({"ref": [], "name": ["name"]}, "x") == {"ref": "x"}
    assert labels({"ref": [], "name": ["name"]}, {"name": "x"}) == {"ref": "map[name:x]", "name": "x"}
    assert labels({"ref": []}, None) == {}
