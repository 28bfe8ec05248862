"""What the pod's telemetry says of the shard set; prometheus-client."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shardex.serving.upstream import Upstream
from shardex.workers.shardset import ShardSet
from shardex.workers.share import Share, share_of
from shardex.workers.status import decode


class Shards(Collector):
    """The board's word, and how the changes of the number of shards ended.

    shard_set  None where the number never changes
    """

    def __init__(self, upstream: Upstream, shard_set: ShardSet | None) -> None:
        self._upstream = upstream
        self._shard_set = shard_set

    def collect(self) -> Iterator[Metric]:
        board = self._upstream.board
        share = share_of(board.share)
        if share is not None:
            yield from _totals(share, all(board[worker].holds == share.word for worker in range(board.workers)))
        bytes_ = GaugeMetricFamily(
            "shardex_preparation_bytes",
            "Memory of what only one of two totals shows, while the number of shards changes.",
            labels=["worker"],
        )
        for view in (line.latest() for line in self._upstream.lines):
            if view is not None:
                status = decode(view.publication.status)
                bytes_.add_metric([str(status.worker)], sum(kind.aside_bytes for kind in status.kinds))
        yield bytes_
        ended = CounterMetricFamily(
            "shardex_reshards", "Changes of the number of shards that ended, and why.", labels=["outcome", "reason"]
        )
        for labels, count in sorted(self._shard_set.outcomes.items()) if self._shard_set else ():
            ended.add_metric(labels, count)
        yield ended


def _totals(share: Share, holds: bool) -> Iterator[Metric]:
    ordinal = GaugeMetricFamily(
        "kube_state_metrics_shard_ordinal", "Ordinal of this pod's share.", labels=["shard_ordinal"]
    )
    ordinal.add_metric([str(share.shard)], share.shard)
    yield ordinal
    prepared = bool(share.preparing) and not share.overlap and holds
    for name, help, value in (
        ("kube_state_metrics_total_shards", "Shares that the objects are divided into.", share.serving),
        ("shardex_shards_serving", "Shards by which /metrics shows this pod's share.", share.serving),
        (
            "shardex_shards_preparing",
            "Shards of which this pod's share is kept beside that: prepared, or just after a change still shown; or 0.",
            share.preparing,
        ),
        ("shardex_shards_prepared", "Whether all of what is prepared is here.", int(prepared)),
    ):
        yield GaugeMetricFamily(name, help, value)
