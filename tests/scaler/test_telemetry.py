"""A shard's page, read; the real one by way of the exporter's own renderer."""

import math

import msgspec
import pytest
from observing import page, shard
from published import told, workers

from scaler.telemetry import PageError, quantile, read, since
from shardex.kube.notes import Standing
from shardex.serving.telemetry import Telemetry
from shardex.serving.upstream import Upstream
from shardex.workers.share import Share
from shardex.workers.status import KindStatus

BUCKETS = ((0.1, 0.0), (0.5, 90.0), (1.0, 100.0), (math.inf, 100.0))


def test_a_real_page():
    """What the exporter tells of itself arrives whole."""
    with workers(2) as (board, found):
        for worker in found:
            kinds = (KindStatus("pods", "*v1.Pod", 10, 510, 90_000, 900, 100, (Standing("pods", synced=True),)),)
            gone = (KindStatus("jobs", "*v1.Job", 0, 0, 0, 0, 0, (Standing("jobs", excused="403 Forbidden"),)),)
            status = told(worker.number, *kinds, *gone, resident_bytes=7 << 20, cpu_seconds=1.5)
            worker.start(status=status)
            board.sync(worker.number, synced=True)
        board.share = Share(1, 3).word
        upstream = Upstream(board, [worker.front_end for worker in found], 300.0, answer_seconds=0.2)
        telemetry = Telemetry(upstream)
        upstream.refresh(fold=True)
        telemetry.requests.labels("metrics", "get").observe(0.2)
        text = telemetry.exposition().decode()
    found = read("shardex-1", text, 5.0)
    one = since(found, None)
    assert (one.name, one.ordinal, one.total, one.serving, one.preparing) == ("shardex-1", 1, 3, 3, 0)
    assert len(one.workers) == 2
    assert all(worker.objects == 10 and worker.stored_bytes == 1000 for worker in one.workers)
    assert set(one.kinds) == {"pods"}
    assert (one.kinds["pods"].objects, one.kinds["pods"].series, one.kinds["pods"].text_bytes) == (20, 1020, 180_000)
    assert found.cpu_seconds >= 3.0
    assert 0.1 < one.scrape_seconds <= 0.25


def test_memory_of_a_page():
    """Workers have their own and their arena, the pod the rest, and the peak stays apart."""
    one = read("x", page(shard(workers=2)), 0.0).shard
    assert one == msgspec.structs.replace(shard(workers=2), name="x", cores=None, scrape_seconds=None)
    assert one.memory_bytes == one.shared_bytes + sum(worker.memory_bytes for worker in one.workers)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("up 1\n", "lacks kube_state_metrics_shard_ordinal"), ("<html>", "not a page of metrics"), ("", "lacks")],
)
def test_other_pages(text, fault):
    """A page of something else is named as what it is not, and raises nothing but that."""
    with pytest.raises(PageError, match=fault):
        read("x", text, 0.0)


def test_totals_of_a_change():
    """While the size changes a pod tells which totals it serves and prepares; without that they are not known."""
    told = read("x", page(shard(), shardex_shards_serving=2, shardex_shards_preparing=3, shardex_shards_prepared=1), 0)
    assert (told.shard.serving, told.shard.preparing, told.shard.prepared) == (2, 3, True)
    silent = read("x", page(shard()), 0).shard
    assert (silent.serving, silent.preparing, silent.prepared) == (None, None, None)


def test_between_two_readings():
    """CPU in use and the time of scrapes are of the time between; a counter that went back is of a new process."""
    before = read("x", page(shard()), 10.0)
    later = msgspec.structs.replace(before, at=20.0, cpu_seconds=before.cpu_seconds + 5.0, scrapes=BUCKETS)
    assert since(later, before).cores == 0.5
    assert since(later, None).cores is None
    assert since(before, later).cores is None
    more = tuple((end, 2 * count + (end >= 1.0) * 20) for end, count in BUCKETS)
    assert since(msgspec.structs.replace(later, scrapes=more), later).scrape_seconds == quantile(
        [(0.1, 0), (0.5, 90), (1.0, 120), (math.inf, 120)], 0.95
    )


@pytest.mark.parametrize(
    ("buckets", "share", "value"),
    [
        (BUCKETS, 0.9, 0.5),
        (BUCKETS, 0.95, 0.75),
        (BUCKETS, 0.45, 0.3),
        (((1.0, 5.0), (math.inf, 10.0)), 0.9, 1.0),
        (((1.0, 0.0), (math.inf, 0.0)), 0.9, None),
        ((), 0.9, None),
    ],
    ids=["at an end", "within", "in the first that has any", "beyond the last", "none yet", "no histogram"],
)
def test_quantiles(buckets, share, value):
    """As Prometheus' histogram_quantile has them."""
    assert quantile(buckets, share) == (None if value is None else pytest.approx(value))
