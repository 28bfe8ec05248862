"""Generated objects: the same for a seed, of the size asked for, consistent with each other."""

import hashlib
import json
from collections import Counter

import pytest

from load.cluster import Cluster
from load.kinds import BUILTIN
from load.objects.names import uid
from load.objects.population import populate
from load.objects.world import Settings, World

# Kinds that nothing in a synthetic cluster has objects of.
EMPTY = {
    "events",
    "controllerrevisions",
    "customresourcedefinitions",
    "deviceclasses",
    "resourceclaims",
    "resourceclaimtemplates",
}


def made(**settings):
    cluster = Cluster()
    populate(World(cluster, Settings(**settings)))
    return cluster


def documents(cluster, plural):
    return [obj.document() for obj in cluster.named(plural).objects.values()]


def digest(cluster):
    text = hashlib.sha256()
    for collection in cluster.collections.values():
        for key in collection.keys:
            text.update(collection.objects[key].text())
    return text.hexdigest()


@pytest.fixture(scope="module")
def cluster():
    return made(pods=1500, nodes=30)


def test_same_seed_same_bytes():
    """A seed decides every byte, and another seed other ones."""
    assert digest(made(pods=200, seed=3)) == digest(made(pods=200, seed=3)) != digest(made(pods=200, seed=4))


def test_every_kind(cluster):
    """Every kind has objects, so that default flags of an exporter show all of them."""
    empty = {kind.plural for kind in BUILTIN if not cluster.named(kind.plural).objects}
    assert empty == EMPTY


def test_counts(cluster):
    """Pods and nodes are exactly as many as were asked for, also when few were."""
    assert len(cluster.named("pods").objects) == 1500
    assert len(cluster.named("nodes").objects) == 30
    for pods in (0, 1, 7):
        assert len(made(pods=pods).named("pods").objects) == pods


def test_size(cluster):
    """A pod is as large as asked for, on average, and holds two containers with their statuses."""
    for wanted, found in ((12_000, cluster), (20_000, made(pods=300, pod_bytes=20_000))):
        sizes = [len(obj.text()) for obj in found.named("pods").objects.values()]
        assert sum(sizes) / len(sizes) == pytest.approx(wanted, rel=0.05)
    assert {len(pod["spec"]["containers"]) for pod in documents(cluster, "pods")} == {2}


def test_objects_are_api_objects(cluster):
    """Keys, uids, versions and times are as an API server writes them; nothing is left to be filled in."""
    uids = Counter()
    for collection in cluster.collections.values():
        for key, obj in collection.objects.items():
            text = obj.text()
            assert b"\\u0000" not in text, key
            assert b"\\u0001" not in text, key
            meta = json.loads(text)["metadata"]
            assert key == (f"{meta['namespace']}/{meta['name']}" if collection.kind.namespaced else meta["name"])
            assert meta["resourceVersion"] == str(obj.version)
            assert len(meta["uid"]) == 36
            uids[meta["uid"]] += 1
            assert meta["creationTimestamp"].endswith("Z")
    assert max(uids.values()) == 1


def test_owners(cluster):
    """Whoever a pod or a ReplicaSet says owns it exists and has that uid."""
    owners = {
        (kind, doc["metadata"].get("namespace"), doc["metadata"]["name"]): doc["metadata"]["uid"]
        for kind, plural in (
            ("Deployment", "deployments"),
            ("ReplicaSet", "replicasets"),
            ("StatefulSet", "statefulsets"),
            ("DaemonSet", "daemonsets"),
            ("Job", "jobs"),
            ("CronJob", "cronjobs"),
        )
        for doc in documents(cluster, plural)
    }
    checked = Counter()
    for plural in ("pods", "replicasets", "jobs"):
        for doc in documents(cluster, plural):
            (owner,) = doc["metadata"]["ownerReferences"]
            assert owners[owner["kind"], doc["metadata"]["namespace"], owner["name"]] == owner["uid"]
            checked[owner["kind"]] += 1
    assert set(checked) == {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"}


def test_deployments(cluster):
    """A Deployment's counts are those of its pods."""
    ready = Counter()
    for pod in documents(cluster, "pods"):
        conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", ())}
        alive = "deletionTimestamp" not in pod["metadata"]
        instance = pod["metadata"]["namespace"], pod["metadata"]["labels"]["app.kubernetes.io/instance"]
        ready[instance] += alive and conditions.get("Ready") == "True" and pod["status"]["phase"] == "Running"
    for deployment in documents(cluster, "deployments"):
        key = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        assert deployment["status"].get("readyReplicas", 0) == ready[key]
        applied = deployment["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
        assert json.loads(applied)["spec"]["replicas"] == deployment["spec"]["replicas"]


def test_pods(cluster):
    """Some pods wait, crash, fail and end well, in the proportions of a cluster that works."""
    pods = documents(cluster, "pods")
    phases = Counter(pod["status"]["phase"] for pod in pods)
    assert phases["Running"] > 0.8 * phases.total()
    assert min(phases[phase] for phase in ("Pending", "Failed", "Succeeded")) > 0
    waiting = Counter(
        status["state"]["waiting"]["reason"]
        for pod in pods
        for status in pod["status"].get("containerStatuses", ())
        if "waiting" in status["state"]
    )
    assert {"CrashLoopBackOff", "ContainerCreating", "ImagePullBackOff"} <= set(waiting)
    nodes = {node["metadata"]["name"] for node in documents(cluster, "nodes")}
    placed = {pod["spec"].get("nodeName") for pod in pods}
    assert placed == nodes | {None}
    assert any("initContainers" in pod["spec"] for pod in pods)


def test_kinds():
    """Only the kinds asked for are kept."""
    cluster = made(pods=50, kinds=frozenset({"pods", "nodes"}))
    assert {c.kind.plural for c in cluster.collections.values() if c.objects} == {"pods", "nodes"}


def test_uid():
    """Uids are RFC 4122 version 4."""
    import random
    import uuid

    rng = random.Random(1)
    for _ in range(100):
        parsed = uuid.UUID(uid(rng))
        assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)
