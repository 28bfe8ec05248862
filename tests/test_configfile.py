"""--config: the peer's keys and rules, whose values go before the command line, and every fault with its key."""

from pathlib import Path

import pytest
import yaml

from shardex.cli import main
from shardex.configfile import settled
from shardex.errors import OptionsError

KNOWN = ("pods", "nodes", "services", "deployments")

#: the flags that every case begins with
FLAGS = {
    "resources": "pods",
    "namespaces": "one",
    "metric-labels-allowlist": "pods=[app]",
    "host": "127.0.0.1",
    "port": "9000",
    "server-read-timeout": "7s",
    "use-apiserver-cache": "true",
}


@pytest.fixture
def options(tmp_path):
    """The options of a file's text and the flags."""

    def read(text, **flags):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return settled({"config": str(path)} | FLAGS | flags, KNOWN, lambda: 3)

    return read


@pytest.mark.parametrize(
    ("text", "field", "want"),
    [
        # What the file says goes before the flag, and what it leaves open stays.
        ("port: 9999", "port", 9999),
        ("telemetry_port: 9001", "port", 9000),
        ("", "port", 9000),
        ("# port: 9999", "port", 9000),
        ("port:", "port", 9000),
        ('host: ""', "host", ""),
        # Scalars are what they are written as: YAML's other types are not the settings'.
        ("host: 0123", "host", "0123"),
        ("host: on", "host", "on"),
        ('port: "9999"', "port", 9999),
        # Booleans are YAML 1.1's.
        ("use_api_server_cache: no", "use_apiserver_cache", False),
        ("use_api_server_cache: False", "use_apiserver_cache", False),
        ("enable_gzip_encoding: off", "enable_gzip_encoding", False),
        ("track_unscheduled_pods: yes", "track_unscheduled_pods", True),
        # Durations are Go's; a bare number is nanoseconds.
        ("server_read_timeout: 1m30s", "server_read_timeout", 90.0),
        ("server_read_timeout: 2000000000", "server_read_timeout", 2.0),
        ("server_read_timeout: 0", "server_read_timeout", 0.0),
        # Sets are maps and replace the flag's; an empty map says nothing, null clears.
        ("resources: {nodes: {}, services: {}}", "resources", ("nodes", "services")),
        ("resources:\n  nodes:\n  services:\n", "resources", ("nodes", "services")),
        ("resources: [nodes, services, nodes]", "resources", ("nodes", "services")),
        ("resources: {}", "resources", ("pods",)),
        ("resources:", "resources", ()),
        ("namespaces: [two, three]", "namespaces", ("two", "three")),
        ("namespaces: []", "namespaces", ()),
        ("namespaces_denylist: [four]", "namespaces_denylist", ("four",)),
        ('metric_allowlist: {"kube_pod_.{1,3}": {}}', "metric_allowlist", ("kube_pod_.{1,3}",)),
        ("metric_denylist: {kube_pod_info: {}}", "metric_denylist", ("kube_pod_info",)),
        ("metric_opt_in_list: {kube_pod_info: {}}", "metric_opt_in_list", ("kube_pod_info",)),
        # Allow lists replace the flag's too, an empty one as well.
        ("labels_allow_list: {nodes: [zone, a/*]}", "metric_labels_allowlist", {"nodes": ("zone", "a/*")}),
        ("labels_allow_list: {'*': ['*'], pods: }", "metric_labels_allowlist", {"*": ("*",), "pods": ()}),
        ("labels_allow_list: {}", "metric_labels_allowlist", {}),
        ("annotations_allow_list: {pods: [note]}", "metric_annotations_allowlist", {"pods": ("note",)}),
        ("metric_labels_allowlist: {pods: [b]}", "metric_labels_allowlist", {"pods": ("b",)}),
        # Our own settings have keys in the same manner, with dashes if one likes.
        ("workers: 5", "workers", 5),
        ("stale-segments-ttl: 1m", "stale_segments_ttl", 60.0),
        ("auto-gomemlimit: true\nhelp: false\nport: 1", "port", 1),  # without effect, as the flags are
        ("\ufeffport: 1", "port", 1),
    ],
)
def test_a_value_of_the_file(options, text, field, want):
    """Each key and form, as the peer's decoder takes it."""
    assert getattr(options(text), field) == want


def test_the_documented_example(options):
    """The file in the documentation is one."""
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    found = options(page.split("```yaml\n")[1].split("```")[0], resources="nodes")
    assert (found.resources, found.namespaces) == (("pods", "deployments"), ("shop", "billing"))
    assert found.metric_labels_allowlist == {"pods": ("app.kubernetes.io/name", "team-*")}
    assert (found.server_read_timeout, found.stale_segments_ttl) == (30.0, 600.0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("resorces: {}", "resorces: there is no such key (did you mean resources?)"),
        ("label_allow_list: {}", "label_allow_list: there is no such key (did you mean labels_allow_list?)"),
        ("frobnicate: 1", "frobnicate: there is no such key"),
        ("config: other.yaml", "config: for the command line only"),
        ("check: true", "check: for the command line only"),
        ("port: [1]", "port: a single value is expected"),
        ("namespaces: one", "namespaces: a list of texts, or a map with them as keys, is expected"),
        ("resources: [[pods]]", "resources: a list of texts, or a map with them as keys, is expected"),
        (
            "labels_allow_list: {pods: app}",
            "labels_allow_list: not lists of keys by resource: Expected `array | null`, got `str` - at `$[...]`",
        ),
        ("labels_allow_list: {pods: ['*a*']}", "labels_allow_list: pods: *a* has more than one *"),
        (
            "use_api_server_cache: true\nuse-apiserver-cache: false",
            "use-apiserver-cache: stands there as use_api_server_cache too",
        ),
        ("port: 1\nport: 2", "line 2, column 1: 'port' stands twice in its map"),
        ("port: 1\n---\nport: 2", "the file holds more than one document; only the first is read"),
        ("- port", "not a map of settings"),
        ("port: 1", None),
    ],
)
def test_a_wrong_file(options, text, fault):
    """What does not fit is named by file and key."""
    if fault is None:
        assert options(text)
        return
    with pytest.raises(OptionsError) as caught:
        options(text)
    [found] = caught.value.faults
    assert found.startswith("--config=")
    assert found.endswith(f"config.yaml: {fault}")


@pytest.mark.parametrize("text", ["port: [", "port: {a: b", "\tport: 1", "a: &x [*y]"])
def test_no_yaml(options, text):
    """A broken document is one fault, with the place."""
    with pytest.raises(OptionsError, match=r"config\.yaml: not YAML: .*line 1") as caught:
        options(text)
    assert len(caught.value.faults) == 1


def test_every_fault_at_once(options):
    """Those of keys, of the file's values and of the flags together; a value says which key it comes from."""
    with pytest.raises(OptionsError) as caught:
        options("nonsense: 1\nport: x\nshard: 3\nmetric_denylist: {a: {}}", metric_allowlist="b", v="y")
    faults = caught.value.faults
    path = faults[0].removeprefix("--config=").partition(": ")[0]
    assert faults == [
        f"--config={path}: nonsense: there is no such key",
        f"--port=x: not a whole number (port in {path})",
        "--v=y: not a whole number",
        f"--shard=3: from 0 to 0, since --total-shards=1 (shard in {path})",
    ]


def test_a_fault_of_both(options):
    """The lists exclude each other wherever they stand."""
    with pytest.raises(OptionsError, match=r"--metric-denylist.*\(metric_denylist in .*config\.yaml\)"):
        options("metric_denylist: {a: {}}", **{"metric-allowlist": "b"})


def test_a_file_that_is_not_there(tmp_path):
    """It is a fault, unless told to start without it: then the flags alone count."""
    given = {"config": str(tmp_path / "none.yaml"), "port": "1"}
    with pytest.raises(OptionsError, match=r"none\.yaml: no such file \(--continue-without-config starts without it\)"):
        settled(given, KNOWN, lambda: 1)
    assert settled(given | {"continue-without-config": "true"}, KNOWN, lambda: 1).port == 1
    with pytest.raises(OptionsError) as caught:
        settled(given | {"continue-without-config": "perhaps"}, KNOWN, lambda: 1)
    assert caught.value.faults == ["--continue-without-config=perhaps: true or false"]


@pytest.mark.parametrize("content", [None, b"port: \xff"], ids=["a directory", "Latin-1"])
def test_a_file_that_cannot_be_read(tmp_path, content):
    """That it may be missing does not excuse one that is there."""
    path = tmp_path / "config.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(OptionsError, match="Is a directory" if content is None else "not UTF-8"):
        settled({"config": str(path), "continue-without-config": "true"}, KNOWN, lambda: 1)


def test_the_command_line(tmp_path, capsys, monkeypatch):
    """The file is read at start and again at each reload; what is wrong ends the start with 2."""
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"resources": {"pods": {}}, "apiserver": "http://127.0.0.1:1"}))
    seen = []

    def run(options, again):
        path.write_text(yaml.safe_dump({"resources": {"nodes": {}}}))
        seen.extend((options, again()))
        return 0

    monkeypatch.setattr("shardex.run.run", run)
    assert main([f"--config={path}", "--resources=services"]) == 0
    assert [(options.resources, options.apiserver) for options in seen] == [
        (("pods",), "http://127.0.0.1:1"),
        (("nodes",), ""),
    ]
    path.write_text("port: x\nresources: {podz: {}}\nports: 1\n")
    assert main([f"--config={path}", "--shard=y"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].partition("=")[0].strip() for line in said[:-1]] == [
        "--config", "--shard", "--port", "--resources",
    ]  # fmt: skip
