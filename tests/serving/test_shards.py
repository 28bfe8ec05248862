"""What the front makes of the board's word: which side is shown, who is ready, what the telemetry says."""

from collections import Counter
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from published import HEADS, render, shown, thing, workers
from tree import eventually

from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.serving.telemetry import Telemetry
from shardex.serving.upstream import Upstream
from shardex.serving.wsgi import Front
from shardex.store.publication import Kind
from shardex.workers.resharding import Resharding
from shardex.workers.share import Share

UIDS = [f"uid-{number}" for number in range(40)]
UNKNOWN = SimpleNamespace(fault="it is being looked for", outcomes=Counter({("flipped", "Grown"): 2}))


@pytest.fixture
def pod():
    """A pod of one worker: its board, and what a scrape shows."""
    with workers() as (board, (worker,)):
        yield Pod(board, worker)


class Pod:
    def __init__(self, board, worker):
        self.board, self.worker = board, worker
        self.synced = False
        self.upstream = Upstream(board, [worker.front_end], 300.0, answer_seconds=5.0)
        self.front = Front(self.upstream, parse({}, RESOURCES, lambda: 1), 8081, UNKNOWN)

    def start(self, share):
        """Everything that the share makes its own is here."""
        self.board.share = share.word
        resharding = Resharding(self.board, 0, share, lambda: self.synced)

        def kinds(arena):
            store = resharding.keep(render, len(HEADS), arena, lambda *_: None)
            for uid in UIDS:
                if resharding.wants(uid):
                    store.add(thing(uid))
            return (Kind("things", HEADS, (store,)),)

        self.worker.start(kinds, resharding=resharding)

    def uids(self):
        self.upstream.refresh(fold=True)
        text = shown(self.upstream)
        return {line.split('"')[1] for line in text.splitlines() if line.startswith("thing_info{")}

    def readyz(self):
        started = []
        environ = {"PATH_INFO": "/readyz", "REQUEST_METHOD": "GET", "SERVER_PORT": "8081"}
        body = b"".join(self.front(environ, lambda status, _: started.append(status)))
        return started[0][:3], body.decode()

    def told(self):
        text = Telemetry(self.upstream, UNKNOWN).exposition().decode()
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if "shard" in sample.name
        }


def owned(shard, total):
    return {uid for uid in UIDS if shard < total and Share(shard, total).side(uid).name == "STAYING"}


@pytest.mark.parametrize(("shard", "before", "after"), [(1, 2, 3), (2, 2, 3), (1, 3, 2), (2, 3, 2)])
def test_a_scrape_shows_the_serving_total(pod, shard, before, after):
    """The word alone decides, for old, new and leaving shards; in the overlap both parts are shown."""
    pod.start(Share(shard, before, after))
    assert pod.uids() == owned(shard, before)
    pod.board.share = Share(shard, after, before, overlap=True).word
    assert pod.uids() == owned(shard, before) | owned(shard, after)
    pod.board.share = Share(shard, after).word
    assert pod.uids() == owned(shard, after)


def test_beyond_the_total_a_scrape_is_empty_before_anything_is_listed(pod):
    """An empty exposition is all that such a pod has to show: it is valid at once."""
    pod.board.share = Share(2, 2, 3).word
    assert pod.uids() == set()
    with pod.upstream.sources(partial=False) as (sources, missing):
        assert (sources, missing) == ([], [])


def test_readyz(pod):
    """Whoever is ready has what it will show; whoever is about to stop, or knows nothing, is not."""
    pod.board.share = 0
    assert pod.readyz() == ("503", "what to serve is not known: it is being looked for\n")
    pod.start(Share(2, 2, 3))
    status, said = pod.readyz()
    assert (status, "of 3" in said) == ("503", True)
    pod.synced = True
    eventually(lambda: pod.readyz()[0] == "200")
    pod.board.share = Share(1, 2, 3).word  # this one serves: what it prepares is nobody's concern
    assert pod.readyz()[0] == "200"
    pod.board.leaving = True
    assert pod.readyz()[0] == "503"


def test_telemetry(pod):
    """What is served, prepared and held, and how changes ended."""
    pod.start(Share(1, 3, 2))
    pod.uids()
    told = pod.told()
    assert told["kube_state_metrics_shard_ordinal", "1"] == 1
    assert told["kube_state_metrics_total_shards",] == told["shardex_shards_serving",] == 3
    assert told["shardex_shards_preparing",] == 2
    assert told["shardex_reshards_total", "flipped", "Grown"] == 2
    assert told["shardex_shards_prepared",] == 0
    pod.synced = True
    eventually(lambda: pod.told()["shardex_shards_prepared",] == 1)
    pod.board.share = Share(1, 2, 3, overlap=True).word
    assert pod.told()["shardex_shards_prepared",] == 0
