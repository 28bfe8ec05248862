"""A real Prometheus and its own checker read what we serve: Debian's, which .ci/tools unpacks into .venv/debian."""

import contextlib
import json
import re
import socket

import pytest
from helpers import DATA
from kubeconfigs import certificates, kubeconfig
from scrapers import Prometheus, told
from tree import eventually, get, running

from load import testing
from shardex.resources import RESOURCES

pytestmark = pytest.mark.slow

OBJECTS = DATA / "conformance" / "objects" / "pub"
EVERYTHING = (
    f"--resources={','.join(RESOURCES)}",
    "--metric-labels-allowlist=*=[*]",
    "--metric-annotations-allowlist=*=[*]",
    "--metric-opt-in-list=.*",
)


@pytest.fixture(scope="module")
def tree():
    with testing.running(objects=OBJECTS) as server, running(server.url, *EVERYTHING, workers=2) as tree:
        yield tree


def checked(text):
    return told("promtool", "check", "metrics", text=text)


def test_the_checker_finds_nothing(tree):
    """promtool parses every family of every kind, and its rules for names find nothing either; telemetry likewise."""
    for text in (tree.metrics().text, get(tree.telemetry_port, "/metrics").text):
        assert checked(text) == (0, "")


def test_the_checker_would_find_something(tree):
    """A half line and a family that stands twice are errors to it, so its silence means something."""
    text = tree.metrics().text
    first = text[: text.index("\n", text.index("\nkube_")) + 1]
    for broken in (text[:-10], text + first, text.replace('"', "", 1)):
        status, _ = checked(broken)
        assert status != 0


def every_second(targets, **how):
    """A configuration that scrapes each target once a second; `how` are more settings of every one."""
    jobs = [
        {"job_name": name, "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}], **how}
        for name, port in targets.items()
    ]
    return {"scrape_configs": jobs}


@pytest.fixture(scope="module")
def spy():
    """A target that listens to what a Prometheus says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


@pytest.fixture(scope="module")
def prometheus(tree, spy, tmp_path_factory):
    directory = tmp_path_factory.mktemp("prometheus")
    targets = {"shardex": tree.port, "telemetry": tree.telemetry_port, "spy": spy.getsockname()[1]}
    with contextlib.closing(Prometheus(directory, every_second(targets))) as prometheus:
        yield prometheus


def test_both_ports_are_up(prometheus):
    """With nothing configured but the address every scrape succeeds: what Prometheus asks for by itself is answered."""
    for job in ("shardex", "telemetry"):
        eventually(lambda job=job: prometheus.value(f'up{{job="{job}"}}') == 1, 30.0, lambda: prometheus.api("targets"))
    ours = [one for one in prometheus.api("targets")["activeTargets"] if one["labels"]["job"] != "spy"]
    assert [(one["health"], one["lastError"]) for one in ours] == [("up", "")] * 2


def test_it_takes_every_sample(prometheus, tree):
    """As many samples are scraped as there are sample lines, and none is dropped as a duplicate or out of order."""
    lines = [line for line in tree.metrics().text.split("\n") if line and not line.startswith("#")]
    ours = sum(map(len, tree.scrape().samples.values()))
    assert ours == len(lines)
    taken = eventually(lambda: prometheus.value('scrape_samples_scraped{job="shardex"}'), 30.0)
    assert taken == ours
    series = len(tree.scrape().samples)
    stored = eventually(lambda: prometheus.value('count({__name__=~"kube_.+",job="shardex"})'), 30.0)
    assert stored == series


def test_values_arrive(prometheus, tree):
    """A value that a dashboard shows is the value that was served, labels and all."""
    series, (wanted,) = next(
        item for item in tree.scrape().samples.items() if item[0].name == "kube_deployment_created"
    )
    labels = ",".join(f"{name}={json.dumps(value)}" for name, value in series.labels)
    assert eventually(lambda: prometheus.value(f"{series.name}{{{labels}}}"), 30.0) == wanted


def test_it_asks_for_openmetrics_and_gets_it(prometheus, tree, spy):
    """The headers that a Prometheus sends by default are answered with OpenMetrics, compressed."""
    assert prometheus.process.poll() is None
    connection, _ = spy.accept()
    with connection:
        connection.settimeout(10)
        said = connection.recv(4096).decode()
    headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", said, re.MULTILINE))
    answer = get(tree.port, "/metrics", {name: headers[name] for name in ("Accept", "Accept-Encoding")})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.text.endswith("\n# EOF\n")


def test_through_every_door(tmp_path):
    """With TLS, a client certificate and a token that the API server knows, as one configures it for any exporter."""
    certificates(tmp_path)
    web = tmp_path / "web.yml"
    web.write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
        "client_auth_type: RequireAndVerifyClientCert}"
    )
    with testing.running(pods=300, token=("own:shardex", "scraper:prometheus")) as server:
        config = kubeconfig(tmp_path / "config", {"token": "own"}, server=server.url)
        flags = (f"--kubeconfig={config}", f"--tls-config={web}", "--auth-filter")
        with running("", *flags, workers=2, ready=False) as tree:
            targets = {"shardex": tree.port, "telemetry": tree.telemetry_port}
            files = {"ca_file": "ca.crt", "cert_file": "client.crt", "key_file": "client.key"}
            tls = {name: str(tmp_path / file) for name, file in files.items()}
            how = {"scheme": "https", "tls_config": tls, "authorization": {"credentials": "scraper"}}
            with contextlib.closing(Prometheus(tmp_path, every_second(targets, **how))) as prometheus:
                up = lambda: [prometheus.value(f'up{{job="{job}"}}') for job in targets] == [1, 1]
                eventually(up, 60.0, lambda: f"{prometheus.api('targets')}\n{tree.log()}")
                assert eventually(lambda: prometheus.value("count(kube_pod_info)"), 30.0) == 300
