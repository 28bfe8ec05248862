"""Bytes of the API server come apart into the objects that a JSON parser finds, however they are cut."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardex.kube.pieces import Lines, ListBody, event_of, text_of, uid_of

PODS = [
    {"metadata": {"name": "a", "namespace": "x", "uid": "u-1", "resourceVersion": "1"}, "spec": {"n": [1, {"a": 2}]}},
    {"metadata": {"name": "b", "namespace": "x", "uid": "u-2", "resourceVersion": "2"}, "spec": {}},
    {"metadata": {"name": "c", "uid": "u-3", "annotations": {"x": '},{"metadata":{"name":"'}}, "status": {"l": []}},
]
NESTED = [
    {
        "metadata": {"name": "s", "uid": "u-4"},
        "spec": {"t": [{"metadata": {"name": "p"}}, {"metadata": {"name": "q"}}]},
    },
    {
        "metadata": {"name": "t", "uid": "u-5"},
        "spec": {"t": [{"metadata": {"name": "p"}}, {"metadata": {"name": "q"}}]},
    },
]
SORTED = [
    {
        "apiVersion": "x/v1",
        "kind": "Gadget",
        "metadata": {"name": "g", "ownerReferences": [{"uid": "no"}], "uid": "u-6"},
    },
    {
        "apiVersion": "x/v1",
        "kind": "Gadget",
        "metadata": {"name": "h", "uid": "u-7"},
        "spec": {"metadata": {"uid": "no"}},
    },
]


def packed(value):
    return json.dumps(value, separators=(",", ":")).encode()


def body(items, tail=False):
    meta = {"resourceVersion": "77", "continue": "tok", "remainingItemCount": 5}
    if tail:  # custom resources come with their keys sorted
        return packed({"apiVersion": "x/v1", "items": items, "kind": "L", "metadata": meta})
    return packed({"kind": "L", "apiVersion": "v1", "metadata": meta, "items": items})


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize(
    ("items", "careful", "tail"),
    [
        (PODS, False, False),
        (PODS, True, True),
        (NESTED, True, False),
        (SORTED, True, True),
        ([], False, False),
        ([], True, True),
    ],
    ids=["pods", "pods-careful", "nested", "custom", "empty", "empty-custom"],
)
def test_a_list_comes_apart(items, careful, tail, size):
    """Every item, its uid and the list's own metadata, for chunks of any size."""
    whole = ListBody(careful)
    found = list(whole.items(cut(body(items, tail), size)))
    assert [json.loads(text_of(item)) for item in found] == items
    assert [uid_of(item) for item in found] == [item["metadata"]["uid"] for item in items]
    assert (whole.meta.resource_version, whole.meta.continue_, whole.meta.remaining_item_count) == ("77", "tok", 5)


def test_items_null_is_an_empty_list():
    """Go writes `"items":null` for a list that was never filled."""
    whole = ListBody()
    assert list(whole.items([b'{"kind":"L","metadata":{"resourceVersion":"3"},"items":null}'])) == []
    assert whole.meta.resource_version == "3"


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"kind":"L","metadata":{},"items":[', body(PODS)[:-40]], ids=len)
def test_what_is_no_list_is_refused(data):
    """Half a body or none is an error, never a shorter list."""
    with pytest.raises(msgspec.DecodeError):
        list(ListBody(careful=True).items([data]))


keys = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
objects = st.builds(
    lambda name, uid, labels, spec: {
        "metadata": {"name": name, "uid": uid, "labels": labels},
        "spec": spec,
    },
    keys, st.uuids().map(str), st.dictionaries(keys, keys, max_size=3), values,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(objects, max_size=5), st.integers(1, 200), st.booleans())
def test_any_objects_come_apart(items, size, tail):
    """Whatever objects hold, quotes and seams in their text included, a careful list gives just them."""
    whole = ListBody(careful=True)
    data = json.dumps(
        {"items": items, "metadata": {"resourceVersion": "1"}}
        if tail
        else {"metadata": {"resourceVersion": "1"}, "items": items},
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    found = list(whole.items(cut(data, size)))
    assert [json.loads(text_of(item)) for item in found] == items
    assert [uid_of(item) for item in found] == [item["metadata"]["uid"] for item in items]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=10), st.integers(1, 40))
def test_lines_come_apart(lines, size):
    """Chunks do not align with lines; what the last newline leaves is half a line."""
    splitter, found = Lines(), []
    for chunk in cut(b"".join(line + b"\n" for line in lines) + b"rest", size):
        found += [text_of(line) for line in splitter.split(chunk)]
    assert found == lines
    assert splitter.half


def parted(line):
    """Type and object of an event that stands among others."""
    type, item = event_of((b"before\n" + line + b"\nafter", 7, 7 + len(line)))
    return type, text_of(item)


def test_events():
    """Type and object of a line, in the common form and in any other."""
    assert parted(b'{"type":"ADDED","object":{"a":1}}') == ("ADDED", b'{"a":1}')
    assert parted(b'{"object": {"a": 1}, "type": "BOOKMARK"}') == ("BOOKMARK", b'{"a": 1}')
    with pytest.raises(msgspec.DecodeError):
        parted(b'{"type":"ADDED","object":')
