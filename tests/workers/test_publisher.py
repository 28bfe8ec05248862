"""A worker's answers: fresh texts, whole texts, and an arena that stays small without hurting a reader."""

import gzip
import os
import time
from hashlib import sha512

import pytest
from published import shown, text, thing, things, workers
from tree import eventually

from shardex.serving.merger import Choice, Source, gzip_chunks, segments
from shardex.serving.upstream import Upstream
from shardex.store import page
from shardex.workers import publisher
from shardex.workers.channel import Request, answered, ask


@pytest.fixture
def one():
    with workers() as (board, (worker,)):
        yield worker, Upstream(board, [worker.front_end], 300.0, answer_seconds=5.0)


def asked(worker, number, arena=0, oldest=0, fold=1):
    """The reply to a question asked by hand, and whether the arena's file came with it."""
    assert ask(worker.front_end, Request(number, arena, oldest, fold))
    while found := answered(worker.front_end, 5.0):
        reply, fd = found
        if fd is not None:
            os.close(fd)
        if reply.id == number:
            return reply, fd is not None
    raise AssertionError("no answer")


def test_the_arena_is_sent_once(one):
    """Who says that he has it is not sent it again; every answer is a generation of its own."""
    worker, _ = one
    worker.start()
    first, with_file = asked(worker, 1)
    assert (first.id, first.generation, with_file) == (1, 1, True)
    second, with_file = asked(worker, 2, first.arena, first.generation)
    assert (second.id, second.arena, second.generation, with_file) == (2, first.arena, 2, False)


def test_arenas_of_incarnations_differ(one):
    """A front that has mapped the dead worker's arena is sent the successor's."""
    worker, _ = one
    worker.start()
    first, _ = asked(worker, 1)
    worker.stop()
    worker.start()
    second, with_file = asked(worker, 2, first.arena, first.generation)
    assert (second.arena != first.arena, second.generation, with_file) == (True, 1, True)


def test_only_a_fold_compresses(one):
    """A question without a fold shows the texts of the last scrape; the first one of all folds nevertheless."""
    worker, upstream = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=False)
    worker.store.add(thing("b"))
    upstream.refresh(fold=False)
    with upstream.sources(partial=False) as (sources, _):
        assert 'uid="a"' in text(sources)
        assert 'uid="b"' not in text(sources)
    upstream.refresh(fold=True)
    with upstream.sources(partial=False) as (sources, _):
        assert 'uid="b"' in text(sources)


def test_changes_do_not_pile_up_without_scrapes(one, monkeypatch):
    """Where nobody scrapes, but probes and telemetry ask, changes are compressed nevertheless after a while."""
    monkeypatch.setattr(publisher, "_LAZY_SECONDS", 0.05)
    worker, upstream = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=True)
    worker.store.add(thing("b"))
    deadline = time.monotonic() + 5
    while worker.store.pages()[0].dirty and time.monotonic() < deadline:
        upstream.refresh(fold=False)
    assert not worker.store.pages()[0].dirty


class Imminent:
    """A rhythm by which the next scrape is always about to come.

    scrapes  that it was told of
    asked    seconds of folding that it was asked about
    """

    def __init__(self):
        self.scrapes, self.asked = 0, []

    def came(self, now):
        self.scrapes += 1

    def wait(self, now, seconds):
        self.asked.append(seconds)
        return 0.0 if seconds else 0.001


def test_changes_are_folded_before_the_scrape_that_is_due(one, monkeypatch):
    """By the rhythm of scrapes, and by what folds have cost; probes are no scrapes."""
    rhythm = Imminent()
    monkeypatch.setattr(publisher, "Rhythm", lambda: rhythm)
    worker, upstream = one
    worker.start()
    worker.store.add(thing("a"))
    upstream.refresh(fold=True)
    upstream.refresh(fold=False)
    assert rhythm.scrapes == 1
    eventually(lambda: rhythm.asked[-1:] == [0.0])  # all folded
    worker.store.add(thing("late"))
    eventually(lambda: not any(page.dirty for page in worker.store.pages()))
    assert max(rhythm.asked) > 0
    upstream.refresh(fold=False)
    assert rhythm.scrapes == 1
    with upstream.sources(partial=False) as (sources, _):
        assert 'uid="late"' in text(sources)


@pytest.mark.parametrize("missing", [{}, {"things": "being listed"}], ids=["whole", "listing"])
def test_without_a_rhythm_a_worker_sleeps_between_questions(one, missing):
    worker, upstream = one
    worker.start().missing = missing
    upstream.refresh(fold=True)
    eventually(lambda: worker.publisher._idle() > 60)


def test_a_state_that_lacks_a_kind_is_folded_by_every_question(one):
    """What is said to be missing is of the same moment as the texts, for a readiness probe too."""
    worker, upstream = one
    worker.start().missing = {"things": "being listed"}
    upstream.refresh(fold=False)
    assert upstream.missing()[0].reasons == {"things": "being listed"}
    worker.store.add(thing("a"))
    worker.missing = {}
    upstream.refresh(fold=False)
    assert upstream.missing() == []
    with upstream.sources(partial=False) as (sources, _):
        assert 'uid="a"' in text(sources)


def packed(view):
    found = list(segments([Source(view.publication, view.mapped.read)], Choice(), openmetrics=False))
    return b"".join(gzip_chunks(found))


def wide(o):
    """Text that hardly compresses, so that few objects fill an arena."""
    uid = o.metadata.uid
    digests = "".join(sha512(f"{uid}{number}".encode()).hexdigest() for number in range(4))
    return [f'thing_value{{uid="{uid}",digests="{digests}"}} {o.value}\n', f'thing_info{{uid="{uid}"}} 1\n']


def test_the_arena_is_compacted_under_its_readers(one, monkeypatch):
    """After most objects went, the arena shrinks; who still reads the old one reads it whole, as long as it takes."""
    monkeypatch.setattr(publisher, "_WASTE", 64 << 10)
    monkeypatch.setattr(page, "SLOTS", 16)
    worker, upstream = one
    worker.start(lambda arena: (things(arena, render=wide), things(arena, plural="thongs")))
    line, now = upstream.lines[0], time.monotonic()
    for number in range(2000):
        worker.store.add(thing(f"u{number}", number))
    worker.kinds[1].stores[0].add(thing("other"))
    upstream.refresh(fold=True)
    before = line.hold(now, partial=False)
    whole, reserved = packed(before), worker.arena.reserved_bytes
    assert reserved > 128 << 10
    for number in range(1990):
        worker.store.delete(f"u{number}")
    for _ in range(3):
        upstream.refresh(fold=True)
    after = line.hold(now, partial=False)
    assert after.mapped.arena != before.mapped.arena
    assert worker.store._arena.reserved_bytes < reserved / 4
    kept = gzip.decompress(packed(after)).decode()
    assert kept.count("\nthing_info{") == 11
    assert 'uid="other"' in kept
    assert packed(before) == whole
    for value in range(50):
        worker.store.update(thing("u1999", value))
        upstream.refresh(fold=True)
    assert packed(before) == whole
    assert 'thing_info{uid="u1999"} 1\n' in gzip.decompress(packed(line.latest())).decode()
    for view in (before, after):
        line.release(view)


def test_a_replacement_under_way_is_moved_too(one, monkeypatch):
    """A relist that is half done when the arena is compacted ends with everything."""
    monkeypatch.setattr(publisher, "_WASTE", 64 << 10)
    monkeypatch.setattr(page, "SLOTS", 16)
    worker, upstream = one
    worker.start(lambda arena: (things(arena, render=wide),))
    for number in range(2000):
        worker.store.add(thing(f"u{number}", number))
    upstream.refresh(fold=True)
    for number in range(1990):
        worker.store.delete(f"u{number}")
    fresh = worker.store.replace()
    for number in range(100):
        fresh.add(thing(f"new{number}", 1))
    for _ in range(3):
        upstream.refresh(fold=True)
    assert worker.store._arena is not worker.arena
    for number in range(100, 200):
        fresh.add(thing(f"new{number}", 1))
    fresh.commit("7")
    upstream.refresh(fold=True)
    found = gzip.decompress(packed(upstream.lines[0].latest())).decode()
    assert found.count("\nthing_info{") == 200


def come(worker, plural):
    """A kind that comes while the worker runs, with one object."""
    made = []

    def make(arena):
        made.append(things(arena, plural=plural, render=wide))
        return made[0]

    worker.publisher.add(make)
    made[0].stores[0].add(thing(plural))
    return made[0]


def test_a_kind_that_comes_holds_nothing_back(one):
    """Once everything was listed, a new kind shows when it was listed, and until then the others go on."""
    worker, upstream = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=True)
    worker.missing = {"thongs": "being listed"}
    come(worker, "thongs")
    upstream.refresh(fold=True)
    assert upstream.missing() == []
    assert 'uid="a"' in shown(upstream)
    assert 'uid="thongs"' not in shown(upstream)
    worker.missing = {}
    upstream.refresh(fold=True)
    assert 'uid="thongs"' in shown(upstream)


def test_a_refused_kind_is_left_out(one):
    """It holds nothing back; but where other workers could list it already, this one must not show that it has none."""
    worker, upstream = one
    worker.start().excused = {"thongs"}
    come(worker, "thongs")
    for _ in range(2):
        upstream.refresh(fold=True)
        assert upstream.missing() == []
    publication = upstream.lines[0].latest().publication
    assert [kind.plural for kind in publication.kinds] == ["things"]
    worker.excused = set()
    upstream.refresh(fold=True)
    assert 'uid="thongs"' in shown(upstream)


def test_a_kind_that_comes_before_that_is_waited_for(one):
    """What is known when the worker starts belongs to its first whole state."""
    worker, upstream = one
    worker.start().missing = {"things": "being listed"}
    upstream.refresh(fold=True)
    come(worker, "thongs")
    worker.missing = {"thongs": "being listed"}
    upstream.refresh(fold=True)
    assert upstream.missing()[0].reasons == {"thongs": "being listed"}


def test_the_memory_of_a_kind_that_leaves_is_used_again(one, monkeypatch):
    """Kinds that come and go for ever need the arena of one; who still reads the text of one that left reads it
    whole."""
    monkeypatch.setattr(page, "SLOTS", 16)
    worker, upstream = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=True)
    live = {worker.arena.live_bytes}
    sizes = set()
    for turn in range(30):
        kind = come(worker, "thongs")
        for number in range(100):
            kind.stores[0].add(thing(f"{turn}-{number}"))
        upstream.refresh(fold=True)
        view = upstream.lines[0].hold(time.monotonic(), partial=False)
        before = packed(view)
        assert f'uid="{turn}-99"' in gzip.decompress(before).decode()
        worker.publisher.remove(kind, lambda: True)
        for _ in range(2):
            upstream.refresh(fold=True)
            assert "thongs" not in shown(upstream)
        assert packed(view) == before
        upstream.lines[0].release(view)
        live.add(worker.arena.live_bytes)
        if turn > 5:
            sizes.add(worker.arena.reserved_bytes)
    assert len(sizes) == 1
    assert max(live) - min(live) < 1024  # what publications themselves differ by


def test_memory_stays_while_somebody_writes(one):
    """A reflector that has not heard yet that its kind is gone writes to memory that is still the kind's."""
    worker, upstream = one
    worker.start()
    kind, writing = come(worker, "thongs"), [True]
    upstream.refresh(fold=True)
    worker.publisher.remove(kind, lambda: not writing)
    upstream.refresh(fold=True)
    kind.stores[0].add(thing("late"))
    assert len(kind.stores[0]) == 2
    writing.clear()
    upstream.refresh(fold=True)
    assert (len(kind.stores[0]), kind.stores[0].pages()) == (0, [])


def test_a_kind_that_leaves_is_moved_too(one, monkeypatch):
    """The arena is compacted while a reflector still writes for a kind that left: it writes to the new one."""
    monkeypatch.setattr(publisher, "_WASTE", 64 << 10)
    monkeypatch.setattr(page, "SLOTS", 16)
    worker, upstream = one
    worker.start(lambda arena: (things(arena, render=wide),))
    for number in range(2000):
        worker.store.add(thing(f"u{number}", number))
    kind = come(worker, "thongs")
    upstream.refresh(fold=True)
    worker.publisher.remove(kind, lambda: False)
    for number in range(1990):
        worker.store.delete(f"u{number}")
    for _ in range(3):
        upstream.refresh(fold=True)
    assert worker.store._arena is not worker.arena
    assert kind.stores[0]._arena is worker.store._arena


def test_without_changes_nothing_grows(one):
    """A quiet cluster that is scraped, probed and watched keeps its arena as it is."""
    worker, upstream = one
    worker.start()
    for number in range(600):
        worker.store.add(thing(f"u{number}"))
    sizes = set()
    for turn in range(200):
        upstream.refresh(fold=turn % 3 == 0)
        if turn > 10:
            sizes.add(worker.arena.reserved_bytes)
    assert len(sizes) == 1
