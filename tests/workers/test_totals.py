"""Which total a pod serves and prepares: the rows of the table, and whole shard sets that play it together."""

import random

import pytest

from shardex.workers.share import Share
from shardex.workers.totals import Event, Reason, Totals, View, Waits, decide

WAITS = Waits(deadline=100.0, overlap=1.0, linger=10.0)
NOW = 1000.0


def view(replicas, ready=None, announced=0, recorded=0, generation=2, observed=None, attempt=0):
    """A StatefulSet, all ready unless told otherwise."""
    ready = replicas if ready is None else ready
    return View(replicas, ready, generation, generation if observed is None else observed, announced, recorded, attempt)


def step(share, seen, held=True, now=NOW, until=NOW + 50, abandoned=(0, 0)):
    """(serving, preparing, reason) after one decision; a trailing `shown` when both are shown."""
    at, event = decide(Totals(share, until, abandoned), seen, held, now, WAITS)
    assert at.share.shard == share.shard
    found = (at.share.serving, at.share.preparing, event.reason if event else None)
    return (*found, "shown") if at.share.overlap else found


@pytest.mark.parametrize(
    ("share", "seen", "more", "want"),
    [
        # A pod that remembers nothing.
        (Share(0, 0), view(3), {}, (3, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=2, recorded=3), {}, (3, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=2, recorded=2), {}, (2, 0, Reason.STARTED)),
        (Share(2, 0), view(3, ready=2, recorded=2), {}, (2, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=3, recorded=2), {}, (3, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=3, recorded=2, observed=1), {}, (2, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=5, recorded=5), {}, (3, 0, Reason.STARTED)),
        (Share(0, 0), view(5, ready=4, announced=3, recorded=5), {}, (5, 0, Reason.STARTED)),
        (Share(0, 0), view(5, ready=4, announced=3), {}, (5, 0, Reason.STARTED)),
        (Share(0, 0), view(5, ready=4, announced=3, recorded=3), {}, (3, 0, Reason.STARTED)),
        (Share(4, 0), view(5, ready=4, announced=3, recorded=3), {}, (3, 0, Reason.STARTED)),
        (Share(0, 0), view(3, ready=0, generation=1), {}, (3, 0, Reason.STARTED)),
        (Share(7, 0), view(3), {}, (3, 0, Reason.STARTED)),
        # Nobody says whether it is new: it builds, and waits for the others.
        (Share(1, 0), view(3, ready=2), {}, (0, 3, Reason.UNDECIDED)),
        (Share(1, 0, 3), view(3, ready=2), {}, (0, 3, None)),
        (Share(1, 0, 3), view(3, ready=3), {"held": False}, (0, 3, None)),
        (Share(1, 0, 3), view(3, ready=3), {}, (3, 0, Reason.STARTED)),
        (Share(1, 0, 3), view(3, ready=2), {"now": NOW + 60}, (3, 0, Reason.STARTED)),
        (Share(1, 0, 3), view(3, ready=2), {"now": NOW + 60, "held": False}, (0, 3, None)),
        (Share(1, 0, 3), view(4, ready=2), {}, (0, 4, Reason.UNDECIDED)),
        (Share(1, 0, 5), view(5, ready=2, recorded=3), {}, (0, 3, None)),
        (Share(1, 0, 3), view(5, ready=2, recorded=3), {"held": False}, (0, 3, None)),
        (Share(1, 0, 3), view(5, ready=2, recorded=3), {}, (3, 0, Reason.STARTED)),
        # Nothing to do.
        (Share(1, 3), view(3), {}, (3, 0, None)),
        (Share(1, 3), view(3, ready=1), {}, (3, 0, None)),
        (Share(1, 3), view(3, announced=3, recorded=3), {}, (3, 0, None)),
        (Share(1, 3), view(0), {}, (3, 0, None)),
        # Growing.
        (Share(1, 3), view(5, ready=3), {}, (3, 5, Reason.GROWING)),
        (Share(1, 3, 5), view(5, ready=4), {}, (3, 5, None)),
        (Share(1, 3, 5), view(5, ready=5, observed=1), {}, (3, 5, None)),
        (Share(1, 3, 5), view(5, ready=5), {"held": False}, (3, 5, None)),
        (Share(1, 3, 5), view(5, ready=5), {}, (5, 3, Reason.GROWN, "shown")),
        (Share(4, 3, 5), view(5, ready=5), {}, (5, 0, Reason.GROWN)),
        (Share(1, 3, 5), view(8, ready=3), {}, (3, 8, Reason.GROWING)),
        (Share(1, 3, 5), view(3, ready=3), {}, (3, 0, Reason.CANCELLED)),
        (Share(1, 3, 5), view(5, ready=4), {"now": NOW + 60}, (3, 0, Reason.DEADLINE)),
        (Share(4, 3, 5), view(5, ready=4), {"now": NOW + 60}, (3, 5, None)),
        (Share(1, 3), view(5, ready=4), {"abandoned": (5, 0)}, (3, 0, None)),
        (Share(1, 3), view(5, ready=5), {"abandoned": (5, 0)}, (3, 5, Reason.GROWING)),
        (Share(1, 3), view(6, ready=4), {"abandoned": (5, 0)}, (3, 6, Reason.GROWING)),
        (Share(1, 3), view(5, ready=4, attempt=1), {"abandoned": (5, 0)}, (3, 5, Reason.GROWING)),
        # Shrinking, announced.
        (Share(1, 5), view(5, announced=3), {}, (5, 3, Reason.ANNOUNCED)),
        (Share(1, 5), view(5, announced=3, recorded=5), {}, (5, 3, Reason.ANNOUNCED)),
        (Share(1, 5, 3), view(5, announced=3), {}, (5, 3, None)),
        (Share(1, 5, 3), view(5, announced=3, recorded=3), {"held": False}, (5, 3, None)),
        (Share(1, 5, 3), view(5, announced=3, recorded=3), {}, (3, 0, Reason.SHRUNK)),
        (Share(4, 5, 3), view(5, announced=3, recorded=3), {}, (3, 5, Reason.SHRUNK, "shown")),
        (Share(1, 5, 3), view(5), {}, (5, 0, Reason.CANCELLED)),
        (Share(1, 5, 3), view(5, announced=3), {"now": NOW + 60}, (5, 0, Reason.DEADLINE)),
        (Share(1, 5), view(5, announced=3), {"abandoned": (3, 0)}, (5, 0, None)),
        (Share(1, 5), view(5, announced=3, attempt=2), {"abandoned": (3, 1)}, (5, 3, Reason.ANNOUNCED)),
        (Share(1, 5), view(5, announced=3, attempt=2), {"abandoned": (3, 2)}, (5, 0, None)),
        (Share(1, 5), view(5, announced=3, recorded=3), {"abandoned": (3, 0)}, (5, 3, Reason.ANNOUNCED)),
        (Share(1, 3), view(5, announced=3, recorded=3), {}, (3, 0, None)),
        (Share(1, 3), view(3, recorded=3), {}, (3, 0, None)),
        # Shrinking, with a word to nobody.
        (Share(1, 5), view(3, ready=5), {}, (5, 3, Reason.REDUCED)),
        (Share(1, 5, 3), view(3, ready=4), {"held": False, "now": NOW + 60}, (5, 3, None)),
        (Share(1, 5, 3), view(3, ready=4), {}, (3, 0, Reason.UNANNOUNCED)),
        (Share(4, 5, 3), view(3, ready=4), {}, (5, 3, None)),
        # Beyond the serving total.
        (Share(4, 3), view(5, announced=3, recorded=3), {}, (3, 5, Reason.GROWING)),
        (Share(4, 3, 5), view(5, announced=3, recorded=3), {}, (3, 5, None)),
        (Share(4, 3, 5), view(5, announced=3, recorded=3), {"now": NOW + 60}, (3, 5, None)),
        (Share(4, 3, 5), view(3, recorded=3), {}, (3, 0, Reason.CANCELLED)),
        (Share(4, 3), view(4, ready=3), {}, (3, 4, Reason.GROWING)),
        # After a flip.
        (Share(1, 5, 3, True), view(5), {}, (5, 3, None, "shown")),
        (Share(1, 5, 3, True), view(5), {"now": NOW + 60}, (5, 0, None)),
        (Share(1, 5, 3, True), view(8, ready=5), {}, (5, 3, None, "shown")),
        (Share(4, 3, 5, True), view(5, announced=3, recorded=3), {}, (3, 5, None, "shown")),
        (Share(4, 3, 5, True), view(5, announced=3, recorded=3), {"now": NOW + 60}, (3, 0, None)),
        (Share(4, 3, 5, True), view(3, recorded=3), {}, (3, 0, None)),
    ],
)  # fmt: skip
def test_decide(share, seen, more, want):
    """Each row of the table."""
    assert step(share, seen, **more) == want


def test_what_was_abandoned_may_be_wanted_again():
    """When something else was wanted in between, the same total is prepared as if for the first time."""
    at = Totals(Share(1, 3), abandoned=(5, 0))
    at, event = decide(at, view(3), True, NOW, WAITS)
    assert event is None
    at, event = decide(at, view(5, ready=3), True, NOW, WAITS)
    assert event == Event(Reason.GROWING, "5 shards are prepared, 3 are served")


def test_a_deadline_says_what_was_missing():
    """Whoever reads the log knows whose fault it was."""
    late = Totals(Share(1, 3, 5), NOW)
    assert "only 4 of 5 pods were ready" in decide(late, view(5, ready=4), True, NOW, WAITS)[1].message
    assert "has not listed" in decide(late, view(5, ready=4), False, NOW, WAITS)[1].message
    late = Totals(Share(1, 5, 3), NOW)
    assert "no order to serve 3" in decide(late, view(5, announced=3), True, NOW, WAITS)[1].message


class Pods:
    """A shard set in which every pod decides by itself; time stands still unless it is told to pass."""

    def __init__(self, seen, shards):
        self.seen, self.now = seen, NOW
        self.pods = {shard: Totals(Share(shard, 0)) for shard in range(shards)}
        self.held = dict.fromkeys(self.pods, True)

    def turn(self):
        """Every pod decides until nothing changes any more."""
        for shard in self.pods:
            before, held = None, self.held[shard]
            while before != self.pods[shard]:
                before = self.pods[shard]
                self.pods[shard], _ = decide(before, self.seen, held, self.now, WAITS)
                held = held and self.pods[shard].share == before.share

    def settle(self):
        """Everything is built, and every overlap passes."""
        for _ in range(4):
            self.turn()
            self.now += 5

    def serving(self):
        return {shard: at.share.serving for shard, at in self.pods.items()}


@pytest.mark.parametrize("before", range(1, 9))
@pytest.mark.parametrize("after", range(1, 9))
def test_all_pods_come_to_the_same_total(before, after):
    """Grown, or announced and ordered, every pod serves the new total, and nobody before it is time."""
    pods = Pods(view(before), max(before, after))
    pods.settle()
    assert set(pods.serving().values()) == {before}
    if after > before:
        pods.seen = view(after, ready=after - 1)
        pods.settle()
        assert set(pods.serving().values()) == {before}
        pods.seen = view(after)
    elif after < before:
        pods.seen = view(before, announced=after)
        pods.settle()
        assert set(pods.serving().values()) == {before}
        pods.seen = view(before, announced=after, recorded=after)
    pods.settle()
    assert set(pods.serving().values()) == {after}
    assert all(not at.share.overlap for at in pods.pods.values())


def test_a_pod_that_waits_for_its_deletion_is_prepared_to_stay():
    """An order that is taken back is a growth, in which all are ready at once: so all must have what they show."""
    pods = Pods(view(5), 5)
    pods.seen = view(5, announced=3, recorded=3)
    pods.settle()
    assert {shard: at.share.preparing for shard, at in pods.pods.items()} == {0: 0, 1: 0, 2: 0, 3: 5, 4: 5}


def test_it_never_rests_on_less_than_was_seen():
    """Whatever is seen in whatever order, a pod ends with what the last view says, and decides in a few steps."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(2000):
        at, now = Totals(Share(rng.randrange(6), 0)), NOW
        for _ in range(8):
            total = rng.randint(1, 6)
            seen = view(total, rng.randint(0, 6), rng.choice([0, 0, 1, 3]), rng.choice([0, 1, 3, total]))
            now += rng.choice([0.0, 0.5, 2.0, 150.0])
            at = decide(at, seen, rng.random() < 0.7, now, WAITS)[0]
        last = view(rng.randint(1, 6))
        for _ in range(8):
            now += 5.0
            at = decide(at, last, True, now, WAITS)[0]
        assert at.share.serving == last.replicas or at.share.shard >= last.replicas
        assert not at.share.overlap
