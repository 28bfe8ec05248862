"""Recorded lists are served byte for byte, in every version of a custom resource."""

import json
from pathlib import Path

import pytest
from wire import Client

from load.cluster import Cluster
from load.objects.population import populate
from load.objects.world import Settings, World
from load.replay import record, replay
from load.testing import running

OBJECTS = Path(__file__).resolve().parent.parent / "data" / "conformance" / "objects" / "pub"
INDEX = json.loads((OBJECTS / "index.json").read_text())


@pytest.fixture(scope="module")
def server():
    with running(objects=OBJECTS) as running_server:
        yield running_server


@pytest.mark.parametrize("name", INDEX)
def test_bodies(server, name):
    """The body of a list is the recorded one, byte for byte."""
    answer = Client(server.url).request("GET", INDEX[name]["path"])
    assert answer.body == (OBJECTS / name).read_bytes()


def test_events_name_their_kind(server):
    """Items of a list leave out kind and apiVersion; an object on its own and in an event has them."""
    client = Client(server.url)
    with client.watch("/api/v1/pods?watch=true&resourceVersion=0") as watch:
        obj = watch.event()["object"]
    assert list(obj)[:3] == ["kind", "apiVersion", "metadata"]
    path = f"/api/v1/namespaces/{obj['metadata']['namespace']}/pods/{obj['metadata']['name']}"
    assert client.request("GET", path).json() == obj
    item = client.request("GET", "/api/v1/pods").json()["items"][0]
    assert {"kind": "Pod", "apiVersion": "v1", **item} == obj


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_versions(server, version):
    """A custom resource changed in one served version is seen in each under that version's name."""
    client = Client(server.url)
    path = f"/apis/corpus.example.dev/{version}/namespaces/n/gadgets/{version}-made"
    with client.watch(f"/apis/corpus.example.dev/{version}/gadgets?watch=true&resourceVersion=885") as watch:
        server.add("/apis/corpus.example.dev/v1beta1/namespaces/n/gadgets/" + f"{version}-made", {"spec": {"x": 1}})
        events = [event["object"] for event in watch.events(9, seconds=0.3)]
    assert {obj["apiVersion"] for obj in events} == {f"corpus.example.dev/{version}"}
    assert client.request("GET", path).json() == events[-1]
    assert events[-1]["kind"] == "Gadget"
    assert client.request("GET", path.replace(version, "v1alpha1", 1)).status == 404


def test_round_trip(tmp_path):
    """A cluster that is written down and read again has the same objects at the same versions."""
    cluster = Cluster()
    populate(World(cluster, Settings(pods=60)))
    record(cluster, tmp_path)
    again = replay(tmp_path)
    assert again.revision == cluster.revision
    for key, collection in cluster.collections.items():
        own = [obj.text() for obj in cluster.snapshot(collection).objects]
        assert [obj.text() for obj in again.snapshot(again.collections[key]).objects] == own
    nodes = {key: obj.node for key, obj in cluster.named("pods").objects.items()}
    assert {key: obj.node for key, obj in again.named("pods").objects.items()} == nodes


def test_unknown_path(tmp_path):
    """A file of a path that nothing serves is refused by name."""
    (tmp_path / "index.json").write_text('{"things.json": {"path": "/apis/example.dev/v1/things"}}')
    with pytest.raises(ValueError, match=r"things\.json"):
        replay(tmp_path)
