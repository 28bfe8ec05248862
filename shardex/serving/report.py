"""How the pod stands, as one document: /status.json, and what the status page shows.

Read from the board and from what the workers published, as the telemetry is; a worker that is away shows its last word.
"""

import time
from collections.abc import Iterable

import msgspec

from shardex import __version__
from shardex.serving.upstream import Line, Upstream
from shardex.workers.share import Share, share_of
from shardex.workers.status import KindStatus, WorkerStatus, decode


class KindReport(msgspec.Struct, frozen=True):
    """One kind over all workers, or one worker's part of it.

    text_bytes         of its exposition
    kept_bytes         that it costs in memory: compressed text, hashes and lengths
    synced             whether every worker has listed it once
    excused            why the server does not give it (403, 404); "" when it does
    error              the last fault; "" while the watch runs
    watch_age_seconds  since the server last sent anything for it, the longest; None before it ever did
    malformed          objects left out
    """

    plural: str
    objects: int
    series: int
    text_bytes: int
    kept_bytes: int
    synced: bool
    excused: str
    error: str
    watch_age_seconds: float | None
    relists: int
    malformed: int


class ShardReport(msgspec.Struct, frozen=True):
    """One worker; its numbers are those of its last word.

    shard    ordinal of the pod's share, and of the worker's part of it
    phase    starting, ready, backoff, failed, stopping
    stale    whether its last state is served in its absence
    missing  kinds that were not listed yet, with the reason
    """

    shard: str
    phase: str
    synced: bool
    stale: bool
    restarts: int
    last_exit_code: int
    objects: int
    series: int
    text_bytes: int
    kept_bytes: int
    resident_bytes: int
    peak_bytes: int
    cpu_seconds: float
    watch_age_seconds: float | None
    error: str
    missing: dict[str, str]


class Totals(msgspec.Struct, frozen=True):
    """Sums over the workers.

    skew_ratio  objects of the fullest worker over the mean; 1 is even, 0 is empty
    """

    objects: int
    series: int
    text_bytes: int
    kept_bytes: int
    resident_bytes: int
    skew_ratio: float


class Sharding(msgspec.Struct, frozen=True):
    """Which share of the cluster this pod serves; of 0 shares while that is not known.

    preparing  shares of which it keeps its own besides, while their number changes; 0 for none
    """

    ordinal: int
    total: int
    preparing: int = 0


class Report(msgspec.Struct, frozen=True):
    """The whole of it.

    ready    what /readyz says
    refused  kinds that the server does not give, with its reason
    """

    version: str
    time_seconds: float
    ready: bool
    sharding: Sharding
    totals: Totals
    shards: tuple[ShardReport, ...]
    kinds: tuple[KindReport, ...]
    refused: dict[str, str]


def report(upstream: Upstream, ready: bool) -> Report:
    """What is known now; nothing is asked of the workers here."""
    now = time.monotonic()
    told = [(line, _told(line)) for line in upstream.lines]
    share = share_of(upstream.board.share) or Share(0, 0)
    shards = tuple(_shard(line, status, upstream, share.shard, now) for line, status in told)
    parts: dict[str, list[KindReport]] = {}
    for _, status in told:
        for kind in status.kinds if status else ():
            parts.setdefault(kind.plural, []).append(_kind(kind, now))
    kinds = tuple(sorted(map(_joined, parts.values()), key=lambda kind: (-kind.kept_bytes, kind.plural)))
    return Report(
        version=__version__,
        time_seconds=time.time(),
        ready=ready,
        sharding=Sharding(share.shard, share.serving, share.preparing),
        totals=_totals(shards),
        shards=shards,
        kinds=kinds,
        refused={kind.plural: kind.excused for kind in sorted(kinds, key=lambda kind: kind.plural) if kind.excused},
    )


def _told(line: Line) -> WorkerStatus | None:
    view = line.latest()
    return None if view is None or not view.publication.status else decode(view.publication.status)


def _shard(line: Line, status: WorkerStatus | None, upstream: Upstream, ordinal: int, now: float) -> ShardReport:
    row = upstream.board[line.worker]
    kinds = [_kind(kind, now) for kind in status.kinds] if status else []
    faults = [f"{kind.plural}: {kind.error}" for kind in kinds if kind.error and not kind.excused]
    return ShardReport(
        shard=f"{ordinal}.{line.worker}",
        phase=row.phase.name.lower(),
        synced=row.synced,
        stale=line.stale(),
        restarts=row.restarts,
        last_exit_code=row.exit_code,
        objects=sum(kind.objects for kind in kinds),
        series=sum(kind.series for kind in kinds),
        text_bytes=sum(kind.text_bytes for kind in kinds),
        kept_bytes=sum(kind.kept_bytes for kind in kinds),
        resident_bytes=status.resident_bytes if status else 0,
        peak_bytes=max(status.peak_bytes, status.resident_bytes) if status else 0,
        cpu_seconds=status.cpu_seconds if status else 0.0,
        watch_age_seconds=_oldest(kind.watch_age_seconds for kind in kinds if not kind.excused),
        error="; ".join(faults),
        missing={} if row.synced else line.missing(),
    )


def _kind(kind: KindStatus, now: float) -> KindReport:
    standings = kind.standings
    return KindReport(
        plural=kind.plural,
        objects=kind.objects,
        series=kind.series,
        text_bytes=kind.text_bytes,
        kept_bytes=kind.segment_bytes + kind.index_bytes,
        synced=all(one.synced for one in standings),
        excused=next((one.excused for one in standings if one.excused), ""),
        error=next((one.error for one in standings if one.error), ""),
        watch_age_seconds=_oldest(max(0.0, now - one.heard) for one in standings if one.heard),
        relists=sum(sum(one.relists.values()) for one in standings),
        malformed=sum(one.malformed for one in standings),
    )


def _joined(parts: list[KindReport]) -> KindReport:
    return KindReport(
        plural=parts[0].plural,
        objects=sum(part.objects for part in parts),
        series=sum(part.series for part in parts),
        text_bytes=sum(part.text_bytes for part in parts),
        kept_bytes=sum(part.kept_bytes for part in parts),
        synced=all(part.synced for part in parts),
        excused=next((part.excused for part in parts if part.excused), ""),
        error=next((part.error for part in parts if part.error), ""),
        watch_age_seconds=_oldest(part.watch_age_seconds for part in parts),
        relists=sum(part.relists for part in parts),
        malformed=sum(part.malformed for part in parts),
    )


def _totals(shards: tuple[ShardReport, ...]) -> Totals:
    objects = [shard.objects for shard in shards]
    mean = sum(objects) / len(objects)
    return Totals(
        objects=sum(objects),
        series=sum(shard.series for shard in shards),
        text_bytes=sum(shard.text_bytes for shard in shards),
        kept_bytes=sum(shard.kept_bytes for shard in shards),
        resident_bytes=sum(shard.resident_bytes for shard in shards),
        skew_ratio=max(objects) / mean if mean else 0.0,
    )


def _oldest(ages: Iterable[float | None]) -> float | None:
    return max((age for age in ages if age is not None), default=None)
