"""Files that change under a running process tree: what is new comes, what both have stays, what is wrong is refused."""

import contextlib
import socket
import threading

import pytest
import yaml
from kubeconfigs import kubeconfig
from tree import eventually, running

from load import testing

pytestmark = pytest.mark.slow


@pytest.fixture
def server():
    with testing.running(pods=120) as server:
        yield server


def say(path, **settings):
    """Write a --config file with the peer's keys."""
    path.write_text(yaml.safe_dump(settings))


@contextlib.contextmanager
def kept(tree):
    """Scrapes without a pause while the block runs: each must be whole and have every series that was there before."""
    wanted = set(tree.scrape().samples)
    stop, faults, count = threading.Event(), [], []

    def scrape():
        while not stop.is_set():
            answer = tree.metrics(accept_encoding="gzip")
            lost = wanted if answer.status != 200 else wanted - set(answer.exposition.samples)
            if lost:
                faults.append((answer.status, answer.text[:300], sorted(lost)[:3]))
            count.append(answer.status)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not faults, faults[0]
    assert len(count) > 3


def renewed(tree, before):
    """Wait until every worker is another process than before, and has listed everything."""

    def everyone():
        told = [tree.told("shardex_worker_synced", worker=str(number)) for number in range(len(before))]
        return all(told) and not set(tree.workers()) & set(before)

    return eventually(everyone, 60.0, tree.log)


def successful(tree, path, type="config"):
    return tree.told("kube_state_metrics_last_config_reload_successful", type=type, filename=str(path))


def families(tree):
    return set(tree.scrape().types)


def test_a_changed_file_is_taken(server, tmp_path):
    """A kind, a family and labels come; every scrape meanwhile is whole, and no series is lost that both have."""
    path = tmp_path / "config.yaml"
    base = {"resources": {"pods": {}, "nodes": {}}}
    say(path, **base, metric_denylist={"kube_pod_info": {}}, labels_allow_list={"nodes": ["*"]})
    with running(server.url, f"--config={path}", "--resources=secrets", workers=2) as tree:
        hashed = tree.told("kube_state_metrics_config_hash", type="config", filename=str(path))
        assert not {"kube_pod_info", "kube_namespace_created", "kube_secret_info"} & families(tree)
        before = tree.workers()
        server.fault("delay", "pods", seconds=1.0, count=-1)  # so that many scrapes find a worker that is listing
        with kept(tree):
            base["resources"] |= {"namespaces": {}}
            say(path, **base, labels_allow_list={"nodes": ["*"], "pods": ["*"]})
            renewed(tree, before)
        samples = tree.scrape().samples
        assert {"kube_pod_info", "kube_namespace_created"} <= families(tree)
        assert any(len(series.labels) > 3 for series in samples if series.name == "kube_pod_labels")
        assert sum(series.name == "kube_pod_info" for series in samples) == 120
        assert successful(tree, path) == 1
        assert tree.told("kube_state_metrics_config_hash", type="config", filename=str(path)) != hashed
        assert "ERROR" not in tree.log()


def test_a_config_map_is_swapped(server, tmp_path):
    """Kubernetes renames a link above the files of a mounted ConfigMap."""
    for number, resource in enumerate(("configmaps", "namespaces")):
        (tmp_path / f"..{number}").mkdir()
        say(tmp_path / f"..{number}" / "config.yaml", resources={resource: {}})
    (tmp_path / "..data").symlink_to("..0")
    path = tmp_path / "config.yaml"
    path.symlink_to("..data/config.yaml")
    with running(server.url, f"--config={path}") as tree:
        assert "kube_namespace_created" not in families(tree)
        (tmp_path / "..data_tmp").symlink_to("..1")
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")
        eventually(lambda: "kube_namespace_created" in families(tree), 60.0, tree.log)
        assert "kube_configmap_info" not in families(tree)


def test_a_wrong_file_changes_nothing(server, tmp_path):
    """The old settings stay, the log has every fault, telemetry says so; once the file is mended it is taken."""
    path = tmp_path / "config.yaml"
    say(path, resources={"namespaces": {}})
    with running(server.url, f"--config={path}") as tree:
        before, samples = tree.workers(), tree.scrape().samples
        since = "kube_state_metrics_last_config_reload_success_timestamp_seconds"
        taken = tree.told(since, type="config", filename=str(path))
        say(path, resources={"namespacez": {}}, prt=1, shard="x")
        eventually(lambda: successful(tree, path) == 0, 30.0, tree.log)
        (refusal,) = [line for line in tree.log().splitlines() if "reload refused, the old settings stay" in line]
        assert "ERROR" in refusal
        for fault in (
            "prt: there is no such key (did you mean port?)",
            "'namespacez'",
            "--shard=x: not a whole number",
        ):
            assert fault in refusal
        assert tree.workers() == before
        assert tree.scrape().samples == samples
        assert tree.told(since, type="config", filename=str(path)) == taken
        path.unlink()
        eventually(lambda: f"--config={path}: no such file" in tree.log(), 30.0, tree.log)
        say(path, resources={"namespaces": {}, "nodes": {}})
        eventually(lambda: "kube_node_info" in families(tree), 60.0, tree.log)
        assert successful(tree, path) == 1


def test_a_file_that_comes_later(server, tmp_path):
    """--continue-without-config: the flags count until it is there; when it goes they count again."""
    path = tmp_path / "config.yaml"
    flags = [f"--config={path}", "--continue-without-config", "--resources=configmaps"]
    with running(server.url, *flags) as tree:
        assert successful(tree, path) is None
        say(path, resources={"namespaces": {}})
        eventually(lambda: "kube_namespace_created" in families(tree), 60.0, tree.log)
        path.unlink()
        eventually(lambda: "kube_namespace_created" not in families(tree), 60.0, tree.log)
        assert successful(tree, path) is None
        assert "ERROR" not in tree.log()


def test_a_kubeconfig_with_another_token(tmp_path):
    """A new token is used by every worker; one that the server does not know is refused, and nobody is ended for it."""
    path = tmp_path / "kubeconfig"
    with testing.running(pods=50, token=("one", "two")) as server:
        kubeconfig(path, {"token": "one"}, server=server.url)
        with running("", f"--kubeconfig={path}", "--resources=pods", workers=2) as tree:
            before = tree.workers()
            kubeconfig(path, {"token": "three"}, server=server.url)
            eventually(lambda: successful(tree, path, "kubeconfig") == 0, 30.0, tree.log)
            assert "reload refused, the old settings stay: 401" in tree.log()
            assert tree.workers() == before
            with kept(tree):
                kubeconfig(path, {"token": "two"}, server=server.url)
                renewed(tree, before)
            assert successful(tree, path, "kubeconfig") == 1
            server.tokens({"token": "one", "user": "nobody", "allowed": False}, {"token": "two"})
            server.restart()
            server.add("/api/v1/namespaces/default/pods/another")
            eventually(lambda: 'pod="another"' in tree.metrics().text, 60.0, tree.log)
            assert tree.told("shardex_resource_excused", worker="0", resource="pods") == 0
            assert "three" not in tree.log()


def test_a_server_that_does_not_answer(server, tmp_path):
    """Who knows the objects is not ended for one who could not list them."""
    path = tmp_path / "config.yaml"
    say(path, resources={"namespaces": {}}, apiserver=server.url)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with running("", f"--config={path}") as tree:
        before, samples = tree.workers(), tree.scrape().samples
        say(path, resources={"namespaces": {}}, apiserver=f"http://127.0.0.1:{port}")
        eventually(lambda: successful(tree, path) == 0, 30.0, tree.log)
        assert "reload refused, the old settings stay: no connection" in tree.log()
        assert (tree.workers(), tree.scrape().samples) == (before, samples)


def test_a_worker_that_is_not_ready_takes_it_at_once(server, tmp_path):
    """What it is listing is not wanted any more: settings that made it wait for ever are mended without a restart."""
    path = tmp_path / "config.yaml"
    say(path, resources={"pods": {}, "namespaces": {}})
    server.fault("delay", "pods", seconds=600.0, count=-1)
    with running(server.url, f"--config={path}", workers=2, ready=False) as tree:
        eventually(lambda: tree.readyz().status == 503 and "pods" in tree.readyz().text, what=tree.log)
        say(path, resources={"namespaces": {}})
        tree.ready(60.0)
        assert "kube_namespace_created" in families(tree)
