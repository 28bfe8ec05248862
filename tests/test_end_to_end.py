"""The laws, on whole process trees: nothing partial, nothing lost, nobody held up, everything said."""

import contextlib
import re
import socket
from collections import Counter

import pytest
from scraping import Scraping
from tree import eventually, get, running

from load import testing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quiet():
    """A cluster in which nothing changes."""
    with testing.running(pods=300) as server:
        yield server


@pytest.fixture
def server():
    """A cluster of one test's own, with a churn that begins when it is told to."""
    with testing.running(pods=300) as server:
        yield server


def created(answer):
    """The series that every object has for as long as it exists."""
    assert answer.status == 200, answer.text
    return set(re.findall(r"^\w+_created\{.*\}", answer.text, re.MULTILINE))


def count(answer, family):
    return answer.text.count(f"\n{family}{{")


def test_nothing_is_served_before_everything_is_listed(server):
    """503 at /metrics and /readyz, naming the kind that is late, until it is there; liveness does not care."""
    server.fault("delay", "pods", seconds=2.0, count=-1)
    with running(server.url, workers=2, ready=False) as tree:
        eventually(lambda: "pods: being listed" in (said := tree.metrics().text) and "nodes" not in said)
        for answer in (tree.metrics(), tree.readyz()):
            assert answer.status == 503
            assert re.search(r"worker [01]: pods: being listed", answer.text)
        assert get(tree.port, "/livez").status == get(tree.port, "/healthz").status == 200
        assert tree.told("shardex_resource_synced", worker="0", resource="pods") == 0
        server.clear_faults()
        tree.ready()
        assert count(tree.metrics(), "kube_pod_created") == 300


def test_partial_states_are_served_on_request(server):
    """--serve-partial: what is there already is a 200, as the peer has it."""
    server.fault("delay", "pods", seconds=2.0, count=-1)
    with running(server.url, "--serve-partial", ready=False) as tree:
        found = eventually(lambda: a if (a := tree.metrics()).status == 200 and "kube_node_info" in a.text else None)
        assert "kube_pod_created" not in found.text
        assert tree.readyz().status == 503
        server.clear_faults()
        tree.ready()
        assert count(tree.metrics(), "kube_pod_created") == 300


def test_a_refused_kind_holds_nothing_back(server):
    """403: everything else is served and ready; what is refused is in the log, with its reason, and in telemetry."""
    server.fault("status", "secrets", status=403, count=-1)
    with running(server.url, workers=2) as tree:
        families = tree.scrape().types
        assert "kube_configmap_info" in families
        assert "kube_secret_info" not in families
        assert re.search(r"WARN .* secrets: Excused: 403 Forbidden", tree.log())
        told = tree.telemetry()
        for worker in ("0", "1"):
            assert told["shardex_resource_excused", ("resource", "secrets"), ("worker", worker)] == 1
            assert told["shardex_resource_excused", ("resource", "pods"), ("worker", worker)] == 0
        refused = "kube_state_metrics_watch_total", ("resource", "*v1.Secret"), ("result", "error")
        assert told[refused] >= 2


def test_a_server_that_is_gone():
    """What is known goes on being served, alive and ready; that nothing is heard any more is told."""
    with contextlib.ExitStack() as until_gone:
        server = until_gone.enter_context(testing.running(pods=100))
        with running(server.url, workers=2) as tree:
            samples = tree.scrape().samples
            until_gone.close()
            lost = "kube_state_metrics_watch_total"
            eventually(lambda: (tree.told(lost, resource="*v1.Pod", result="error") or 0) >= 2, what=tree.log)
            assert get(tree.port, "/livez").status == 200
            assert tree.readyz().status == 200
            assert tree.scrape().samples == samples
            assert [tree.told("shardex_worker_restarts_total", worker=str(n)) for n in range(2)] == [0, 0]
            ages = [v for (name, *_), v in tree.telemetry().items() if name == "shardex_watch_age_seconds"]
            assert max(ages) > 0


def test_a_server_that_lacks_an_api(server):
    """The kind is read from its older API; readiness does not wait for the newer; telemetry tells which it is."""
    versions = [{"name": "v1beta1", "served": True, "storage": True}]
    names = {"plural": "cronjobs", "kind": "CronJob"}
    spec = {"group": "batch", "scope": "Namespaced", "names": names, "versions": versions}
    server.add("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cronjobs.batch", {"spec": spec})
    server.add("/apis/batch/v1beta1/namespaces/n/cronjobs/nightly", {"spec": {"schedule": "@hourly"}})
    with running(server.url, "--resources=cronjobs,pods") as tree:
        assert 'kube_cronjob_info{namespace="n",cronjob="nightly"' in tree.metrics().text
        labels = {"worker": "0", "resource": "cronjobs"}
        assert tree.told("shardex_resource_api_info", **labels, api="batch/v1beta1") == 1
        assert tree.told("shardex_resource_excused", **labels) == 0
        assert tree.told("shardex_resource_api_info", worker="0", resource="pods", api="v1") == 1


def test_a_server_that_is_never_there():
    """It does not come up: 503 with the reason by kind, alive, and an orderly end."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))  # without listening: nobody else can have the port, and who connects is refused
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        tree = stack.enter_context(running(url, "--resources=pods", ready=False))
        answer = eventually(lambda: a if "refused" in (a := tree.metrics()).text else None, what=tree.log)
        assert answer.status == 503
        assert re.search(r"worker 0: pods: .*[Cc]onnection refused", answer.text)
        assert get(tree.port, "/livez").status == 200
        assert tree.end() == 0


def test_a_killed_worker_costs_no_series(server):
    """Law 3: while a worker comes back, in the middle of churn, every scrape has every object that stays."""
    with running(server.url, workers=2) as tree:
        server.churn("steady", 100)
        with Scraping(tree) as scraping:
            scraping.more(3)
            tree.kill(tree.workers()[1])
            eventually(lambda: tree.told("shardex_worker_restarts_total", worker="1") == 1, what=tree.log)
            eventually(lambda: tree.told("shardex_worker_synced", worker="1") == 1, 30.0, tree.log)
            scraping.more(5)
        server.churn("steady", 0)
        states = [created(answer) for answer in scraping.answers]
        stayed = set.intersection(states[0], states[-1])
        assert len(stayed) > 500
        assert [len(stayed - state) for state in states] == [0] * len(states)
        assert len({still(answer) for answer in scraping.answers}) == 1
        eventually(lambda: same_objects(tree, server), what="everything that churned arrived")


def still(answer):
    """Every sample of kinds in which nothing changes."""
    found = re.findall(
        r"^kube_(?:configmap|secret|service|namespace|persistentvolume)\w*\{.*", answer.text, re.MULTILINE
    )
    assert len(found) > 200
    return frozenset(found)


def same_objects(tree, server):
    """Whether the exposition has as many objects of each kind as the cluster."""
    found = Counter(series.name for series in tree.scrape().samples)
    objects = server.state()["objects"]
    kinds = {"pods": "pod", "nodes": "node", "deployments.apps": "deployment", "replicasets.apps": "replicaset"}
    return all(found[f"kube_{kind}_created"] == objects[plural] for plural, kind in kinds.items())


def test_a_stale_state_is_served_for_its_time_only(server):
    """--stale-segments-ttl: past it a worker that does not come back makes scrapes fail, with the reason."""
    with running(server.url, "--stale-segments-ttl=8s", workers=2) as tree:
        samples = tree.scrape().samples
        server.fault("status", "pods", status=503, count=-1)
        tree.kill(tree.workers()[0])
        assert tree.scrape().samples == samples
        refused = eventually(lambda: refusal(tree, r"worker 0: pods: .*503"), 40.0, tree.log)
        assert "worker 1" not in refused.text
        assert tree.readyz().status == 503
        assert tree.told("shardex_worker_stale", worker="0") == 1
        server.clear_faults()
        tree.ready()
        assert tree.scrape().samples == samples


def refusal(tree, said):
    """The answer to a scrape, once it is a 503 that says so."""
    answer = tree.metrics()
    return answer if answer.status == 503 and re.search(said, answer.text) else None


def test_a_relist_is_never_half_shown(server):
    """Law 2: an expired watch is listed anew beside what is served; no scrape has fewer objects meanwhile."""
    with running(server.url, "--resources=pods,nodes", workers=2) as tree:
        before = tree.metrics()
        with Scraping(tree) as scraping:
            server.fault("status", "pods", verb="watch", status=410, count=2)
            server.fault("slow", "pods", verb="stream", bytes_per_second=3_000_000, count=-1)
            server.restart()
            lists = ("kube_state_metrics_list_total", {"resource": "*v1.Pod", "result": "success"})
            eventually(lambda: tree.told(lists[0], **lists[1]) == 4, 30.0, tree.log)
            scraping.more(3)
        relists = [v for (name, *_), v in tree.telemetry().items() if name == "shardex_relists_total"]
        assert sum(relists) == 2
        assert len(scraping.answers) > 10
        for answer in scraping.answers:
            assert count(answer, "kube_pod_created") == 300
            assert answer.text.count("# TYPE ") == before.text.count("# TYPE ")
        assert tree.scrape() == before.exposition


def test_changes_arrive(server):
    """An object that comes is in a scrape at once, one that changes has its new value, one that goes is gone."""
    with running(server.url, workers=2) as tree:
        path = "/api/v1/namespaces/default/configmaps/fresh"
        for change in ({"data": {}}, {"metadata": {"labels": {"a": "b"}}}):
            version = server.add(path, change) if "data" in change else server.modify(path, change)
            wanted = f'kube_configmap_metadata_resource_version{{namespace="default",configmap="fresh"}} {version}\n'
            eventually(lambda wanted=wanted: wanted in tree.metrics().text, what=wanted)
        server.delete(path)
        eventually(lambda: 'configmap="fresh"' not in tree.metrics().text, what="it is gone")


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_make_no_difference(quiet, workers):
    """The exposition of several workers is that of one: same series, same values, none twice."""
    with running(quiet.url, workers=1) as tree:
        one = tree.scrape()
    with running(quiet.url, workers=workers) as tree:
        assert tree.scrape() == one
        objects = [
            v
            for (n, *labels), v in tree.telemetry().items()
            if n == "shardex_objects" and ("resource", "pods") in labels
        ]
        assert len(objects) == workers
        assert min(objects) > 300 / workers / 2
    assert max(len(values) for values in one.samples.values()) == 1


def test_shards_add_up(quiet):
    """Law 1: three pods' shares are the whole, and no sample is in two of them, however many workers each has."""
    with running(quiet.url) as tree:
        whole = tree.scrape().samples
    total = {}
    for shard in range(3):
        with running(quiet.url, f"--shard={shard}", "--total-shards=3", workers=1 + shard % 2) as tree:
            assert tree.told("kube_state_metrics_shard_ordinal", shard_ordinal=str(shard)) == shard
            assert tree.told("kube_state_metrics_total_shards") == 3
            part = tree.scrape().samples
        assert not part.keys() & total.keys()
        assert len(part) > len(whole) / 6
        total |= part
    assert total == whole


def test_gzip_and_identity_are_equal(quiet):
    """Byte for byte, in both formats."""
    with running(quiet.url, workers=2) as tree:
        for accept in ("text/plain", "application/openmetrics-text;version=1.0.0"):
            packed = tree.metrics(accept=accept, accept_encoding="gzip")
            plain = tree.metrics(accept=accept)
            assert (packed.headers["Content-Encoding"], plain.headers["Content-Encoding"]) == ("gzip", None)
            assert packed.body == plain.content
            assert len(packed.content) * 4 < len(plain.content)
