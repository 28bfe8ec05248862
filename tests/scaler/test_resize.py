"""Changing the number of shards: the steps, and whole changes with pods that decide as real ones do."""

from collections import Counter

import pytest

from scaler.observation import ATTEMPT, PREPARING, SERVING
from scaler.resize import Outcome, Seen, Shard, Step, resize, step
from shardex.workers import shardset
from shardex.workers.share import Share
from shardex.workers.totals import Totals, View, Waits, decide


def annotated(**totals):
    names = {"preparing": PREPARING, "serving": SERVING, "attempt": ATTEMPT}
    values = {names[key]: None if total is None else str(total) for key, total in totals.items()}
    return {"metadata": {"annotations": values}}


def all_(count, *shard):
    return {ordinal: Shard(*shard) for ordinal in range(count)}


def test_the_annotations_are_the_pods():
    """Two packages that share no code agree on them."""
    assert (PREPARING, SERVING, ATTEMPT) == (shardset.PREPARING, shardset.SERVING, shardset.ATTEMPT)


@pytest.mark.parametrize(
    ("seen", "shards", "target", "patch", "waiting"),
    [
        (Seen(3), all_(3, 3), 3, annotated(serving=3), ""),
        (Seen(3, serving=3), all_(3, 3), 3, None, ""),
        (Seen(3, serving=2), all_(3, 3), 3, annotated(serving=3), ""),
        (Seen(3, serving=2), all_(3, 2, 3), 3, None, "shard 0, 1, 2 to serve"),
        (Seen(3, serving=2), all_(2, 3), 3, None, "shard 2 to serve"),
        (Seen(3, serving=2), all_(3, 3, 2), 3, None, "shard 0, 1, 2 to serve"),
        (Seen(3, 2, 3), all_(3, 3, 2), 3, {**annotated(preparing=None), "spec": {"replicas": 3}}, ""),
        (Seen(2, serving=2), all_(2, 2), 5, {**annotated(preparing=None), "spec": {"replicas": 5}}, ""),
        (Seen(2, serving=2), all_(4, 2), 5, None, "shard 2, 3 to end"),
        (Seen(5, serving=5), all_(5, 5), 3, annotated(preparing=3, serving=5, attempt=1), ""),
        (Seen(5, serving=3), all_(5, 5), 3, annotated(preparing=3, serving=5, attempt=1), ""),
        (Seen(5, 4, 5, 7), all_(5, 5, 4, True), 3, annotated(preparing=3, serving=5, attempt=8), ""),
        (Seen(5, 3, 5), all_(5, 5, 3), 3, None, "shard 0, 1, 2 to prepare"),
        (Seen(5, 3, 5), {**all_(5, 5, 3, True), 1: Shard(5, 3)}, 3, None, "shard 1 to prepare"),
        (Seen(5, 3, 5), {0: Shard(5, 3, True)}, 3, None, "shard 1, 2 to prepare"),
        (Seen(5, 3, 5), all_(3, 5, 3, True), 3, annotated(serving=3), ""),
        (Seen(5, 3, 3), all_(5, 5, 3, True), 3, None, "shard 0, 1, 2 to serve"),
        (Seen(5, 3, 3), all_(5, 3, 5), 3, None, "shard 0, 1, 2 to serve"),
        (Seen(5, 3, 3), all_(3, 3), 3, {**annotated(preparing=None), "spec": {"replicas": 3}}, ""),
        # Somebody wants something else in the middle: what was ordered is ended first.
        (Seen(5, 3, 3), all_(3, 3), 8, {**annotated(preparing=None), "spec": {"replicas": 3}}, ""),
    ],
)
def test_step(seen, shards, target, patch, waiting):
    """Each row of the table."""
    found = step(seen, shards, target)
    assert (found.patch, found.waiting) == (patch, waiting)


class Cluster:
    """A StatefulSet with pods that decide by themselves and build in a second; half a second passes with each look.

    dies      how many patches the scaler still sends
    prepares  whether pods come to the end of what they build
    """

    def __init__(self, replicas):
        self.now, self.generation = 0.0, 1
        self.replicas, self.annotations = replicas, {}
        self.pods, self.built, self.said = {}, {}, []
        self.dies, self.prepares = 1 << 30, True
        self.lost = Counter()

    def sleep(self, seconds=0.5):
        self.now += max(seconds, 0.5)
        for ordinal in [n for n in self.pods if n >= self.replicas]:
            del self.pods[ordinal]
        for ordinal in range(self.replicas):
            self.pods.setdefault(ordinal, Totals(Share(ordinal, 0)))
        for _ in range(4):
            for ordinal, at in self.pods.items():
                since, share = self.built.get(ordinal, (0.0, None))
                if share != at.share:
                    since = self.now
                    self.built[ordinal] = since, at.share
                held = self.now - since >= 1.0 and (self.prepares or not at.share.preparing)
                self.pods[ordinal], _ = decide(at, self.view(), held, self.now, Waits(60.0, 1.0, 10.0))
        self.look()

    def look(self):
        """Between one look and the next every object is shown, under one total or another."""
        for uid in map(str, range(64)):
            shown = [at for at in self.pods.values() if self.shows(at.share, uid)]
            self.lost[uid] += not shown

    @staticmethod
    def shows(share, uid):
        side = share.side(uid).name
        return side in {"STAYING", "LEAVING"} or (share.overlap and side == "ARRIVING")

    def view(self):
        totals = (int(self.annotations.get(name) or 0) for name in (PREPARING, SERVING, ATTEMPT))
        ready = sum(not self.beyond(at.share) or self.held(n) for n, at in self.pods.items())
        return View(self.replicas, ready, self.generation, self.generation, *totals)

    @staticmethod
    def beyond(share):
        return share.serving <= share.shard < share.preparing

    def held(self, ordinal):
        since, share = self.built.get(ordinal, (0.0, None))
        return share == self.pods[ordinal].share and self.now - since >= 1.0

    # What resize() asks for.

    def seen(self):
        view = self.view()
        return Seen(view.replicas, view.announced, view.recorded, view.attempt)

    def shards(self):
        return {
            n: Shard(at.share.serving, at.share.preparing, self.held(n) and self.prepares and not at.share.overlap)
            for n, at in self.pods.items()
        }

    def patch(self, body):
        if not self.dies:
            raise ConnectionError("the scaler is dead")
        self.dies -= 1
        for name, value in body.get("metadata", {}).get("annotations", {}).items():
            self.annotations[name] = value
        if "spec" in body:
            self.replicas = body["spec"]["replicas"]
            self.generation += 1

    def settle(self, times=12):
        for _ in range(times):
            self.sleep()

    def resize(self, target, seconds=300.0):
        return resize(self, target, seconds, 1.0, self.said.append, lambda: self.now, self.sleep)


def cluster_of(replicas):
    cluster = Cluster(replicas)
    cluster.settle()
    assert {at.share.serving for at in cluster.pods.values()} == {replicas}
    cluster.lost.clear()
    return cluster


@pytest.mark.parametrize("before", range(1, 9))
@pytest.mark.parametrize("after", range(1, 9))
def test_a_change(before, after):
    """Every pod serves the target in the end, no object was ever without a pod that shows it, nothing is left over."""
    cluster = cluster_of(before)
    result = cluster.resize(after)
    cluster.settle()
    assert result.outcome is Outcome.DONE
    assert {n: at.share for n, at in cluster.pods.items()} == {n: Share(n, after) for n in range(after)}
    assert (cluster.annotations.get(PREPARING), cluster.annotations[SERVING]) == (None, str(after))
    assert not +cluster.lost


@pytest.mark.parametrize("patches", range(4))
@pytest.mark.parametrize("then", [2, 3, 5, 8])
@pytest.mark.parametrize("late", [0, 400], ids=["at-once", "after-the-deadline"])
def test_a_scaler_that_dies(patches, then, late):
    """After any of its steps, another one goes on, with the same target or another one, and nothing is lost."""
    cluster = cluster_of(5)
    cluster.dies = patches
    if patches < 3:
        with pytest.raises(ConnectionError):
            cluster.resize(2)
    else:
        cluster.resize(2)
    cluster.settle(late)
    serving = {at.share.serving for n, at in cluster.pods.items() if n < 2}
    assert serving == ({5} if patches < 2 else {2})
    cluster.dies = 1 << 30
    assert cluster.resize(then).outcome is Outcome.DONE
    cluster.settle()
    assert {n: at.share for n, at in cluster.pods.items()} == {n: Share(n, then) for n in range(then)}
    assert not +cluster.lost


def test_pods_that_do_not_come_to_an_end():
    """The announcement is withdrawn, the message says who was waited for, and the old total is served on."""
    cluster = cluster_of(5)
    cluster.prepares = False
    result = cluster.resize(3, seconds=20.0)
    cluster.settle()
    assert (result.outcome, "shard 0, 1, 2 to prepare" in result.message) == (Outcome.ABANDONED, True)
    assert cluster.annotations[PREPARING] is None
    assert {at.share for at in cluster.pods.values()} == {Share(n, 5) for n in range(5)}
    assert not +cluster.lost


def test_growing_takes_longer_than_the_caller_waits():
    """It goes on without him."""
    cluster = cluster_of(2)
    cluster.prepares = False
    assert cluster.resize(3, seconds=5.0).outcome is Outcome.LATE
    cluster.prepares = True
    cluster.settle(200)
    assert {at.share.serving for at in cluster.pods.values()} == {3}


def test_each_step_is_said_once():
    """Whoever watches sees what is done and what is waited for, and no line twice in a row."""
    cluster = cluster_of(3)
    cluster.resize(2)
    assert len(cluster.said) == len(set(cluster.said))
    assert any("to prepare" in words for words in cluster.said)
    assert any("replicas" in words for words in cluster.said)


@pytest.mark.parametrize("target", [0, -1])
def test_no_shards(target):
    """A shard set without shards would be an outage by request."""
    with pytest.raises(ValueError, match="at least 1"):
        resize(cluster_of(1), target, 1.0)


def test_the_end_is_a_step_without_anything():
    """resize() ends there, and only there."""
    assert step(Seen(1, serving=1), {0: Shard(1)}, 1) == Step()
