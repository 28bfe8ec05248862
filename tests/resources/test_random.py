"""Our exposition of random objects, line by line, against what the peer printed of each."""

import msgspec
import pytest
from helpers import EVERYTHING, exposition, random_lines

from shardex.exposition.family import ANNOTATIONS, LABELS
from shardex.resources import RESOURCES

LINES = [pytest.param(line, id=line["id"]) for line in random_lines()]


def test_every_kind_is_there():
    """The recording has objects of every kind, 309 in all."""
    assert {line["resource"] for line in random_lines()} == set(RESOURCES)
    assert len(LINES) == 309


def blocks(text):
    """family -> (its TYPE line, its sample lines in order)"""
    found = {}
    for line in text.split("\n"):
        if line.startswith("# TYPE "):
            found[line.split(" ")[2]] = (line, [])
        elif line and not line.startswith("#"):
            found[line.partition("{")[0].partition(" ")[0]][1].append(line)
    return found


def series(line):
    return line.rpartition(" ")[0]


def compare(line, text, allowed):
    resource = RESOURCES[line["resource"]]
    objects = [msgspec.json.encode(line["object"])]
    ours = blocks(exposition(resource, objects, list(resource.families), allowed))
    peer = blocks(text)
    assert list(ours) == list(peer)
    for name, (type, samples) in peer.items():
        our_type, our_samples = ours[name]
        assert our_type == type
        once = list(dict.fromkeys(map(series, samples)))
        order = sorted if name in line["unordered_families"] else list
        assert order(map(series, our_samples)) == order(once)
        assert set(our_samples) <= set(samples)


@pytest.mark.parametrize("line", LINES)
def test_allow_lists(line):
    """Under the line's allow lists every line is the peer's, in its order; where the peer repeats a series we print it
    once, with one of the peer's values; families that the peer prints in map order are compared as sets."""
    compare(line, line["full_text_plain"], {LABELS: line["allow_labels"], ANNOTATIONS: line["allow_annotations"]})


@pytest.mark.parametrize("line", LINES)
def test_wildcard(line):
    """The same with every label and annotation let through."""
    compare(line, line["full_wildcard_text_plain"], EVERYTHING)
