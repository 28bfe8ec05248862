"""Churn: deterministic, at its pace, true to its profile, and whole for a client that lists and watches."""

import json
import time
from collections import Counter

import pytest
from wire import Client

from load.churn import Churn
from load.cluster import Cluster
from load.collection import ADDED, DELETED, MODIFIED
from load.objects.population import populate
from load.objects.world import Settings, World
from load.profiles import PROFILES
from load.testing import running


def churned(profile, changes, **settings):
    """The cluster, the revision it began at, and the churn that made the changes."""
    cluster = Cluster(window=100_000)
    world = World(cluster, Settings(**{"pods": 300, "nodes": 6, **settings}))
    populate(world)
    churn, start = Churn(world, profile, rate=100.0), cluster.revision
    churn.advance(changes)
    return cluster, start, churn


def events(cluster, start, plural):
    return cluster.named(plural).since(start)


@pytest.mark.parametrize("profile", PROFILES)
def test_deterministic(profile):
    """The same seed makes the same changes, one a step, to objects that stay objects."""
    first, start, churn = churned(profile, 600)
    second, _, _ = churned(profile, 600)
    histories = [
        [
            (event.type, event.object.text())
            for collection in cluster.collections.values()
            for event in collection.history
        ]
        for cluster in (first, second)
    ]
    assert histories[0] == histories[1]
    assert churn.changes == 600
    assert 0.97 * 600 <= first.revision - start <= 600
    for _, text in histories[0]:
        assert json.loads(text)["metadata"]["uid"]


def test_steady():
    """Pods flip and restart, a few come and go, kubelets renew their leases; the number of pods stays."""
    cluster, start, _ = churned("steady", 3000)
    types = Counter(event.type for event in events(cluster, start, "pods"))
    assert types[MODIFIED] > 5 * types[ADDED] > 0
    assert types[ADDED] == pytest.approx(types[DELETED], abs=2)
    assert events(cluster, start, "leases")
    restarts = [
        event
        for event in events(cluster, start, "pods")
        if event.type == MODIFIED and _restarts(event.object) > _restarts(event.previous)
    ]
    assert restarts
    assert len(cluster.named("pods").objects) == pytest.approx(300, abs=2)
    ready = sum(_ready(obj) for obj in cluster.named("pods").objects.values())
    assert ready > 220, "the cluster decayed"


def _restarts(obj):
    return sum(status["restartCount"] for status in obj.document()["status"].get("containerStatuses", ()))


def _ready(obj):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in obj.document()["status"].get("conditions", ()))


def test_uids_of_changed_objects_stay():
    """A change keeps the uid, and whoever comes back under an old name has a new one."""
    for profile in PROFILES:
        cluster, start, _ = churned(profile, 1500)
        for collection in cluster.collections.values():
            for event in collection.since(start):
                if event.type == MODIFIED:
                    before, after = event.previous.document(), event.object.document()
                    assert before["metadata"]["uid"] == after["metadata"]["uid"], event.object.key


def test_lives():
    """No pod comes back from its deletion, and none runs on after it has ended."""
    for profile in PROFILES:
        cluster, start, _ = churned(profile, 2000)
        for event in events(cluster, start, "pods"):
            if event.type == MODIFIED:
                before = event.previous.document()
                assert "deletionTimestamp" not in before["metadata"]
                assert before["status"]["phase"] not in {"Succeeded", "Failed"}


def test_rollout():
    """A Deployment's pods are all replaced by those of a new ReplicaSet, and it is complete in the end."""
    cluster, start, churn = churned("rollout", 0)
    churn.advance(3000)
    deployments = Counter(event.object.key for event in events(cluster, start, "deployments"))
    first = next(iter(deployments))
    states = [e.object.document() for e in events(cluster, start, "deployments") if e.object.key == first]
    assert states[0]["metadata"]["generation"] < states[-1]["metadata"]["generation"] or len(states) > 1
    done = next(s for s in states if s["status"]["conditions"][0]["reason"] == "NewReplicaSetAvailable")
    assert done["status"]["readyReplicas"] == done["spec"]["replicas"]
    made = [e.object.document() for e in events(cluster, start, "replicasets") if e.type == ADDED]
    assert len(made) >= len(deployments) - 1
    owned = Counter(
        pod.document()["metadata"]["ownerReferences"][0]["uid"] for pod in cluster.named("pods").objects.values()
    )
    assert any(owned[replica_set["metadata"]["uid"]] for replica_set in made)
    history = Counter(
        obj.document()["metadata"]["ownerReferences"][0]["uid"] for obj in cluster.named("replicasets").objects.values()
    )
    assert max(history.values()) <= 4, "old ReplicaSets pile up"


def test_drain():
    """A node goes NotReady, its pods but a DaemonSet's leave it and come up elsewhere, and it is back."""
    cluster, start, _ = churned("drain", 2000)
    turns = [event.object.document() for event in events(cluster, start, "nodes")]
    ready = [doc["status"]["conditions"][-1]["status"] for doc in turns]
    assert ready[:2] == ["Unknown", "True"]
    assert turns[0]["spec"]["unschedulable"] is True
    node = turns[0]["metadata"]["name"]
    first, second = (event.revision for event in events(cluster, start, "nodes")[:2])
    between = [event for event in events(cluster, start, "pods") if first < event.revision < second]
    left = {event.previous.node for event in between if event.type == DELETED}
    came = {event.object.node for event in between if event.type == ADDED}
    assert left == {node}
    assert came
    assert node not in came


def test_jobstorm():
    """Jobs are made, run a pod, end well or badly, and are deleted with it."""
    cluster, start, _ = churned("jobstorm", 3000)
    jobs = events(cluster, start, "jobs")
    types = Counter(event.type for event in jobs)
    assert types[ADDED] >= types[DELETED] > 100
    ends = Counter()
    for event in jobs:
        for condition in event.object.document()["status"].get("conditions", ()):
            ends[condition["type"]] += event.type == MODIFIED
    assert ends["Complete"] > ends["Failed"] > 0
    assert Counter(e.type for e in events(cluster, start, "pods"))[DELETED] > 100


def test_changes_by_hand():
    """A pod that someone deletes stays deleted, and churn goes on around it."""
    cluster, start, churn = churned("steady", 0)
    pods = cluster.named("pods")
    gone = list(pods.objects)[::2]
    for key in gone:
        cluster.remove(pods, key)
    churn.advance(2000)
    returned = {event.object.key for event in pods.since(start) if event.type == ADDED} & set(gone)
    assert {key for key in returned if not key[-1].isdigit()} == set()


@pytest.mark.parametrize(("profile", "rate"), [("nonsense", 1), ("steady", -1)])
def test_refused(profile, rate):
    """An unknown profile or an impossible rate is refused."""
    with pytest.raises(ValueError, match=r"profile|zero"):
        Churn(World(Cluster(), Settings(pods=0)), profile).change(profile, rate)


def test_mirror():
    """A client that lists in pages and then watches holds what the server holds, whatever changed meanwhile."""
    with running(pods=300, nodes=5, churn="3000/s") as server:
        client = Client(server.url)
        for profile in PROFILES:
            server.churn(profile, 3000)
            mirror, token = {}, ""
            while True:
                listed = client.request("GET", f"/api/v1/pods?limit=20{token}").json()
                mirror |= {item["metadata"]["uid"]: item for item in listed["items"]}
                if "continue" not in listed["metadata"]:
                    break
                token = f"&continue={listed['metadata']['continue']}"
            version = listed["metadata"]["resourceVersion"]
            with client.watch(f"/api/v1/pods?watch=true&resourceVersion={version}") as watch:
                time.sleep(0.2)
                server.churn(rate=0)
                count = 0
                while (event := watch.event(seconds=0.6)) is not None:
                    count += 1
                    obj = event["object"]
                    uid = obj["metadata"]["uid"]
                    assert (uid in mirror) == (event["type"] != ADDED)
                    mirror[uid] = {key: value for key, value in obj.items() if key not in {"kind", "apiVersion"}}
                    if event["type"] == DELETED:
                        del mirror[uid]
            assert count > 50, profile
            listed = client.request("GET", "/api/v1/pods").json()
            assert mirror == {item["metadata"]["uid"]: item for item in listed["items"]}, profile


def test_pace():
    """As many changes a second as asked for, and none at zero."""
    with running(pods=100) as server:
        start = time.monotonic()
        server.churn("steady", 200)
        time.sleep(1.0)
        server.churn(rate=0)
        passed = time.monotonic() - start
        made = server.state()["churn"]["changes"]
        assert 100 < made <= 200 * passed + 20
        time.sleep(0.2)
        assert server.state()["churn"]["changes"] == made
