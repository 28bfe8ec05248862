"""A shard's telemetry page -> Shard; read with Prometheus' own parser."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from scaler.observation import Kind, Shard, Worker
from shardex.errors import ShardexError

_SLOW = 0.95  # of the scrapes are at least as fast as what is reckoned with


class PageError(ShardexError):
    """A page that is not the telemetry of a shard; the message says what it lacks."""


class Page(msgspec.Struct, frozen=True):
    """One reading.

    at           monotonic seconds
    cpu_seconds  of the workers and the front, since their start
    scrapes      (upper end in seconds, scrapes up to it), since the start, by end
    """

    at: float
    shard: Shard
    cpu_seconds: float
    scrapes: tuple[tuple[float, float], ...]


def read(name: str, text: str, at: float) -> Page:
    """The page of a shard.

    name    that the shard is to have
    raise   PageError when it is another page, or of a version that tells too little
    """
    values: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                values[sample.name].append((sample.labels, sample.value))
    except ValueError as error:
        raise PageError(f"not a page of metrics: {error}") from None
    lacking = [need for need in _NEEDED if need not in values]
    if lacking:
        raise PageError(f"not a shard's telemetry: it lacks {', '.join(lacking)}")
    return Page(at, _shard(name, values), _cpu(values), _scrapes(values))


_NEEDED = (
    "kube_state_metrics_shard_ordinal",
    "kube_state_metrics_total_shards",
    "shardex_worker_synced",
    "shardex_worker_up",
    "shardex_process_memory_bytes",
)

Values = dict[str, list[tuple[dict[str, str], float]]]


def since(page: Page, before: Page | None) -> Shard:
    """The shard with what only two readings tell: CPU in use and the time of the scrapes between them.

    A counter that went back is of a new process: then everything since its start counts, and no CPU is told.
    """
    scrapes = page.scrapes
    if before is not None and len(before.scrapes) == len(scrapes) and before.scrapes[-1:] < scrapes[-1:]:
        scrapes = tuple((end, n - m) for (end, n), (_, m) in zip(scrapes, before.scrapes, strict=True))
    cores = None
    if before is not None and page.at > before.at and page.cpu_seconds >= before.cpu_seconds:
        cores = (page.cpu_seconds - before.cpu_seconds) / (page.at - before.at)
    return msgspec.structs.replace(page.shard, cores=cores, scrape_seconds=quantile(scrapes, _SLOW))


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """What so many of the observations are at most, as Prometheus' histogram_quantile has it; None without any.

    buckets  (upper end, observations up to it), by end, the last one infinite
    """
    if not buckets or not buckets[-1][1]:
        return None
    wanted = share * buckets[-1][1]
    for (low, below), (high, upto) in pairwise([(0.0, 0.0), *buckets]):
        if upto >= wanted:
            if math.isinf(high):
                return low
            return low + (high - low) * (wanted - below) / (upto - below)
    return None


def _shard(name: str, values: Values) -> Shard:
    up = _by(values["shardex_worker_up"], "worker")
    synced = _by(values["shardex_worker_synced"], "worker")
    stale = _by(values.get("shardex_worker_stale", ()), "worker")
    memory: dict[str, float] = defaultdict(float)
    for labels, value in values["shardex_process_memory_bytes"]:
        memory[labels.get("worker", "")] += value
    arena, resident, peak, cpu = (
        _by(values.get(f"shardex_worker_{what}", ()), "worker")
        for what in ("arena_bytes", "resident_memory_bytes", "peak_memory_bytes", "cpu_seconds_total")
    )
    objects, stored = _sums(values, "shardex_objects"), _sums(values, "shardex_segment_bytes", "shardex_index_bytes")
    workers = tuple(
        Worker(
            synced=bool(up[number] and synced.get(number) and not stale.get(number) and number in memory),
            memory_bytes=int(memory.get(number, 0) + arena.get(number, 0)),
            transient_bytes=int(max(0.0, peak.get(number, 0) - resident.get(number, 0))),
            cpu_seconds=cpu.get(number, 0.0),
            objects=int(sum(objects[number].values())),
            stored_bytes=int(sum(stored[number].values())),
        )
        for number in sorted(up, key=int)
    )
    return Shard(
        name=name,
        ordinal=int(values["kube_state_metrics_shard_ordinal"][0][1]),
        total=int(values["kube_state_metrics_total_shards"][0][1]),
        shared_bytes=int(memory[""]),
        workers=workers,
        kinds=_kinds(values),
        serving=_whole(values, "shardex_shards_serving"),
        preparing=_whole(values, "shardex_shards_preparing"),
        prepared=None if (told := _whole(values, "shardex_shards_prepared")) is None else bool(told),
    )


def _kinds(values: Values) -> dict[str, Kind]:
    fields = {
        "objects": ("shardex_objects",),
        "series": ("shardex_series",),
        "text_bytes": ("shardex_text_bytes",),
        "segment_bytes": ("shardex_segment_bytes",),
        "index_bytes": ("shardex_index_bytes",),
    }
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(fields, 0.0))
    for field, names in fields.items():
        for kinds in _sums(values, *names).values():
            for plural, value in kinds.items():
                found[plural][field] += value
    # A kind that the server refuses or lacks holds nothing back, as in the exporter itself.
    excused = {labels["resource"] for labels, value in values.get("shardex_resource_excused", ()) if value}
    return {
        plural: msgspec.convert({field: int(value) for field, value in row.items()}, Kind)
        for plural, row in found.items()
        if row["objects"] or plural not in excused
    }


def _by(samples: Iterable[tuple[dict[str, str], float]], label: str) -> dict[str, float]:
    return {labels[label]: value for labels, value in samples}


def _sums(values: Values, *names: str) -> dict[str, dict[str, float]]:
    """Worker -> plural -> the sum of the named families."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name in names:
        for labels, value in values.get(name, ()):
            found[labels["worker"]][labels["resource"]] += value
    return found


def _whole(values: Values, name: str) -> int | None:
    return int(values[name][0][1]) if values.get(name) else None


def _cpu(values: Values) -> float:
    names = ("shardex_worker_cpu_seconds_total", "process_cpu_seconds_total")
    return sum(value for name in names for _, value in values.get(name, ()))


def _scrapes(values: Values) -> tuple[tuple[float, float], ...]:
    found: dict[float, float] = defaultdict(float)
    for labels, value in values.get("http_request_duration_seconds_bucket", ()):
        if labels.get("handler") == "metrics":
            found[float(labels["le"])] += value
    return tuple(sorted(found.items()))
