"""Every behaviour that is known of the peer has a test, or a reason why there is none.

data/reference/behaviours.md lists the behaviours, one a line; data/behaviours.tsv names for each its place in the list
(section.line), how it begins, the tests that hold it, and what is different here or why nothing is tested.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from helpers import DATA, json_lines

TESTS = Path(__file__).parent
OTHERS = sorted(set(TESTS.rglob("test_*.py")) - {Path(__file__)})


def listed():
    """Place of each behaviour -> its text."""
    found, section, line = {}, "", 0
    for text in (DATA / "reference/behaviours.md").read_text().splitlines():
        if heading := re.match(r"## (\d+)\.", text):
            section, line = heading[1], 0
        elif text.startswith("- "):
            line += 1
            found[f"{section}.{line}"] = text[2:]
    return found


ROWS = [line.split("\t") for line in (DATA / "behaviours.tsv").read_text().splitlines()]


@cache
def names_in(file):
    """Names of the tests that pytest collects from a file."""
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_behaviour_has_its_row():
    """None is forgotten, none stands twice, and each row speaks of the behaviour that it means."""
    assert [place for place, *_ in ROWS] == list(listed())
    assert [place for place, words, *_ in ROWS if not listed()[place].startswith(words)] == []


@pytest.mark.parametrize(("place", "words", "tests", "note"), [pytest.param(*row, id=row[0]) for row in ROWS])
def test_behaviour(place, words, tests, note):
    """Its tests exist; one without tests has a reason."""
    assert tests or note, f"{place} {words}"
    for node in tests.split():
        file, _, name = node.partition("::")
        assert name in names_in(file), f"{place} {words}: there is no {node}"


@pytest.mark.parametrize("file", sorted((DATA / "reference").glob("*_cases.jsonl*")), ids=lambda path: path.name)
def test_every_recorded_case_is_asked(file):
    """No suite of recorded answers lies about: a test that reads the file names the suite, or takes all of it."""
    name = file.name.partition(".")[0]
    readers = [text for path in OTHERS if name in (text := path.read_text())]
    whole = any(f'json_lines("reference/{name}.jsonl")' in text for text in readers)
    suites = {case["suite"] for case in json_lines(f"reference/{name}.jsonl")}
    assert {suite for suite in suites if not whole and not any(f'"{suite}"' in text for text in readers)} == set()
