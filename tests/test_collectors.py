"""Collector configurations: their programs accept them, they find the same pods, and say how much they take."""

import pytest
import yaml
from monitored import COLLECTORS, MANIFESTS
from scrapers import told

DISCOVERIES = {"kubernetes_sd_configs", "dns_sd_configs"}


def config(name):
    return yaml.safe_load((MANIFESTS / "collectors" / f"{name}.yaml").read_text())


def scraping(name):
    """The part that has Prometheus' form."""
    document = config(name)
    return document["receivers"]["prometheus"]["config"] if name == "opentelemetry" else document


ALL = [path.stem for path in COLLECTORS]


def test_every_collector_is_here():
    """Prometheus with and without rights in the cluster, the OpenTelemetry Collector and VictoriaMetrics' agent."""
    assert set(ALL) == {"opentelemetry", "prometheus", "prometheus-dns", "vmagent"}


@pytest.mark.parametrize("name", ["opentelemetry", "prometheus", "prometheus-dns"])
def test_prometheus_accepts_it(name, tmp_path):
    """All of it; Debian's is built without Kubernetes, so that addresses stand for its discovery."""
    document = scraping(name)
    for job in document["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None):
            job["static_configs"] = [{"targets": ["127.0.0.1:1"]}]
    path = tmp_path / "prometheus.yml"
    for more, wanted in (({}, 0), ({"scrape_intervall": "1m"}, 1)):
        document["scrape_configs"][0] |= more
        path.write_text(yaml.safe_dump(document))
        status, said = told("promtool", "check", "config", path)
        assert status == wanted, said


@pytest.mark.parametrize("name", ["opentelemetry", "prometheus", "vmagent"])
def test_vmagent_accepts_it(name, tmp_path):
    """All of its own, and of the others' the discovery, which Debian's Prometheus does not know."""
    document = scraping(name)
    for job in document["scrape_configs"]:
        if name != "vmagent":
            del job["body_size_limit"]
    path = tmp_path / "scrape.yml"
    for more, wanted in (({}, 0), ({"rolle": "pod"}, 1)):
        document["scrape_configs"][0]["kubernetes_sd_configs"][0] |= more
        path.write_text(yaml.safe_dump({key: document[key] for key in ("global", "scrape_configs")}))
        status, said = told(
            "vmagent", "-dryRun", f"-promscrape.config={path}", "-remoteWrite.url=http://127.0.0.1:1/write"
        )
        assert (status != 0) == wanted, said


def test_the_pipelines_have_what_they_name():
    """Every component that a pipeline of the OpenTelemetry Collector names is configured, and none is for nothing."""
    document = config("opentelemetry")
    for part in ("receivers", "processors", "exporters"):
        named = {one for pipeline in document["service"]["pipelines"].values() for one in pipeline[part]}
        assert named == document[part].keys()
    # It is the first that sees data, and refuses it while memory is short.
    assert document["service"]["pipelines"]["metrics"]["processors"][0] == "memory_limiter"
    assert document["exporters"]["otlp"]["endpoint"] == "${env:OTLP_ENDPOINT}"


@pytest.mark.parametrize("name", ALL)
def test_they_scrape_every_pod(name):
    """The cluster's metrics keep their own labels, telemetry names its pod, and both are found pod by pod."""
    metrics, telemetry = scraping(name)["scrape_configs"]
    assert (metrics["job_name"], telemetry["job_name"]) == ("shardex", "shardex-telemetry")
    assert metrics["honor_labels"] is True
    assert "honor_labels" not in telemetry
    assert "pod" in {rule.get("target_label") for rule in telemetry["relabel_configs"]}
    # A label of the target on the cluster's metrics would stand on objects that have none of that name.
    assert {rule.get("target_label", "instance") for rule in metrics.get("relabel_configs", ())} <= {"instance"}
    for job in (metrics, telemetry):
        [discovery] = job.keys() & DISCOVERIES
        if discovery == "kubernetes_sd_configs":
            assert [one["role"] for one in job[discovery]] == ["pod"]


def test_they_agree():
    """The jobs of all that discover through Kubernetes are the same but for what the program can be told."""
    wanted = scraping("prometheus")["scrape_configs"]
    assert scraping("opentelemetry")["scrape_configs"] == wanted
    limits = {"body_size_limit", "sample_limit"}
    agent = [{key: job[key] for key in job if key != "stream_parse"} for job in scraping("vmagent")["scrape_configs"]]
    assert agent == [{key: job[key] for key in job if key not in limits} for job in wanted]


@pytest.mark.parametrize("name", ALL)
def test_they_say_their_limits(name):
    """Size and time stand in each file, in its words above and in its settings where the program has one."""
    head = (MANIFESTS / "collectors" / f"{name}.yaml").read_text().partition("\n\n")[0].partition("\nglobal")[0]
    assert "Size" in head
    assert "Time" in head or "time" in head
    document = scraping(name)
    assert (document["global"]["scrape_interval"], document["global"]["scrape_timeout"]) == ("30s", "30s")
    if name == "vmagent":
        assert "-promscrape.maxScrapeSize=1GB" in head
    else:
        assert all("body_size_limit" in job for job in document["scrape_configs"])
