"""Numbers, label values and headers as text."""

import math
import random
import struct

import pytest
from helpers import cases
from prometheus_client.parser import text_string_to_metric_families

from shardex.exposition.family import COUNTER, INFO, STATESET, alpha, stable
from shardex.exposition.text import Escapes, Numbers, escape, family_header, header, number


@pytest.mark.parametrize(("value", "want"), cases("format_cases", "sample_value_no_labels"))
def test_number(value, want):
    """A number has the digits and the form that Go gives it."""
    assert f"m {number(float(value))}\n" == want


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (0, "0"),
        (True, "1"),
        (False, "0"),
        (-0.0, "-0"),
        (999999, "999999"),
        (-999999, "-999999"),
        (1000000, "1e+06"),
        (-1000000, "-1e+06"),
        (-62135596800, "-6.21355968e+10"),
        ((1 << 53) - 1, "9.007199254740991e+15"),
        ((1 << 53) + 1, "9.007199254740992e+15"),
        ((1 << 63) - 1, "9.223372036854776e+18"),
        (-1234567.5, "-1.2345675e+06"),
        (1e16, "1e+16"),
        (123456.789, "123456.789"),
    ],
)
def test_number_of_integers(value, want):
    """Integers, booleans and edges of the exponent form print as the float that Go would hold."""
    assert number(value) == want


def test_number_is_lossless():
    """Any float comes back from its text; the exponent form is used from 1e+06 on and below 1e-04, and nowhere else."""
    seed = 20261122
    source = random.Random(seed)
    for _ in range(20_000):
        (value,) = struct.unpack("d", source.randbytes(8))
        if math.isfinite(value):
            text = number(value)
            assert float(text) == value, seed
            assert ("e" in text) == (value != 0 and not 1e-4 <= abs(value) < 1e6), (seed, text)


def test_numbers_remember():
    """The memory gives what number() gives, for zero of both signs one text, and stays bounded."""
    numbers = Numbers()
    assert [numbers[value] for value in (-0.0, 0, 0.0, False, True, 1.5, 1.5)] == [
        "0",
        "0",
        "0",
        "0",
        "1",
        "1.5",
        "1.5",
    ]
    for value in range(100_000):
        assert numbers[value] == number(value)
    assert len(numbers) < 10_000


@pytest.mark.parametrize(("value", "want"), cases("format_cases", "label_value_escaping"))
def test_escape(value, want):
    """Backslash, quote and newline are escaped in a label value, and nothing else."""
    assert f'm{{a="{escape(value)}",b="x"}} 1\n' == want


def test_escapes_remember():
    """The memory gives what escape() gives, and stays bounded in entries and in their length."""
    escapes = Escapes()
    assert [escapes['a"b'], escapes['a"b'], escapes["ab"]] == ['a\\"b', 'a\\"b', "ab"]
    for value in range(100_000):
        assert escapes[str(value)] == str(value)
    assert escapes["x" * 10_000] == "x" * 10_000
    assert len(escapes) < 10_000
    assert max(map(len, escapes)) < 1_000


def test_header():
    """A header is two lines whatever the help text holds; a carriage return passes as the peer lets it."""
    assert header("m", "back\\slash\nline\rend", "gauge") == "# HELP m back\\\\slash\\nline\rend\n# TYPE m gauge\n"


def test_family_header_shows_stability():
    """A stable family's help starts with its mark, an alpha one's does not."""
    assert family_header(stable("m", "Help.", None)) == "# HELP m [STABLE] Help.\n# TYPE m gauge\n"
    assert (
        family_header(alpha("m_total", "Help.", None, type=COUNTER)) == "# HELP m_total Help.\n# TYPE m_total counter\n"
    )


@pytest.mark.parametrize("type", [INFO, STATESET])
def test_family_header_of_openmetrics_types(type):
    """The plain text format calls info and stateset gauges; OpenMetrics calls them by name."""
    family = alpha("m", "Help.", None, type=type)
    assert family_header(family).endswith("# TYPE m gauge\n")
    assert family_header(family, openmetrics=True).endswith(f"# TYPE m {type}\n")


@pytest.mark.parametrize("value", ["plain", 'q"uo\\te', "new\nline", "ünïcode ✓", "cr\r", "{},="])
def test_another_reader_agrees(value):
    """The Prometheus client's parser reads back the label value and the number that were written."""
    text = header("m", "Help.", "gauge") + f'm{{a="{escape(value)}"}} {number(1795360392)}\n'
    (family,) = text_string_to_metric_families(text)
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"a": value}, 1795360392.0)]
