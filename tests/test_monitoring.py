"""A cluster, three shards, a scaler, Prometheus as we configure it, VictoriaMetrics beside it: `make e2e`.

What is changed for the test: addresses stand for discovery, as what discovery would have said of them; a scrape is
every other second; and the alerts' windows are seconds, where a pager's are minutes.
"""

import contextlib
import math
import os
import re
import signal
from pathlib import Path

import pytest
import yaml
from monitored import DASHBOARDS, MANIFESTS, RULES, alerts, chosen, queries
from scaling import scaling
from scrapers import Prometheus, VictoriaMetrics
from tree import eventually, running
from trouble import cases, lasting

from load import testing

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("monitoring")]

SHARDS = 3
SECONDS = 90.0  # the longest wait for something that takes five
CLUSTER_ALERTS = alerts(MANIFESTS / "alerts" / "cluster.rules.yaml")
PORTS = {"http-metrics": "port", "telemetry": "telemetry_port"}
TARGETS = 2 * SHARDS + 1  # two of each shard, and the scaler
LIMITS = {"limits": {"memory": "2Gi", "cpu": "2"}}
STATEFUL_SET = {
    "spec": {
        "replicas": SHARDS,
        "serviceName": "shardex",
        "template": {"spec": {"containers": [{"name": "shardex", "resources": LIMITS}]}},
    }
}


@pytest.fixture(scope="module")
def server():
    with testing.running(pods=60, nodes=3) as server:
        yield server


@pytest.fixture(scope="module")
def shards(server):
    """The trees, each of which has been through what leaves its traces: a list refused, a watch that expired."""
    server.fault("refuse_streaming", "leases", "stream", count=SHARDS)
    server.fault("status", "leases", "list", status=500, count=SHARDS)
    with contextlib.ExitStack() as stack:
        flags = [(f"--shard={shard}", f"--total-shards={SHARDS}") for shard in range(SHARDS)]
        trees = [stack.enter_context(running(server.url, *own, ready=False)) for own in flags]
        for tree in trees:
            tree.ready(SECONDS)
        server.clear_faults()
        server.fault("gone", "configmaps", "watch", count=SHARDS)
        server.restart()
        yield trees


@pytest.fixture(scope="module")
def scaler(server, shards):
    """A dry run on the StatefulSet that the shards would be of, with a limit of every sort."""
    server.add("/apis/apps/v1/namespaces/kube-system/statefulsets/shardex", STATEFUL_SET)
    urls = ",".join(f"http://127.0.0.1:{tree.telemetry_port}" for tree in shards)
    limits = ("--scrape-body-limit=1G", "--scrape-sample-limit=6000000", "--up-window=1s")
    with scaling(server.url, "--namespace=kube-system", f"--shard-url={urls}", "--interval=1s", *limits) as scaler:
        yield scaler


def discovered(pod, port_name, port, *, app="shardex", phase="Running"):
    """A target as Kubernetes' discovery has it, on an address of this machine."""
    meta = {
        "namespace": "kube-system",
        "pod_label_app_kubernetes_io_name": app,
        "pod_container_port_name": port_name,
        "pod_name": pod,
        "pod_phase": phase,
    }
    labels = {f"__meta_kubernetes_{name}": value for name, value in meta.items()}
    return {"targets": [f"127.0.0.1:{port}"], "labels": labels}


def scraping(name, shards, scaler):
    """A collector's jobs on the trees: labels as Kubernetes' discovery gives them, from which ours are made.

    Beside them stand what is not to be scraped: a pod that is over, and one of something else.
    """
    document = yaml.safe_load((MANIFESTS / "collectors" / f"{name}.yaml").read_text())
    document["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    for job in document["scrape_configs"]:
        del job["kubernetes_sd_configs"]
        job.pop("scrape_timeout", None)
        job["static_configs"] = [
            discovered(f"shardex-{shard}", port, getattr(tree, attribute))
            for shard, tree in enumerate(shards)
            for port, attribute in PORTS.items()
        ]
        job["static_configs"].append(discovered("shardex-scaler", "metrics", scaler.port))
        job["static_configs"] += [discovered("shardex-3", port, 1, phase="Failed") for port in PORTS]
        job["static_configs"] += [discovered("web-0", port, 1, app="web") for port in PORTS]
    return document


def hastened(text):
    """Rules whose windows and waits are seconds."""
    document = yaml.safe_load(text)
    for group in document["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["expr"] = re.sub(r"\[\d+[mh]\]", "[10s]", rule["expr"])
            if "for" in rule:
                rule["for"] = "3s"
    return yaml.safe_dump(document)


@pytest.fixture(scope="module")
def prometheus(shards, scaler, tmp_path_factory):
    directory = tmp_path_factory.mktemp("prometheus")
    for path in RULES:
        (directory / path.name).write_text(hastened(path.read_text()))
    config = scraping("prometheus", shards, scaler) | {"rule_files": [str(directory / "*.rules.yaml")]}
    with contextlib.closing(Prometheus(directory, config)) as prometheus:
        eventually(lambda: prometheus.value("sum(up)") == TARGETS, SECONDS, prometheus.log)
        yield prometheus


def firing(prometheus):
    """(alert, its labels) of what fires now."""
    found = (prometheus.api("alerts") or {}).get("alerts", ())
    return [(one["labels"]["alertname"], one["labels"]) for one in found if one["state"] == "firing"]


def fires(prometheus, name, labels):
    return any(alert == name and labels.items() <= had.items() for alert, had in firing(prometheus))


@pytest.fixture(scope="module")
def trouble(server, prometheus):
    """A cluster in which everything is wrong that an alert is for, and Prometheus has seen it."""
    with lasting(server, "trouble"):
        for name, (labels, *_) in cases("trouble").items():
            eventually(lambda name=name, labels=labels: fires(prometheus, name, labels), SECONDS, name)
        yield


def test_every_shard_is_found(prometheus):
    """Two targets a pod, named by the pod, beside them the scaler, and nothing dropped."""
    pods = {f"shardex-{shard}" for shard in range(SHARDS)}
    for job, wanted in (("shardex", pods), ("shardex-telemetry", pods | {"shardex-scaler"})):
        assert {one["metric"]["instance"] for one in prometheus.vector(f'up{{job="{job}"}} == 1')} == wanted
    assert [one["lastError"] for one in prometheus.api("targets")["activeTargets"]] == [""] * TARGETS
    assert prometheus.value("count(count by (shard_ordinal) (kube_state_metrics_shard_ordinal))") == SHARDS
    eventually(lambda: prometheus.value("job:shardex_shards_missing:max") == 0, SECONDS)


def test_the_shards_are_the_cluster(prometheus, server):
    """Every object is in one shard: what Prometheus counts is what the API server has."""
    for plural, counted in (("pods", "kube_pod_info"), ("nodes", "kube_node_info"), ("secrets", "kube_secret_info")):
        assert (
            eventually(lambda counted=counted: prometheus.value(f"count({counted})"), SECONDS)
            == (server.state()["objects"][plural])
        )


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_dashboard_query_has_data(prometheus, path):
    """No panel is empty when there is something to show, and none shows what is not a number."""

    def lacking():
        values = {
            f"{panel}: {expr}": [float(one["value"][1]) for one in prometheus.vector(chosen(expr))]
            for panel, expr in queries(path)
        }
        return [query for query, found in values.items() if not found or any(map(math.isnan, found))]

    eventually(lambda: not lacking(), SECONDS, lambda: "\n".join(lacking()))


def test_every_alert_fires_and_resolves(prometheus, server):
    """Each alert on the cluster, when the cluster is told to misbehave, with the labels that name what does."""
    wanted = cases("later")
    assert wanted.keys() == CLUSTER_ALERTS.keys()
    with lasting(server, "later"):
        for name, (labels, *_) in wanted.items():
            eventually(lambda name=name, labels=labels: fires(prometheus, name, labels), SECONDS, name)
        # What is somebody's work, or a Job's to try again, wakes nobody.
        assert not fires(prometheus, "KubePodFailed", {"namespace": "later", "pod": "tried"})
        assert not fires(prometheus, "KubeNodeNotReady", {"node": "later-cordoned"})
    for name, (labels, *_) in wanted.items():
        eventually(lambda name=name, labels=labels: not fires(prometheus, name, labels), SECONDS, name)


def test_a_pod_that_hangs_is_told_of(prometheus, shards):
    """A shard that answers no more is down and missing; when it goes on, so is the alert."""
    wanted = [("ShardexShardDown", {"instance": "shardex-2", "job": "shardex"}), ("ShardexShardsMissing", {})]
    held = shards[2].processes()
    try:
        for process in held:
            process.send_signal(signal.SIGSTOP)
        for name, labels in wanted:
            eventually(lambda name=name, labels=labels: fires(prometheus, name, labels), SECONDS, name)
    finally:
        for process in reversed(held):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
    for name, labels in wanted:
        eventually(lambda name=name, labels=labels: not fires(prometheus, name, labels), SECONDS, name)


def samples(scraper):
    """(labels without those of the scraper's own, value) of every family of the cluster."""
    return sorted(
        (sorted(one["metric"].items()), float(one["value"][1]))
        for one in scraper.vector('{__name__=~"kube_.+",__name__!~"kube_state_metrics_.+"}')
    )


def test_another_scraper_reads_the_same(prometheus, shards, scaler, tmp_path):
    """VictoriaMetrics, under its own configuration, has every sample that Prometheus has, and no other."""
    config = scraping("vmagent", shards, scaler)
    del config["global"]["external_labels"]  # Prometheus adds them when it sends, not to what it keeps
    head = (Path(MANIFESTS) / "collectors" / "vmagent.yaml").read_text()
    [flag] = re.findall(r"-promscrape\.maxScrapeSize=\S+", head.partition("\nglobal")[0])[:1]
    with contextlib.closing(VictoriaMetrics(tmp_path, config, flag)) as victoria:
        eventually(lambda: victoria.value("sum(up)") == TARGETS, SECONDS, victoria.log)

        def same():
            theirs, ours = samples(victoria), samples(prometheus)
            return ours and theirs == ours and len(ours)

        assert eventually(same, SECONDS, lambda: f"{len(samples(victoria))} of {len(samples(prometheus))}") > 1000
