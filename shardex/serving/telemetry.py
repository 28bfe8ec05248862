"""shardex's own metrics: the peer's under their names, and shardex_* for what is ours; prometheus-client.

Read from what the workers published and from the board; nothing is asked of a worker that a scrape has not asked
already.
"""

import collections
import platform
import time
from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shardex import __version__
from shardex.serving.processes import memory
from shardex.serving.shards import Shards
from shardex.serving.upstream import Line, Upstream
from shardex.workers.board import Phase
from shardex.workers.notice import Notice
from shardex.workers.shardset import ShardSet
from shardex.workers.status import KindStatus, WorkerStatus, decode
from shardex.workers.watching import reloads

_PEER = "v2.20.0"
# The peer's, which are the Go client's defaults: an alert on one of them goes on working.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PHASE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry:
    """The registry of one front."""

    def __init__(self, upstream: Upstream, shard_set: ShardSet | None = None) -> None:
        # A series more for every label set, which the peer does not have.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "http_request_duration_seconds",
            "Time from the request for /metrics to the last byte of its answer.",
            ["handler", "method"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.phases = Histogram(
            "shardex_scrape_phase_seconds",
            "Time of a scrape by phase: collect (workers fold and answer), merge, send.",
            ["phase"],
            buckets=_PHASE_BUCKETS,
            registry=self.registry,
        )
        self.refused = Counter(
            "shardex_requests_refused",
            "Requests of who may not read, by the status they got.",
            ["code"],
            registry=self.registry,
        )
        self.registry.register(_Build())
        self.registry.register(Shards(upstream, shard_set))
        self.registry.register(_Workers(upstream))
        self.registry.register(_Files(upstream.board.files))
        ProcessCollector(registry=self.registry)

    def exposition(self) -> bytes:
        return bytes(generate_latest(self.registry))


class _Build(Collector):
    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "kube_state_metrics_build_info",
            "Constant 1; which exporter answers, and the kube-state-metrics version that its output equals.",
            labels=["version", "revision", "branch", "goversion", "exporter", "exporter_version", "pythonversion"],
        )
        info.add_metric([_PEER, "", "", "", "shardex", __version__, platform.python_version()], 1)
        yield info


class _Files(Collector):
    """The files that the settings come from, as the peer tells of its own; and the kubeconfig in the same way."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice

    def collect(self) -> Iterator[Metric]:
        labels = ["type", "filename"]
        hashes = GaugeMetricFamily(
            "kube_state_metrics_config_hash", "Changes when other content of the file is in effect.", labels=labels
        )
        successful = GaugeMetricFamily(
            "kube_state_metrics_last_config_reload_successful",
            "Whether what the file says is in effect; 0 when it was refused and what it said before stays.",
            labels=labels,
        )
        times = GaugeMetricFamily(
            "kube_state_metrics_last_config_reload_success_timestamp_seconds",
            "When the file was last read with success.",
            labels=labels,
        )
        for file in reloads(self._notice):
            key = [file.type, file.path]
            if file.hash is not None:
                hashes.add_metric(key, file.hash)
            successful.add_metric(key, file.successful)
            if file.since:
                times.add_metric(key, file.since)
        yield from (hashes, successful, times)


class _Workers(Collector):
    """What board and publications say, at the moment they are asked."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def collect(self) -> Iterator[Metric]:
        lines = self._upstream.lines
        yield from self._lives(lines)
        yield self._memory()
        found = [decode(view.publication.status) for view in (line.latest() for line in lines) if view is not None]
        yield from _processes(found)
        yield from _kinds(found)
        yield from _peer_counters(found)
        yield from _definitions(found)

    def _lives(self, lines: Iterable[Line]) -> Iterator[Metric]:
        names = {
            "up": "Whether the worker's process runs.",
            "synced": "Whether the worker has listed every kind once.",
            "stale": "Whether the worker's last state is served in its absence.",
            "crash_looping": "Whether the worker died too often in a row and is tried once a minute only.",
        }
        gauges = {
            name: GaugeMetricFamily(f"shardex_worker_{name}", help, labels=["worker"]) for name, help in names.items()
        }
        restarts = CounterMetricFamily(
            "shardex_worker_restarts", "Incarnations of the worker that ended.", labels=["worker"]
        )
        exits = GaugeMetricFamily(
            "shardex_worker_last_exit_code", "Exit status of the last one, or minus the signal.", labels=["worker"]
        )
        for line in lines:
            row, worker = self._upstream.board[line.worker], [str(line.worker)]
            gauges["up"].add_metric(worker, row.phase in {Phase.STARTING, Phase.READY})
            gauges["synced"].add_metric(worker, row.synced)
            gauges["stale"].add_metric(worker, line.stale())
            gauges["crash_looping"].add_metric(worker, row.phase is Phase.FAILED)
            restarts.add_metric(worker, row.restarts)
            exits.add_metric(worker, row.exit_code)
        yield from (*gauges.values(), restarts, exits)

    def _memory(self) -> Metric:
        gauge = GaugeMetricFamily(
            "shardex_process_memory_bytes",
            "Memory of the pod's processes, a page that several share counted once, without the arenas.",
            labels=["process", "worker"],
        )
        for process, worker, size in memory(self._upstream.board):
            gauge.add_metric([process, worker], size)
        return gauge


def _processes(found: Iterable[WorkerStatus]) -> Iterator[Metric]:
    rows = (
        ("shardex_worker_resident_memory_bytes", "Memory of the worker's process.", "resident_bytes"),
        ("shardex_worker_peak_memory_bytes", "The most that it ever was.", "peak_bytes"),
        ("shardex_worker_base_memory_bytes", "What it was before the first object.", "base_bytes"),
        ("shardex_worker_arena_bytes", "Shared memory that holds the worker's segments.", "arena_bytes"),
        ("shardex_worker_fold_seconds", "Time of the last fold of changes into segments.", "fold_seconds"),
    )
    found = list(found)
    for name, help, field in rows:
        gauge = GaugeMetricFamily(name, help, labels=["worker"])
        for status in found:
            gauge.add_metric([str(status.worker)], getattr(status, field))
        yield gauge
    cpu = CounterMetricFamily("shardex_worker_cpu_seconds", "CPU time, user and system.", labels=["worker"])
    for status in found:
        cpu.add_metric([str(status.worker)], status.cpu_seconds)
    yield cpu


def _kinds(found: Iterable[WorkerStatus]) -> Iterator[Metric]:
    labels = ["worker", "resource"]
    rows = (
        ("shardex_objects", "Objects that the worker holds.", "objects"),
        ("shardex_series", "Samples that the worker serves.", "series"),
        ("shardex_text_bytes", "Bytes of their text.", "text_bytes"),
        ("shardex_segment_bytes", "Bytes of the text as it is kept, compressed.", "segment_bytes"),
        ("shardex_index_bytes", "Bytes of hashes and lengths beside it.", "index_bytes"),
        ("shardex_table_bytes", "Bytes of the table by uid, and of text not compressed yet.", "table_bytes"),
    )
    gauges = [(GaugeMetricFamily(name, help, labels=labels), field) for name, help, field in rows]
    synced = GaugeMetricFamily("shardex_resource_synced", "Whether it was listed once.", labels=labels)
    refused = GaugeMetricFamily(
        "shardex_resource_excused", "Whether the server refuses or lacks it; it is tried again slowly.", labels=labels
    )
    api = GaugeMetricFamily(
        "shardex_resource_api_info", "Group and version that it is read from.", labels=[*labels, "api"]
    )
    age = GaugeMetricFamily(
        "shardex_watch_age_seconds", "Time since the server last sent anything for it.", labels=labels
    )
    events = CounterMetricFamily("shardex_events", "Listed and watched objects by type.", labels=[*labels, "type"])
    relists = CounterMetricFamily("shardex_relists", "Lists after the first, by reason.", labels=[*labels, "reason"])
    malformed = CounterMetricFamily(
        "shardex_decode_errors", "Objects left out because they cannot be decoded or rendered.", labels=labels
    )
    problems = CounterMetricFamily(
        "shardex_custom_resource_problems",
        "Samples left out because a custom object holds something else than its configuration expects.",
        labels=labels,
    )
    for status in found:
        for kind in status.kinds:
            key = [str(status.worker), kind.plural]
            for gauge, field in gauges:
                gauge.add_metric(key, getattr(kind, field))
            standings = kind.standings
            synced.add_metric(key, all(one.synced for one in standings))
            refused.add_metric(key, any(one.excused for one in standings))
            for name in sorted({one.api for one in standings if one.api}):
                api.add_metric([*key, name], 1)
            heard = [one.heard for one in standings if one.heard]
            if heard:
                age.add_metric(key, max(0.0, time.monotonic() - min(heard)))
            for type, count in _summed(one.events for one in standings):
                events.add_metric([*key, type], count)
            for reason, count in _summed(one.relists for one in standings):
                relists.add_metric([*key, reason], count)
            malformed.add_metric(key, sum(one.malformed for one in standings))
            if kind.problems is not None:
                problems.add_metric(key, kind.problems)
    yield from (*(gauge for gauge, _ in gauges), synced, refused, api, age, events, relists, malformed, problems)


def _peer_counters(found: Iterable[WorkerStatus]) -> Iterator[Metric]:
    """Calls by result and Go type name, summed over the workers, as the peer's alerts expect them."""
    lists = CounterMetricFamily("kube_state_metrics_list", "Lists, by result.", labels=["result", "resource"])
    watches = CounterMetricFamily("kube_state_metrics_watch", "Watches, by result.", labels=["result", "resource"])
    held = GaugeMetricFamily("kube_state_metrics_list_objects", "Objects kept under the limit.", labels=["resource"])
    limits = GaugeMetricFamily("kube_state_metrics_list_objects_limit", "--object-limit.", labels=["resource"])
    kinds: dict[str, list[KindStatus]] = {}
    found = list(found)
    limit = max((status.object_limit for status in found), default=0)
    for status in found:
        for kind in status.kinds:
            kinds.setdefault(kind.kind, []).append(kind)
    for name, parts in kinds.items():
        for result, count in _summed(one.lists for part in parts for one in part.standings):
            lists.add_metric([result, name], count)
        for result, count in _summed(one.watches for part in parts for one in part.standings):
            watches.add_metric([result, name], count)
        if limit:
            held.add_metric([name], sum(part.objects for part in parts))
            limits.add_metric([name], limit)
    yield from (lists, watches, held, limits)


def _definitions(found: Iterable[WorkerStatus]) -> Iterator[Metric]:
    """The peer's, which counts each definition once though every worker reads it; 0 without custom resources."""
    told = [status.definitions for status in found if status.definitions is not None]
    prefix = "kube_state_metrics_custom_resource_state"
    for verb, seen in (("add", "added"), ("update", "changed"), ("delete", "removed")):
        events = max((getattr(one, seen) for one in told), default=0)
        yield CounterMetricFamily(f"{prefix}_{verb}_events", f"CustomResourceDefinitions {seen}.", events)
    count = max((one.count for one in told), default=0)
    yield GaugeMetricFamily(f"{prefix}_cache", "CustomResourceDefinitions that there are.", count)


def _summed(counts: Iterable[dict[str, int]]) -> list[tuple[str, int]]:
    total: collections.Counter[str] = collections.Counter()
    for count in counts:
        total.update(count)
    return sorted(total.items())
