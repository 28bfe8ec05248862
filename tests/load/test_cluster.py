"""State and history without HTTP: what a list sees of the past, and what is forgotten."""

import random

import pytest

from load.cluster import Cluster
from load.collection import ADDED, DELETED, MODIFIED, Expired
from load.kinds import defined
from load.text import Pattern, build, hole, parse, raw
from load.watch import change


def config_map(name, value, namespace="n"):
    return build({"metadata": {"name": name, "namespace": namespace}, "data": {"value": str(value)}}, 0)


@pytest.fixture
def cluster():
    return Cluster(window=50)


@pytest.fixture
def maps(cluster):
    return cluster.named("configmaps")


def test_past_states(cluster, maps):
    """Every state within the history is listed as it was, in the order of keys; every older one is expired."""
    rng = random.Random(7)
    states = {cluster.revision: {}}
    for _ in range(400):
        name = f"cm-{rng.randrange(30)}"
        if f"n/{name}" in maps.objects and rng.random() < 0.4:
            cluster.remove(maps, f"n/{name}")
        else:
            cluster.put(maps, config_map(name, rng.random()))
        states[cluster.revision] = dict(maps.objects)
    for revision, state in states.items():
        if revision < maps.forgotten:
            with pytest.raises(Expired):
                cluster.snapshot(maps, revision)
        else:
            listed = cluster.snapshot(maps, revision).objects
            assert [obj.key for obj in listed] == sorted(state), revision
            assert {obj.key: obj for obj in listed} == state, revision
    assert maps.forgotten > min(states), "the history was never trimmed"
    assert cluster.revision - maps.forgotten >= cluster.window


def test_events(cluster, maps):
    """A deletion has the last state under a version of its own; versions are of one counter for all kinds."""
    start = cluster.revision
    cluster.put(maps, config_map("a", 1))
    cluster.put(cluster.named("secrets"), config_map("s", 1))
    cluster.put(maps, config_map("a", 2))
    cluster.remove(maps, "n/a")
    events = maps.since(start)
    assert [(e.type, e.revision - start) for e in events] == [(ADDED, 1), (MODIFIED, 3), (DELETED, 4)]
    assert events[2].object.document()["metadata"]["resourceVersion"] == str(start + 4)
    assert events[2].object.document()["data"] == {"value": "2"}
    assert [e.type for e in maps.since(start + 3)] == [DELETED]
    assert maps.since(start + 99) == []


def test_compaction(cluster, maps):
    """After a compaction older lists and watches are expired, and a watch that had seen everything goes on."""
    cluster.put(maps, config_map("a", 1))
    seen = cluster.revision
    cluster.put(cluster.named("secrets"), config_map("s", 1))
    cluster.compact()
    with pytest.raises(Expired):
        cluster.snapshot(maps, seen)
    with pytest.raises(Expired):
        maps.start(seen)
    assert maps.since(seen) == []
    cluster.put(maps, config_map("b", 1))
    assert [event.object.name for event in maps.since(seen)] == ["b"]
    with pytest.raises(Expired):
        maps.since(seen - 1)


def test_restart(cluster, maps):
    """After a restart no watch starts in the past, but a list still reads it."""
    cluster.put(maps, config_map("a", 1))
    seen = cluster.revision
    cluster.put(maps, config_map("a", 2))
    cluster.restart()
    with pytest.raises(Expired):
        maps.start(seen)
    assert [obj.version for obj in cluster.snapshot(maps, seen).objects] == [seen]


def test_namespaces(cluster, maps):
    """A namespace's span holds its objects and no other's, though a-b/x sorts before a/x."""
    for namespace in ("a", "a-b", "a0", "b"):
        for name in ("x", "y"):
            cluster.put(maps, config_map(name, 0, namespace))
    snapshot = cluster.snapshot(maps)
    for namespace in ("a", "a-b", "a0", "b", "missing"):
        first, last = snapshot.span(namespace)
        found = [obj.key for obj in snapshot.objects[first:last]]
        assert found == [key for key in sorted(maps.objects) if key.startswith(f"{namespace}/")]
    first, last = snapshot.span("a", "a/x\0")
    assert [obj.key for obj in snapshot.objects[first:last]] == ["a/y"]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("node-1", "node-1", MODIFIED),
        ("", "node-1", ADDED),
        ("node-1", "node-2", DELETED),
        ("node-2", "node-3", None),
        (None, "node-1", ADDED),
        (None, "", None),
        ("node-1", None, DELETED),
        ("node-2", None, None),
    ],
)
def test_selection(cluster, before, after, wanted):
    """A watch of a selection sees an object enter as ADDED and leave as DELETED, in its last state within."""

    def pod(node):
        return build({"metadata": {"name": "p", "namespace": "n"}, "spec": {"nodeName": node}}, 0, pod=True)

    pods = cluster.named("pods")
    if before is not None:
        cluster.put(pods, pod(before))
    event = cluster.put(pods, pod(after)) if after is not None else cluster.remove(pods, "n/p")
    seen = change(event, "", lambda obj: obj.node == "node-1")
    assert (seen and seen[0]) == wanted
    if wanted == DELETED:
        assert seen[1].node == "node-1"
        assert seen[1].version == event.revision
    assert change(event, "other/", None) is None


def test_definitions(cluster):
    """A CustomResourceDefinition makes its kind served, its storage version first; deleting it deletes its objects."""
    crds = cluster.named("customresourcedefinitions")
    versions = [
        {"name": "v1beta1", "served": True, "storage": False},
        {"name": "v1", "served": True, "storage": True},
        {"name": "v0", "served": False, "storage": False},
    ]
    names = {"plural": "gadgets", "kind": "Gadget"}
    spec = {"group": "example.dev", "names": names, "scope": "Namespaced", "versions": versions}
    cluster.put(crds, build({"metadata": {"name": "gadgets.example.dev"}, "spec": spec}, 0))
    gadgets = cluster.collections["example.dev", "gadgets"]
    assert gadgets.kind == defined({"spec": spec})
    assert gadgets.kind.versions == ("v1", "v1beta1")
    start = cluster.revision
    cluster.put(gadgets, build({"kind": "Gadget", "metadata": {"name": "g"}}, 0, custom=True))
    cluster.remove(crds, "gadgets.example.dev")
    assert ("example.dev", "gadgets") not in cluster.collections
    assert [event.type for event in gadgets.since(start)] == [ADDED, DELETED]
    assert gadgets.closed


@pytest.mark.parametrize(
    "text",
    [
        b'{"metadata":{"name":"a","namespace":"n","resourceVersion":"7","labels":{"x":"y"}},"data":{"k":"v"}}',
        b'{"metadata":{"annotations":{"a":"\\"resourceVersion\\":\\"7\\""},"name":"a","namespace":"n","resourceVersion":"7"}}',
        b'{ "metadata": {"name":"a","namespace":"n","resourceVersion":"7","managedFields":[{"fieldsV1":{"f:x":{}}}]}}',
    ],
)
def test_text(text):
    """An object's text is kept byte for byte, and only its own version changes with it."""
    obj = parse(text)
    assert (obj.key, obj.namespace, obj.name, obj.version) == ("n/a", "n", "a", 7)
    assert obj.text() == text
    before, after = obj.document(), obj.at(12345).document()
    assert after["metadata"].pop("resourceVersion") == "12345"
    assert before["metadata"].pop("resourceVersion") == "7"
    assert before == after


def test_pattern():
    """Holes are filled in text, as whole values, and within JSON that is the text of an annotation."""
    inner = '{"spec":{"replicas":"\\u0001replicas\\u0001","name":"\\u0000name\\u0000"}}'
    document = {
        "metadata": {"name": f"pod-{hole('name')}", "resourceVersion": hole("version"), "annotations": {"last": inner}},
        "spec": {"replicas": raw("replicas"), "nodeName": hole("node")},
    }
    obj = Pattern(document).fill("pod-x", 3, {"name": b"x", "replicas": b"4", "node": b"n1"}, node="n1")
    assert obj.document() == {
        "metadata": {
            "name": "pod-x",
            "resourceVersion": "3",
            "annotations": {"last": '{"spec":{"replicas":4,"name":"x"}}'},
        },
        "spec": {"replicas": 4, "nodeName": "n1"},
    }
    with pytest.raises(KeyError):
        Pattern(document).fill("pod-x", 3, {"name": b"x"})
