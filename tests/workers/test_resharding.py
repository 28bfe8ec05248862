"""Stores that follow the board's word: the union law before, during and after every change of the number of shards."""

import random
import threading

import pytest
from published import HEADS, render, thing

from shardex.serving.merger import Choice, Source, plain_chunks, segments
from shardex.shard import Level, owner
from shardex.store import page
from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.publication import Kind, Publication, decode, encode, kind_text, shown
from shardex.workers.board import Board
from shardex.workers.resharding import Resharding
from shardex.workers.share import Share, covered, mine, share_of

UIDS = [f"uid-{number}" for number in range(300)]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Pages of a few objects, so that every store has several."""
    monkeypatch.setattr(page, "SLOTS", 16)


class Cluster:
    """Objects, and the pods that watch them: every change reaches every pod at once."""

    def __init__(self, uids=UIDS):
        self.objects = dict.fromkeys(uids, 1)
        self.pods = {}
        self.arenas = []

    def change(self, uid, value):
        self.objects[uid] = value
        for pod in self.pods.values():
            if pod.resharding.wants(uid):
                pod.store.update(thing(uid, value))

    def delete(self, uid):
        del self.objects[uid]
        for pod in self.pods.values():
            if pod.resharding.wants(uid):
                pod.store.delete(uid)

    def union(self):
        """uid -> values over all pods, and what it should be."""
        found = {}
        for pod in self.pods.values():
            for uid, value in pod.scrape():
                found.setdefault(uid, []).append(value)
        return found

    def whole(self):
        return {uid: [value] for uid, value in self.objects.items()}


class Pod:
    """A pod of one worker without processes; lists are done when the test says so."""

    def __init__(self, cluster, share, worker=0, workers=1):
        self.cluster, self.board = cluster, Board(workers)
        self.board.share = share.word
        self.arena = Arena("test")
        cluster.arenas.append(self.arena)
        self.listing = []
        self.resharding = Resharding(self.board, worker, share, lambda: True)
        self.store = self.resharding.keep(render, len(HEADS), self.arena, lambda *given: self.listing.append(given))
        self.kind = Kind("things", HEADS, (self.store,))
        self.relist()

    def relist(self, objects=None):
        fresh = self.store.replace()
        for uid, value in list((objects or self.cluster.objects).items()):
            if self.resharding.wants(uid):
                fresh.add(thing(uid, value))
        fresh.commit("1")

    def say(self, share):
        self.board.share = share.word

    def work(self):
        """Do everything that can be done now."""
        while self.resharding.turn():
            pass

    def gain(self, objects=None):
        """Do the lists that were begun; of the objects as they were, or as they are."""
        for gain, wants in self.listing:
            fresh = gain.replace()
            for uid, value in (objects or self.cluster.objects).items():
                if wants(uid):
                    fresh.update(thing(uid, value))
            fresh.commit("1")
        self.listing = []

    @property
    def holds(self):
        return self.board[0].holds == self.board.share

    def scrape(self):
        publication = decode(encode(Publication((kind_text(self.kind),), {}, b"", self.resharding.totals)))
        share = share_of(self.board.share)
        seen = shown(publication, share.serving, share.overlap)
        found = list(segments([Source(seen, self.store._arena.read)], Choice(), openmetrics=False))
        self.arena.publish(self.arena.generation)
        lines = b"".join(plain_chunks(found)).decode().splitlines()
        return [
            (line.partition('uid="')[2].partition('"')[0], int(line.rpartition(" ")[2]))
            for line in lines
            if line.startswith("thing_value{")
        ]


@pytest.fixture
def cluster():
    made = Cluster()
    yield made
    for arena in made.arenas:
        arena.close()


@pytest.mark.parametrize("total", range(1, 17))
def test_union(total):
    """For every N, each object is of exactly one shard, whatever the number of workers of its pod."""
    for uid in UIDS:
        sides = [Share(shard, total).side(uid) for shard in range(total)]
        assert sides.count(Side.STAYING) == 1
        assert sides.count(Side.NONE) == total - 1
        shard = sides.index(Side.STAYING)
        for workers in (1, 2, 5):
            tests = [mine(Share(shard, total), worker, workers) for worker in range(workers)]
            holders = [worker for worker, test in enumerate(tests) if test is None or test(uid)]
            assert holders == [owner(uid, workers, Level.WORKER)]


STEPS = [(n, m) for n in range(1, 9) for m in range(1, 9) if n != m]


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_union_across_a_step(before, after):
    """What staying, leaving and arriving are over all shards is the whole, under either total and for every object."""
    shares = [Share(shard, before, after) for shard in range(max(before, after))]
    for uid in UIDS:
        sides = [share.side(uid) for share in shares]
        old = [n for n, side in enumerate(sides) if side in {Side.STAYING, Side.LEAVING}]
        new = [n for n, side in enumerate(sides) if side in {Side.STAYING, Side.ARRIVING}]
        assert (old, new) == ([owner(uid, before)], [owner(uid, after)])


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_a_shard_of_more_has_a_part_of_what_it_had(before, after):
    """covered() is true where nothing has to be listed, and only there."""
    for shard in range(9):
        had = {uid for uid in UIDS if shard < before and owner(uid, before) == shard}
        has = {uid for uid in UIDS if shard < after and owner(uid, after) == shard}
        assert covered(shard, after, (before,)) == (has <= had)


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_no_step_loses_an_object(cluster, before, after):
    """From one total to another under change: the union is whole before, while it is prepared, and after the flip."""
    for shard in range(before):
        cluster.pods[shard] = Pod(cluster, Share(shard, before))
    assert cluster.union() == cluster.whole()
    for shard in range(before, after):
        cluster.pods[shard] = Pod(cluster, Share(shard, before, after))
    for shard, pod in cluster.pods.items():
        pod.say(Share(shard, before, after))
    for pod in cluster.pods.values():
        pod.resharding.turn()
        assert cluster.union() == cluster.whole()
        cluster.change(UIDS[0], 2)
        pod.work()
    cluster.change(UIDS[1], 2)
    cluster.delete(UIDS[2])
    assert cluster.union() == cluster.whole()
    for shard, pod in cluster.pods.items():
        assert pod.holds == (not pod.listing)
        assert bool(pod.listing) == (after < before and shard < after)
        pod.gain()
        pod.work()
        assert pod.holds
        assert cluster.union() == cluster.whole()
    for shard, pod in cluster.pods.items():
        pod.say(Share(shard, after, before, overlap=True))
        assert {uid: set(values) for uid, values in cluster.union().items()} == {
            uid: {value} for uid, value in cluster.objects.items()
        }
    for pod in cluster.pods.values():
        pod.work()
    assert set(cluster.union()) == set(cluster.objects)
    for shard, pod in cluster.pods.items():
        pod.say(Share(shard, after))
    assert cluster.union() == cluster.whole()
    for pod in cluster.pods.values():
        pod.work()
        assert pod.holds
    cluster.change(UIDS[3], 7)
    assert cluster.union() == cluster.whole()
    held = {uid for pod in cluster.pods.values() for uid in pod.store.places}
    assert held == set(cluster.objects)
    assert sum(len(pod.store) for pod in cluster.pods.values()) == len(held), "what left is still kept"


def preparing(cluster, before=3, after=2):
    """Shard 0 of a set that shrinks, with its list begun."""
    pod = cluster.pods[0] = Pod(cluster, Share(0, before))
    pod.work()
    pod.say(Share(0, before, after))
    pod.work()
    assert pod.listing
    return pod, [uid for uid in cluster.objects if Share(0, before, after).side(uid) is Side.ARRIVING]


def flipped(pod, before=3, after=2):
    pod.work()
    assert pod.holds
    pod.say(Share(0, after, before))
    pod.work()
    return dict(pod.scrape())


def test_what_the_watch_said_stands_against_the_list(cluster):
    """A list that is older than the watch brings no old value back, and nothing that is gone."""
    pod, arriving = preparing(cluster)
    old = dict(cluster.objects)
    cluster.change(arriving[0], 5)
    cluster.delete(arriving[1])
    pod.gain(old)
    found = flipped(pod)
    assert found[arriving[0]] == 5
    assert arriving[1] not in found
    assert found[arriving[2]] == 1


def test_only_what_arrives_is_taken_from_the_list(cluster):
    """What was there before is the watch's alone; nothing of it is read a second time, let alone set back."""
    pod, arriving = preparing(cluster)
    (_, wants), *_ = pod.listing
    assert {uid for uid in UIDS if wants(uid)} == set(arriving)


def test_a_list_that_failed_half_way_is_done_again(cluster):
    """Nothing of the first try is wrong after the second."""
    pod, arriving = preparing(cluster)
    (gain, _), *_ = pod.listing
    for uid in arriving[:10]:
        gain.update(thing(uid, 1))
    gain.abandon()
    pod.work()
    assert not pod.holds
    cluster.delete(arriving[0])
    cluster.change(arriving[1], 3)
    pod.gain()
    found = flipped(pod)
    assert arriving[0] not in found
    assert found[arriving[1]] == 3


def test_a_relist_from_before_the_announcement_keeps_what_arrives(cluster):
    """It did not look for it: that it does not mention it says nothing."""
    pod = cluster.pods[0] = Pod(cluster, Share(0, 3))
    pod.work()
    fresh = pod.store.replace()
    mentioned = [uid for uid in UIDS if owner(uid, 3) == 0]
    for uid in mentioned[: len(mentioned) // 2]:
        fresh.add(thing(uid, 9))
    pod.say(Share(0, 3, 2))
    pod.work()
    pod.gain()
    pod.work()
    for uid in mentioned[len(mentioned) // 2 : -1]:
        fresh.add(thing(uid, 9))
    fresh.commit("2")
    before = dict(pod.scrape())
    assert before == dict.fromkeys(mentioned[:-1], 9)
    found = flipped(pod)
    assert set(found) == {uid for uid in UIDS if owner(uid, 2) == 0} - {mentioned[-1]}


def test_abandoned_and_wanted_again(cluster):
    """An abandoned preparation leaves nothing behind, in either direction."""
    for before, after in ((3, 2), (2, 3)):
        pod = cluster.pods[0] = Pod(cluster, Share(0, before))
        size = len(pod.store)
        for _ in range(2):
            pod.say(Share(0, before, after))
            pod.work()
            pod.gain()
            pod.work()
            assert pod.resharding.totals == (before, after)
            pod.say(Share(0, before))
            pod.work()
            assert pod.holds
            assert len(pod.store) == size
            assert dict(pod.scrape()) == {uid: 1 for uid in UIDS if owner(uid, before) == 0}


def test_a_new_pod_whose_total_grows_lists_nothing_anew(cluster):
    """Of 8 it has a part of what it has of 5; of 4 it has more."""
    pod = cluster.pods[3] = Pod(cluster, Share(3, 2, 5))
    pod.work()
    pod.say(Share(3, 2, 8))
    pod.work()
    assert (pod.listing, pod.holds, pod.resharding.totals) == ([], True, (2, 8))
    assert set(pod.store.places) == {uid for uid in UIDS if owner(uid, 8) == 3}
    pod.say(Share(3, 2, 4))
    pod.work()
    assert pod.listing
    assert pod.scrape() == []


def test_an_order_that_is_taken_back(cluster):
    """A pod that no longer serves anything still has all that it had: it can be asked for it again at once."""
    pod = cluster.pods[4] = Pod(cluster, Share(4, 5))
    whole = dict(pod.scrape())
    for share in (Share(4, 5, 3), Share(4, 3, 5, overlap=True), Share(4, 3, 5)):
        pod.say(share)
        pod.work()
        assert pod.holds
    assert (pod.scrape(), pod.listing) == ([], [])
    pod.say(Share(4, 5, 3, overlap=True))
    assert dict(pod.scrape()) == whole


def test_a_total_that_was_never_prepared_ends_the_worker(cluster):
    """Its successor lists what the word says; showing anything else would be wrong."""
    pod = cluster.pods[0] = Pod(cluster, Share(0, 3))
    pod.work()
    pod.say(Share(0, 2))
    with pytest.raises(RuntimeError, match="cannot be shown"):
        pod.resharding.turn()


def test_a_flip_before_the_worker_saw_it(cluster):
    """The front shows the other side of what a worker published before it flipped itself."""
    pod = cluster.pods[0] = Pod(cluster, Share(0, 2, 3))
    pod.work()
    before = dict(pod.scrape())
    pod.say(Share(0, 3))
    assert dict(pod.scrape()) == {uid: 1 for uid in before if owner(uid, 3) == 0}


def test_words():
    """Every share is told from every other one, and from no share at all."""
    assert share_of(0) is None
    for share in (Share(0, 0), Share(0, 1), Share(65535, 65535, 65535), Share(3, 2, 5, overlap=True), Share(0, 0, 3)):
        assert share_of(share.word) == share
        assert -(1 << 63) <= share.word < 1 << 63


def test_random_changes_and_words(cluster):
    """Watch, relists, lists and words in any order: a pod that holds a word shows exactly that."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    pod = cluster.pods[1] = Pod(cluster, Share(1, 4))
    share = Share(1, 4)
    for _ in range(600):
        turn = rng.random()
        if turn < 0.3:
            cluster.change(rng.choice(UIDS), rng.randrange(100))
        elif turn < 0.4 and len(cluster.objects) > 100:
            cluster.delete(rng.choice(list(cluster.objects)))
        elif turn < 0.5:
            pod.relist()
        elif turn < 0.6:
            pod.gain()
        elif turn < 0.8:
            pod.resharding.turn()
        elif turn < 0.85 and pod.holds and share.preparing:
            share = Share(1, share.preparing, share.serving)
            pod.say(share)
            pod.work()
        else:
            share = Share(1, share.serving, rng.choice([0, 2, 3, 4, 5, 7, 8]))
            share = Share(1, share.serving) if share.preparing == share.serving else share
            pod.say(share)
        wanted = {u: v for u, v in cluster.objects.items() if owner(u, share.serving) == 1}
        assert dict(pod.scrape()) == wanted
    pod.work()
    pod.gain()
    pod.work()
    assert pod.holds
    assert dict(pod.scrape()) == wanted


def test_writers_and_sorting_at_once(cluster):
    """Changes that come while pages are divided are neither lost nor doubled."""
    pod = cluster.pods[0] = Pod(cluster, Share(0, 1))
    done = threading.Event()

    def churn():
        for number in range(3000):
            cluster.change(UIDS[number % len(UIDS)], number)
        done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    for total in (3, 5, 2, 8, 2, 3) * 3:
        pod.say(Share(0, 1, total))
        pod.work()
        assert len(pod.scrape()) == len(cluster.objects)
    assert done.wait(30)
    thread.join()
    assert {uid: [value] for uid, value in pod.scrape()} == cluster.whole()
