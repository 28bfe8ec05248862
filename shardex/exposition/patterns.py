r"""The two dialects in which metric names are chosen, on one engine.

The peer reads --metric-allowlist and --metric-denylist as ECMAScript with look-around, --metric-opt-in-list as RE2.
Here a pattern is first cut into the tokens that its dialect and the `regex` package understand alike, and refused where
there is none. So no pattern means something else than it says: `regex` alone would take `(a){e}` for a fuzzy match,
`a++` for a possessive one and `\m` for the start of a word.
"""

import re
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate

import msgspec

#: How long one pattern may look at one name. The peer waits a minute, which would be hours for all families.
MATCH_SECONDS = 1.0
#: At so many names it may look for that long; then it is given up for the rest, or 336 families would cost minutes.
MOST_SLOW_NAMES = 5

# Counts are unrolled when a pattern is compiled: ((a{1000}){1000}){1000} took all memory. RE2 has the first limit too.
_MOST_REPEATS = 1000
_MOST_REPEATS_IN_ALL = 1_000_000

Matcher = Callable[[str], bool]

_PLAIN = re.compile(r"[A-Za-z0-9_:]*")

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_FLAGS = r"(?:[ims]+(?:-[ims]+)?|-[ims]+)"
_CHARACTER = r"(?:\\[^A-Za-z0-9]|[^]\\[-])"
_TOKENS = r"""
    (?P<repeat>(?:[*+?]|\{{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\}})\??)
  | (?P<set>\[\^?+-?(?:\\[dDsSwW]|{character}(?:-{character})?{posix})+-?\])
  | (?P<unit>\\[dDsSwW{places}]|\\[^A-Za-z0-9]|[.^$])
  | (?P<open>\((?!\?)|\(\?(?::{looks}|{named}<(?P<name>{name})>|{flags}:))
  | (?P<flags>\A\(\?{flags}\))
  | (?P<close>\))
  | (?P<either>\|)
  | (?P<literal>[^\\(\[])
"""
_REFERENCE = rf"| \\(?:(?P<number>[1-9][0-9]*)|k<(?P<back>{_NAME})>) | (?P<comment>\(\?\#[^)]*\))"


class Dialect(msgspec.Struct, frozen=True):
    """How one of the peer's engines reads: its name, and one verbose expression for every token it has here."""

    name: str
    token: str


def _dialect(title: str, *, places: str, looks: str, named: str, posix: str, more: str) -> Dialect:
    """A dialect; what is given here is what the two do not share."""
    tokens = _TOKENS.format(
        character=_CHARACTER, name=_NAME, flags=_FLAGS, places=places, looks=looks, named=named, posix=posix
    )
    return Dialect(title, tokens + more)


ECMASCRIPT = _dialect("ECMAScript", places="AbBGzZ", looks="|<?[=!]|>", named="", posix="", more=_REFERENCE)
RE2 = _dialect("RE2", places="AbBz", looks="", named="P?", posix=r"|\[:\^?[a-z]+:\]", more="")


def matcher(pattern: str, dialect: Dialect) -> Matcher:
    """Whether a name holds the pattern anywhere.

    return  raises TimeoutError when it has looked at one name for MATCH_SECONDS, and at once after MOST_SLOW_NAMES
    raise   ValueError: what is wrong, and at which character, counted from 1
    """
    if _PLAIN.fullmatch(pattern):
        return lambda name: pattern in name
    import regex  # noqa: PLC0415  13 ms of a start, for those who give more than names

    texts, starts = _respelled(pattern, dialect)
    try:
        compiled = regex.compile("".join(texts), regex.VERSION0 | regex.ASCII)
    except regex.error as error:
        ends = list(accumulate(map(len, texts)))
        raise _fault(error.msg, starts[bisect(ends[:-1], error.pos or 0)]) from None

    slow = 0

    def matches(name: str) -> bool:
        nonlocal slow
        if slow >= MOST_SLOW_NAMES:
            raise TimeoutError(f"{pattern!r} was too slow at {slow} names and is given up")
        try:
            return compiled.search(name, timeout=MATCH_SECONDS) is not None
        except TimeoutError:
            slow += 1
            raise TimeoutError(f"{pattern!r} looked at {name} for more than {MATCH_SECONDS:g} s") from None

    return matches


def _respelled(pattern: str, dialect: Dialect) -> tuple[list[str], list[int]]:
    """The pattern's tokens as `regex` spells them, and where each starts in the pattern."""
    read = re.compile(dialect.token, re.VERBOSE).match
    texts: list[str] = []
    starts: list[int] = []
    opened: list[int] = []
    names: set[str] = set()
    before, repeats, at = "open", 1, 0
    while at < len(pattern):
        token = read(pattern, at)
        if token is None:
            raise _fault(f"{pattern[at : at + 4]} is not {dialect.name}, or not supported here", at)
        kind = str(token.lastgroup)
        if kind == "open":
            opened.append(at)
            if token["name"] in names:
                raise _fault(f"a second group {token['name']}", at)
            names.add(token["name"] or "")
        elif kind == "close":
            if not opened:
                raise _fault("this ) closes nothing", at)
            opened.pop()
        elif kind == "repeat":
            repeats *= _times(token, before)
            if repeats > _MOST_REPEATS_IN_ALL:
                raise _fault(f"with {token[0]} too much is repeated", at)
        texts.append(_spelled(kind, token))
        starts.append(at)
        at = token.end()
        before = before if kind == "comment" else kind
    if opened:
        raise _fault("this ( is not closed", opened[-1])
    return texts, starts


def _times(token: re.Match[str], before: str) -> int:
    """How often a repeat can unroll; ValueError where there is nothing to repeat, or too much."""
    if before in {"open", "flags", "either"}:
        raise _fault(f"nothing to repeat before {token[0]}", token.start())
    if before == "repeat":
        raise _fault(f"{token[0]} repeats a repeat", token.start())
    times = max(int(token["least"] or 1), int(token["most"] or 1))
    if times > _MOST_REPEATS:
        raise _fault(f"{token[0]} repeats more than {_MOST_REPEATS} times", token.start())
    return max(times, 1)


def _spelled(kind: str, token: re.Match[str]) -> str:
    """One token as `regex` has it."""
    if kind == "comment":
        return ""
    if kind == "literal":
        return re.escape(token[0])  # a { that repeats nothing would start a fuzzy match
    if kind in {"number", "back"}:
        # In ECMAScript a group that took no part in the match comes back as nothing; elsewhere it fails.
        return f"(?({token[kind]})\\g<{token[kind]}>)"
    return "\\Z" if token[0] == "\\z" else token[0]


def _fault(reason: str, at: int) -> ValueError:
    return ValueError(f"{reason} at character {at + 1}")
