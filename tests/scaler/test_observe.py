"""observe() against a synthetic API server and shards that answer: what is whole, and each thing that is not."""

import contextlib
import ssl

import msgspec
import pytest
from kubeconfigs import certificates
from observing import answering, page, shard

from scaler.cluster import Cluster, ClusterError, as_set
from scaler.observation import Reason
from scaler.observe import Observer, disagreements
from scaler.options import parse

KINDS = {"pods": 120}


def options(server, *urls, **more):
    given = {"apiserver": server.url, "namespace": "monitoring", "resources": "pods", "shard-timeout": "5s"}
    return parse(given | {"shard-url": ",".join(urls)} | more)


def observed(server, *urls, **more):
    given = options(server, *urls, **more)
    return Observer(given, Cluster(given)).observe(1000.0)


def reasons(observation):
    return [str(fault.reason) for fault in observation.faults]


def test_everything_is_there(server, set_path):
    """Counts, the StatefulSet's limits and the shard's page make an observation without faults."""
    with answering([page(shard(objects=KINDS))]) as urls:
        found = observed(server, *urls)
    assert found.faults == ()
    assert found.objects == KINDS
    assert (found.set.replicas, found.set.container) == (1, "shardex")
    assert (found.set.memory_limit, found.set.cpu_limit) == (256 * 2**20, 2.0)
    assert [one.ordinal for one in found.shards] == [0]


def test_counting_lists_one_object(server, set_path):
    """A count is a list of one object's metadata, whatever the number, and a kind that does not exist is 0."""
    server.clear_requests()
    cluster = Cluster(options(server))
    assert cluster.count(["v1"], "pods", ()) == 120
    assert cluster.count(["batch/v2", "batch/v3"], "jobs", ()) == 0
    names = [f"ns-{number}" for number in range(2)]
    assert cluster.count(["v1"], "pods", names) == 0
    found = observed(server, resources="pods,gadgets.v1.example.com,nodes")
    assert found.objects == {"pods": 120, "gadgets.v1.example.com": 0, "nodes": 0}
    assert [one["query"] for one in server.requests("list", "gadgets")] == [{"limit": "1"}]
    [whole, *_] = server.requests("list", "pods")
    assert whole["query"] == {"limit": "1"}


def test_counting_within_namespaces(server, set_path):
    """The numbers of namespaces add up to that of the cluster."""
    cluster = Cluster(options(server))
    page = cluster.request("GET", "/api/v1/pods")
    spaces = sorted({item["metadata"]["namespace"] for item in page["items"]})
    assert len(spaces) > 1
    assert cluster.count(["v1"], "pods", spaces) == 120
    assert 0 < cluster.count(["v1"], "pods", spaces[:1]) < 120


@pytest.mark.parametrize(
    ("fault", "more"),
    [("status", {"status": 403}), ("status", {"status": 500})],
    ids=["forbidden", "broken"],
)
def test_objects_that_cannot_be_counted(server, set_path, fault, more):
    """A kind that the server does not tell is a fault that names it; the others are counted."""
    server.fault(fault, "configmaps", "list", count=-1, **more)
    with answering([page(shard(objects=KINDS))]) as urls:
        found = observed(server, *urls, resources="pods,configmaps")
    assert reasons(found) == [Reason.OBJECTS_UNKNOWN]
    assert found.faults[0].message.startswith("configmaps: ")
    assert found.objects == KINDS


def test_a_server_that_is_away(server):
    """Nobody answers: everything is unknown, and nothing is raised."""
    given = parse({"apiserver": "http://127.0.0.1:1", "resources": "pods"})
    found = Observer(given, Cluster(given)).observe(0.0)
    assert reasons(found) == [Reason.SHARDS_UNKNOWN, Reason.OBJECTS_UNKNOWN]
    assert found.set is None


@contextlib.contextmanager
def behind_the_service(server, url):
    """The only pod of the headless Service is at this address."""
    slices = "/apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices/shardex-x"
    endpoint = {"addresses": ["127.0.0.1"], "targetRef": {"kind": "Pod", "name": "shardex-0"}}
    labels = {"kubernetes.io/service-name": "shardex"}
    ports = [{"name": "metrics", "port": 1}, {"name": "telemetry", "port": int(url.rpartition(":")[2])}]
    server.add(slices, {"metadata": {"labels": labels}, "endpoints": [endpoint], "ports": ports})
    try:
        yield
    finally:
        server.delete(slices)


def test_shards_found_by_the_service(server, set_path):
    """Pods behind the headless Service are asked by name and port; one without an address is missing."""
    server.modify(set_path, {"spec": {"replicas": 2, "serviceName": "shardex"}})
    with answering([page(shard(total=2, objects=KINDS))]) as urls, behind_the_service(server, urls[0]):
        found = observed(server)
    assert [one.name for one in found.shards] == ["shardex-0"]
    assert found.faults[0].reason == Reason.SHARD_MISSING
    assert "shardex-1" in found.faults[0].message


def test_shards_found_by_the_service_over_tls(server, set_path, tmp_path):
    """--shard-scheme is theirs: the EndpointSlice says nothing of TLS."""
    certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    with answering([page(shard(objects=KINDS))], context=context) as urls, behind_the_service(server, urls[0]):
        more = {"shard-scheme": "https", "shard-ca-file": str(tmp_path / "ca.crt")}
        assert observed(server, **more).faults == ()
        assert reasons(observed(server)) == [Reason.SHARD_MISSING]


def test_a_shard_that_does_not_answer(server, set_path):
    """503, another page, or nobody there: the shard is missing, with what it said."""
    with answering([None, "up 1\n"]) as urls:
        found = observed(server, *urls, "http://127.0.0.1:1")
    assert [fault.reason for fault in found.faults][:3] == [Reason.SHARD_MISSING] * 3
    assert "answered 503" in found.faults[0].message
    assert "not a shard's telemetry" in found.faults[1].message


def pods(total, *ordinals, **more):
    return [shard(ordinal, total, objects={"pods": 100 * total}, **more) for ordinal in ordinals or range(total)]


PREPARING = msgspec.structs.replace(shard(), serving=1, preparing=2)
HALF = msgspec.structs.replace(shard(objects={"pods": 600}), total=1)


@pytest.mark.parametrize(
    ("shards", "objects", "wanted"),
    [
        (pods(2), {"pods": 200}, []),
        (pods(2), {"pods": 230}, []),
        ([], {"pods": 200}, []),
        (pods(2, synced=False), {"pods": 200}, [Reason.SHARD_UNSYNCED] * 2),
        (pods(2, 0, 0), {"pods": 200}, [Reason.SHARDS_DISAGREE]),
        ([*pods(2, 0), *pods(3, 1)], {"pods": 200}, [Reason.SHARDS_DISAGREE]),
        ([PREPARING], {"pods": 1000}, [Reason.RESIZE_UNDER_WAY]),
        ([HALF], {"pods": 1000}, [Reason.COUNTS_DISAGREE]),
        ([HALF], {"pods": 300}, [Reason.COUNTS_DISAGREE]),
    ],
    ids=["whole", "a moment apart", "none yet", "unsynced", "twice", "totals", "preparing", "too few", "too many"],
)
def test_disagreements(shards, objects, wanted):
    """What does not fit together is named by what it is."""
    assert [fault.reason for fault in disagreements(shards, None, objects)] == wanted


def test_a_stateful_set_without_limits():
    """Where there are no limits they are 0, and a set says 1 when it says nothing of replicas."""
    found = as_set({"metadata": {"name": "x", "namespace": "y"}, "spec": {}})
    assert (found.replicas, found.memory_limit, found.cpu_limit, found.container) == (1, 0, 0, "")


def test_errors_of_the_server_are_told(server):
    """An answer that is none becomes one error with the server's own words."""
    with pytest.raises(ClusterError, match=r"404 .*not found") as caught:
        Cluster(options(server)).set("monitoring", "nobody")
    assert caught.value.status == 404


def test_a_watch_of_the_set(server, set_path):
    """It starts with what is there; a server that ends it with an error, or refuses it, is told as such."""
    cluster = Cluster(options(server))
    watch = cluster.watch_set("monitoring", "shardex", 30)
    assert next(watch)["spec"]["replicas"] == 1
    cluster.patch_set("monitoring", "shardex", {"spec": {"replicas": 2}})
    assert next(watch)["spec"]["replicas"] == 2
    watch.close()
    server.fault("error_event", "statefulsets", "watch", status=410)
    with pytest.raises(ClusterError) as ended:
        list(cluster.watch_set("monitoring", "shardex", 30))
    assert ended.value.status == 410
    server.fault("status", "statefulsets", "watch", status=403)
    with pytest.raises(ClusterError, match="403") as refused:
        list(cluster.watch_set("monitoring", "shardex", 30))
    assert refused.value.status == 403
