"""What one object may do to the rest, whatever it holds: nothing.

Real objects of every kind are spoilt where chance will have it, in the ways that the API's schema leaves open:
something missing, null, empty, of another type, twice, or text that would break the exposition. Each goes through all
that a list goes through: splitting, decoding, rendering, store, merger.
"""

import copy
import json
import time

import pytest
from helpers import EVERYTHING, random_objects, read, read_sample, recorded_objects
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.json import Decoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain
from published import source, text

from shardex.exposition.compile import compile_render
from shardex.exposition.labels import picker
from shardex.kube.intake import Intake
from shardex.kube.notes import Notes
from shardex.kube.pieces import ListBody
from shardex.resources import RESOURCES
from shardex.store.arena import Arena
from shardex.store.publication import Head, Kind
from shardex.store.store import Store

TEXTS = (
    "", " ", '"', "\\", "\n", "\r\n", "\t",
    '"} 1\nfake{a="', "\\n", "{", "}", "# EOF", "\x00", "\x7f", "\u2028", "é", "😀",
    "\ud800", "\udc00\ud800", "\u202e", "_conflict1", "5Gi", "1500m", "-1",
    "1e400", "NaN", "+Inf", "0x10", "25%", "%", "-5%",
    "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z", "2026-02-30T00:00:00Z", "yesterday",
    "*/90 * * * *", "@every 1ns", "True", "true",
)  # fmt: skip
VALUES = (
    *TEXTS, None, True, False, 0, -1, 3.5, 1e308, 10**30, -(10**400), [], {}, [None], [[]], [{}], [{}, {}], ["", ""],
    {"": ""}, {"a": None}, {"a": []}, {"a.b": "1", "a-b": "2", "a_b": "3", "a_b_conflict1": "4"},
    {"cpu": "1", "memory": "x"},
    dict.fromkeys(TEXTS, "\n"),
)  # fmt: skip


class Told(Notes):
    """Notes that remember whom they named."""

    def __init__(self):
        super().__init__("things")
        self.named = []

    def malformed(self, name, error):
        super().malformed(name, error)
        self.named.append(name)


def places(value, path=()):
    """Paths of everything in a document, but of what makes an object one for the API: its metadata and name."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        if (*path, key) not in {("metadata",), ("metadata", "name")}:
            yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def spoilt(draw, objects):
    """One of the objects with up to three faults."""
    document = copy.deepcopy(draw(st.sampled_from(objects)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(sorted(places(document), key=str)))
        parent = document
        for key in parents:
            parent = parent[key]
        if draw(st.integers(0, 3)) == 0:
            del parent[last]
        elif isinstance(parent, list) and draw(st.booleans()):
            parent.append(copy.deepcopy(parent[last]))
        else:
            parent[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    return document


def listed(items):
    """The body of a list as an API server writes it."""
    return json.dumps(
        {"kind": "L", "metadata": {"resourceVersion": "5"}, "items": items}, separators=(",", ":")
    ).encode()


def exposition(plural, items):
    """Both formats of what a list of these objects gives, and the names of those that were left out."""
    resource, told, arena = RESOURCES[plural], Told(), Arena("test")
    try:
        allowed = {name: picker(keys) for name, keys in EVERYTHING.items()}
        render = compile_render(plural, resource.identity, resource.families, allowed)
        store = Store(render, len(resource.families), arena)
        intake, fresh = Intake(Decoder(resource.object).decode, None, told), store.replace()
        for item in ListBody(resource.nests).items([listed(items)]):
            intake.take(fresh, item)
        fresh.commit("5")
        heads = tuple(Head(family.name, family.print_help, family.type) for family in resource.families)
        published = [source(arena, Kind(plural, heads, (store,)))]
        assert told.standing().malformed == len(told.named)
        return text(published), text(published, openmetrics=True), told.named
    finally:
        arena.close()


def uncounted(exposition):
    """The exposition as strict OpenMetrics has it: the peer, and so shardex, keeps _total in the names of counters."""
    lines = exposition.split("\n")
    return "\n".join(
        line.replace("_total ", " ", 1) if line.startswith("# ") and "_total " in line else line for line in lines
    )


def judge(plural, spoilt, sound):
    """All that is asked of one hostile object among others; the names that were left out."""
    told, strict, left_out = exposition(plural, [sound[0], spoilt, *sound[1:]])
    assert len(left_out) <= 1
    ours = read(told)
    assert [series for series, values in ours.samples.items() if len(values) > 1] == []
    others = read(exposition(plural, sound)[0])
    assert others.types == ours.types
    assert others.samples.items() <= ours.samples.items()
    if left_out:
        assert ours == others
    counted = sum(map(len, ours.samples.values()))
    assert sum(len(family.samples) for family in plain(told)) == counted
    assert sum(len(family.samples) for family in openmetrics(uncounted(strict))) == counted
    return left_out


def documents(plural):
    """Every object we have of a kind, its members in the order of an API server: metadata first, and in it the name."""
    found = [json.loads(item) for item in recorded_objects(plural) + random_objects(plural)]
    for document in found:
        document["metadata"] = {"name": document["metadata"]["name"]} | document["metadata"]
    return [{"metadata": document["metadata"]} | document for document in found]


@pytest.mark.parametrize("plural", RESOURCES)
def test_one_spoilt_object(plural):
    """It gives a valid exposition or one counted, named error, in both formats; no other object loses a sample."""
    objects = documents(plural)
    sound = objects[:2]

    @settings(max_examples=30, deadline=None)
    @given(spoilt(objects[2:]))
    def holds(document):
        judge(plural, document, sound)

    holds()


@pytest.mark.parametrize("plural", RESOURCES)
def test_a_megabyte_of_annotation(plural):
    """An object as large as etcd takes costs no other, and its text is shown whole."""
    *sound, huge = documents(plural)[:3]
    huge["metadata"]["annotations"] = {"notes": '\n"\\' + "n" * 1_000_000}
    huge["metadata"]["labels"] = {"notes": "n" * 1_000_000}
    assert judge(plural, huge, sound) == []


def collide(number):
    """Different keys that become one label name."""
    return f"k{chr(0x4E00 + number % 20_000)}{'-' * (number // 20_000)}"


@pytest.mark.parametrize("key", ["key-{}".format, collide], ids=["distinct", "colliding"])
def test_a_hundred_thousand_labels(key):
    """Bounded time, also when their names collide and every one of them needs a number."""
    *sound, huge = documents("pods")[:3]
    huge["metadata"]["labels"] = {key(number): '"' for number in range(100_000)}
    began = time.process_time()
    told, _, left_out = exposition("pods", [*sound, huge])
    assert time.process_time() - began < 20
    assert left_out == []
    (line,) = [line for line in told.split("\n") if line.startswith("kube_pod_labels") and len(line) > 1_000_000]
    labels, _ = read_sample(line)
    assert len(labels.labels) == 100_000 + 3
