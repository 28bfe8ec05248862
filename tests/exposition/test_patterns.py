"""The two dialects of patterns against the engines that speak them.

pattern_cases was recorded from regexp2 2.5 in its ECMAScript mode and from the regexp package of Go 1.27.
"""

import re
import tracemalloc

import pytest
from helpers import cases

from shardex.exposition.patterns import ECMASCRIPT, RE2, matcher

#: Taken by the peer's engine and refused here: `regex` would read it differently, or it can match no metric's name.
REFUSED = {
    "ECMAScript": {"[]", "[[:digit:]]", "[[:^lower:][:digit:]]", "[[:foo:]]", r"\m", r"\C", "a{1001}"},
    "RE2": {"(?<1>a)"},
}


def check(dialect, given, want):
    pattern = given["pattern"]
    if "error" in want or pattern in REFUSED[dialect.name]:
        with pytest.raises(ValueError, match=r" at character \d+\Z"):
            matcher(pattern, dialect)
    else:
        matches = matcher(pattern, dialect)
        assert [name for name in given["names"] if matches(name)] == want["matched"]


@pytest.mark.parametrize(("given", "want"), cases("pattern_cases", "ecmascript"))
def test_ecmascript(given, want):
    """A pattern of the allow and deny lists matches what regexp2 matches, or is refused."""
    check(ECMASCRIPT, given, want)


@pytest.mark.parametrize(("given", "want"), cases("pattern_cases", "re2"))
def test_re2(given, want):
    """A pattern of the opt-in list matches what Go's regexp matches, or is refused."""
    check(RE2, given, want)


@pytest.mark.parametrize("dialect", [ECMASCRIPT, RE2], ids=lambda dialect: dialect.name)
def test_nothing_is_refused_by_chance(dialect):
    """What REFUSED lists is taken by the peer's engine, so that the list does not outlive its reasons."""
    taken = {
        case.values[0]["pattern"]
        for case in cases("pattern_cases", dialect.name.lower())
        if "matched" in case.values[1]
    }
    assert REFUSED[dialect.name] <= taken


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("kube_(pod", "this ( is not closed at character 6"),
        ("a)b", "this ) closes nothing at character 2"),
        ("ab|*", "nothing to repeat before * at character 4"),
        ("a{1,2}?+", "+ repeats a repeat at character 8"),
        ("(?<x>a)(?<x>b)", "a second group x at character 8"),
        ("{a}[z-a]", "bad character range at character 4"),
        (r"a\k<y>", "unknown group at character 2"),
        ("a(?#c)[b", "[b is not ECMAScript, or not supported here at character 7"),
        ("pod(?i)INFO", "(?i) is not ECMAScript, or not supported here at character 4"),
        (r"\x5f", r"\x5f is not ECMAScript, or not supported here at character 1"),
    ],
)
def test_place_of_a_fault(pattern, reason):
    """A fault says what is wrong and where in the pattern as it was written."""
    with pytest.raises(ValueError, match=re.escape(reason) + r"\Z"):
        matcher(pattern, ECMASCRIPT)


@pytest.mark.parametrize("pattern", ["((a{1000}){1000}){1000}", "a{1000000000}", "a{2,100000000}"])
def test_counts_cannot_take_all_memory(pattern):
    """Repeats that would be unrolled to gigabytes are refused before they are compiled; they ended the process."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="repeat"):
            matcher(pattern, ECMASCRIPT)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
