"""shardex's own metrics: the peer's under the peer's names, the right values, readable by an independent parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from published import told, workers

from shardex import __version__
from shardex.kube.notes import Standing
from shardex.options import parse
from shardex.serving.telemetry import Telemetry
from shardex.serving.upstream import Upstream
from shardex.workers.board import Phase
from shardex.workers.share import Share
from shardex.workers.status import DefinitionsStatus, KindStatus
from shardex.workers.watching import Watch, files, look

#: the peer's own metrics that alerts and dashboards use: name -> (type, labels)
PEERS = {
    "kube_state_metrics_build_info": ("gauge", {"version", "revision", "branch", "goversion"}),
    "kube_state_metrics_list": ("counter", {"resource", "result"}),
    "kube_state_metrics_watch": ("counter", {"resource", "result"}),
    "kube_state_metrics_shard_ordinal": ("gauge", {"shard_ordinal"}),
    "kube_state_metrics_total_shards": ("gauge", set()),
    "kube_state_metrics_config_hash": ("gauge", {"type", "filename"}),
    "kube_state_metrics_last_config_reload_successful": ("gauge", {"type", "filename"}),
    "kube_state_metrics_last_config_reload_success_timestamp_seconds": ("gauge", {"type", "filename"}),
    "http_request_duration_seconds": ("histogram", {"handler", "method"}),
    "kube_state_metrics_custom_resource_state_add_events": ("counter", set()),
    "kube_state_metrics_custom_resource_state_update_events": ("counter", set()),
    "kube_state_metrics_custom_resource_state_delete_events": ("counter", set()),
    "kube_state_metrics_custom_resource_state_cache": ("gauge", set()),
    "kube_state_metrics_list_objects": ("gauge", {"resource"}),
    "kube_state_metrics_list_objects_limit": ("gauge", {"resource"}),
}
#: the peer's buckets: the Go client's defaults
BUCKETS = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"]

PODS = Standing(
    "pods",
    synced=True,
    api="v1",
    heard=1.0,
    lists={"success": 2, "error": 1},
    watches={"success": 5},
    relists={"Expired": 1},
    events={"OBJECT": 30, "BOOKMARK": 4},
    malformed=2,
)
NODES = Standing("nodes", excused="403 Forbidden: no", error="403 Forbidden: no", lists={"error": 3})


GADGETS = "gadgets.v1.example.dev"


def kind(plural, name, *standings, objects=0, problems=None):
    return KindStatus(plural, name, objects, objects * 4, objects * 100, objects * 20, objects * 8, standings, problems)


@pytest.fixture
def page(tmp_path):
    """The families by name, of two workers that have told the same, the second of which is away."""
    (tmp_path / "config.yaml").write_text("v: 4\n")
    (tmp_path / "kubeconfig").write_text("{}")
    watched = parse({"config": str(tmp_path / "config.yaml"), "kubeconfig": str(tmp_path / "kubeconfig")}, (), int)
    with workers(2) as (board, found):
        watch = Watch(board.files, look(files(watched)), 1700000000.0)
        (tmp_path / "kubeconfig").write_text("{")
        watch.trying()
        watch.refused(0.0)
        for worker in found:
            kinds = (
                kind("nodes", "*v1.Node", NODES),
                kind("pods", "*v1.Pod", PODS, objects=10),
                kind(GADGETS, "*unstructured.Unstructured", Standing(GADGETS), problems=3),
            )
            defined = DefinitionsStatus(count=5, added=7 + worker.number, changed=4, removed=2)
            memory = {"resident_bytes": 7 << 20}
            more = {"cpu_seconds": 1.5, "fold_seconds": 0.25, "definitions": defined, "object_limit": 100}
            status = told(worker.number, *kinds, **memory, **more)
            worker.start(status=status)
            board.sync(worker.number, synced=True)
        board.share = Share(1, 3).word
        upstream = Upstream(board, [worker.front_end for worker in found], 300.0, answer_seconds=0.2)
        telemetry = Telemetry(upstream)
        upstream.refresh(fold=True)
        found[1].stop(Phase.FAILED)
        board.died(1, -9)
        upstream.refresh(fold=False)
        telemetry.requests.labels("metrics", "get").observe(0.3)
        telemetry.phases.labels("merge").observe(0.002)
        text = telemetry.exposition().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(page, family, suffix="", **labels):
    (found,) = [s.value for s in page[family].samples if s.name == family + suffix and s.labels == labels]
    return found


@pytest.mark.parametrize("name", PEERS)
def test_the_peers_names_types_and_labels(page, name):
    """Alerts on kube-state-metrics itself go on working; a label more does not disturb them."""
    type, labels = PEERS[name]
    assert page[name].type == type
    for sample in page[name].samples:
        assert set(sample.labels) - {"le"} >= labels


def test_counters_are_printed_with_their_suffix(page):
    """kube_state_metrics_list_total is what the peer's alerts ask for."""
    assert {sample.name for sample in page["kube_state_metrics_list"].samples} == {"kube_state_metrics_list_total"}
    assert {sample.name for sample in page["kube_state_metrics_watch"].samples} == {"kube_state_metrics_watch_total"}


def test_no_series_of_creation_times(page):
    """The peer has none, and each would stand beside every histogram and counter."""
    assert not [name for name in page if name.endswith("_created")]


def test_build_info(page):
    """Which exporter this is, and whose output it equals."""
    (sample,) = page["kube_state_metrics_build_info"].samples
    assert sample.value == 1
    assert sample.labels["version"] == "v2.20.0"
    assert (sample.labels["exporter"], sample.labels["exporter_version"]) == ("shardex", __version__)


def test_shares(page):
    """The ordinal stands in the label and in the value, as the peer has it."""
    assert value(page, "kube_state_metrics_shard_ordinal", shard_ordinal="1") == 1
    assert value(page, "kube_state_metrics_total_shards") == 3


def test_definitions_count_once(page):
    """Every worker reads all of them; one that started later has seen fewer events."""
    prefix = "kube_state_metrics_custom_resource_state"
    for verb, count in (("add", 8), ("update", 4), ("delete", 2)):
        assert value(page, f"{prefix}_{verb}_events", "_total") == count
    assert value(page, f"{prefix}_cache") == 5


def test_problems_of_custom_kinds(page):
    """By worker and kind; built-in kinds have no such series."""
    problems = page["shardex_custom_resource_problems"].samples
    assert {(sample.labels["worker"], sample.labels["resource"]): sample.value for sample in problems} == {
        ("0", GADGETS): 3,
        ("1", GADGETS): 3,
    }


def test_files_of_settings(page, tmp_path):
    """What is in effect of each, since when, and that the kubeconfig's last change was refused; it has no hash."""
    config = {"type": "config", "filename": str(tmp_path / "config.yaml")}
    kubeconfig = {"type": "kubeconfig", "filename": str(tmp_path / "kubeconfig")}
    reload = "kube_state_metrics_last_config_reload_success"
    assert value(page, f"{reload}ful", **config) == 1
    assert value(page, f"{reload}ful", **kubeconfig) == 0
    assert value(page, f"{reload}_timestamp_seconds", **config) == 1700000000.0
    assert value(page, f"{reload}_timestamp_seconds", **kubeconfig) == 1700000000.0
    # The first six bytes of `printf 'v: 4\n' | md5sum`, the least significant first.
    (hashed,) = page["kube_state_metrics_config_hash"].samples
    assert (hashed.labels, hashed.value) == (config, 0xC7B90FB8BBA9)


def test_calls_are_summed_over_workers(page):
    """The peer's counters know no workers."""
    for result, count in (("success", 4), ("error", 2)):
        assert value(page, "kube_state_metrics_list", "_total", resource="*v1.Pod", result=result) == count
    assert value(page, "kube_state_metrics_list", "_total", resource="*v1.Node", result="error") == 6
    assert value(page, "kube_state_metrics_watch", "_total", resource="*v1.Pod", result="success") == 10


def test_the_limit_of_objects(page):
    """What is held of each kind beside what may be; without --object-limit neither is told."""
    assert value(page, "kube_state_metrics_list_objects", resource="*v1.Pod") == 20
    assert value(page, "kube_state_metrics_list_objects_limit", resource="*v1.Pod") == 100


def test_request_durations(page):
    """The peer's buckets, and each request in those that hold it."""
    buckets = {
        sample.labels["le"]: sample.value
        for sample in page["http_request_duration_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    assert list(buckets) == BUCKETS
    assert (buckets["0.25"], buckets["0.5"]) == (0, 1)
    assert value(page, "http_request_duration_seconds", "_count", handler="metrics", method="get") == 1


@pytest.mark.parametrize(
    ("family", "suffix", "wanted"),
    [
        ("shardex_worker_up", "", (1, 0)),
        ("shardex_worker_synced", "", (1, 0)),
        ("shardex_worker_stale", "", (0, 1)),
        ("shardex_worker_crash_looping", "", (0, 1)),
        ("shardex_worker_restarts", "_total", (0, 1)),
        ("shardex_worker_last_exit_code", "", (0, -9)),
        ("shardex_worker_resident_memory_bytes", "", (7 << 20, 7 << 20)),
        ("shardex_worker_fold_seconds", "", (0.25, 0.25)),
        ("shardex_worker_cpu_seconds", "_total", (1.5, 1.5)),
    ],
)
def test_workers(page, family, suffix, wanted):
    """Each worker by its number: the one that runs, and the one that is away."""
    assert tuple(value(page, family, suffix, worker=str(number)) for number in range(2)) == wanted


@pytest.mark.parametrize(
    ("family", "suffix", "labels", "wanted"),
    [
        ("shardex_objects", "", {"resource": "pods"}, 10),
        ("shardex_series", "", {"resource": "pods"}, 40),
        ("shardex_text_bytes", "", {"resource": "pods"}, 1000),
        ("shardex_segment_bytes", "", {"resource": "pods"}, 200),
        ("shardex_index_bytes", "", {"resource": "pods"}, 80),
        ("shardex_resource_synced", "", {"resource": "pods"}, 1),
        ("shardex_resource_synced", "", {"resource": "nodes"}, 0),
        ("shardex_resource_excused", "", {"resource": "nodes"}, 1),
        ("shardex_resource_excused", "", {"resource": "pods"}, 0),
        ("shardex_resource_api_info", "", {"resource": "pods", "api": "v1"}, 1),
        ("shardex_events", "_total", {"resource": "pods", "type": "OBJECT"}, 30),
        ("shardex_relists", "_total", {"resource": "pods", "reason": "Expired"}, 1),
        ("shardex_decode_errors", "_total", {"resource": "pods"}, 2),
    ],
)
def test_kinds(page, family, suffix, labels, wanted):
    """Each kind of each worker: what it holds and what it met."""
    assert value(page, family, suffix, worker="0", **labels) == wanted


def test_ages(page):
    """A watch that was never heard has no age; one that was has the time since."""
    aged = {sample.labels["resource"] for sample in page["shardex_watch_age_seconds"].samples}
    assert aged == {"pods"}
    assert value(page, "shardex_watch_age_seconds", worker="0", resource="pods") > 0


def test_every_family_says_what_it_is(page):
    """Help and type for all of it, the process's own metrics too."""
    assert {"process_resident_memory_bytes", "process_cpu_seconds", "process_open_fds"} <= set(page)
    assert all(family.documentation and family.type != "unknown" for family in page.values())
