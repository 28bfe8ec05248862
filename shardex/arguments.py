"""Command lines in pflag's forms -> text by flag name; every fault at once.

pflag, which the peer's users know, takes `--flag=v`, `--flag v`, `--bool`, `--bool=false`, `-v=4`, `-v 4` and `-v4`; a
bool never takes the next word. This is brought to the one form `--flag=v` that any parser reads the same way.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import msgspec

_SHORT = {"h": "help", "v": "v", "o": "output", "f": "file"}


class Line(msgspec.Struct, frozen=True):
    """A command line in normal form.

    words    what is no flag: the subcommand first
    flags    `--flag=value`, each once: of a flag that stands twice the last value holds, but lists add up
    ignored  flags that have no effect here
    faults   one sentence each
    """

    words: tuple[str, ...]
    flags: tuple[str, ...]
    ignored: tuple[str, ...]
    faults: tuple[str, ...]


def normal(arguments: Sequence[str], forms: Mapping[str, str], ignored: Mapping[str, str]) -> Line:
    """The line in normal form.

    forms    flag -> form; "bool" needs no value, a "list" may stand several times
    ignored  the same for flags that are accepted without effect
    """
    words, dropped, faults = [], [], []
    flags: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, value = _split(word)
        known = forms.get(name) or ignored.get(name)
        if known is None:
            near = get_close_matches(name, [*forms, *ignored], 1)
            faults.append(f"unknown flag: --{name}" + (f" (did you mean --{near[0]}?)" if near else ""))
            continue
        if value is None and known == "bool":
            value = "true"
        elif value is None:
            if not rest:
                faults.append(f"flag needs a value: --{name}")
                continue
            value = rest.pop(0)
        if name in ignored:
            dropped.append(name)
        elif known == "list" and name in flags:
            flags[name] += f",{value}"
        else:
            flags[name] = value
    normal_flags = tuple(f"--{name}={value}" for name, value in flags.items())
    return Line(tuple(words), normal_flags, tuple(dict.fromkeys(dropped)), tuple(faults))


def _split(word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        return name, value if equals else None
    name, value = _SHORT.get(word[1], word[1]), word[2:]
    return name, value.removeprefix("=") if value else None
