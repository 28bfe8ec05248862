"""What the front knows of its workers: fresh, whole, safe to read, and for how long without them."""

import os
import threading
import time
from pathlib import Path

import pytest
from published import shown, thing, workers
from tree import eventually

from shardex.serving.upstream import Upstream
from shardex.workers.board import Phase
from shardex.workers.channel import Reply, Request, answer, ask, asked

TTL = 300.0


@pytest.fixture
def one():
    """A worker in a thread, not started, and the front's view of it."""
    with workers() as (board, (worker,)):
        upstream = Upstream(board, [worker.front_end], TTL, answer_seconds=0.2)
        yield worker, upstream, upstream.lines[0]


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_every_scrape_is_fresh(one):
    """What was stored before the question is in the answer."""
    worker, upstream, _ = one
    worker.start()
    for value in range(20):
        worker.store.update(thing("a", value))
        upstream.refresh(fold=True)
        assert f'thing_value{{uid="a"}} {value}\n' in shown(upstream)


def test_a_telemetry_question_does_not_pass_for_a_scrape(one):
    """A scrape that waits behind a question without a fold asks again: that answer shows the last scrape."""
    worker, upstream, line = one
    worker.start().store.add(thing("a", 1))
    upstream.refresh(fold=True)
    asked_at = time.monotonic()
    worker.store.update(thing("a", 2))
    line.refresh(fold=False, asked_at=time.monotonic())
    assert 'thing_value{uid="a"} 1\n' in shown(upstream)
    line.refresh(fold=True, asked_at=asked_at)
    assert 'thing_value{uid="a"} 2\n' in shown(upstream)


def test_those_who_ask_at_once_ask_once(one):
    """An answer that was asked for after a thread came is that thread's answer too."""
    worker, _, line = one
    worker.start()
    asked_at = time.monotonic()
    threads = [threading.Thread(target=line.refresh, args=(True, asked_at)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worker.answers == 1


def test_those_who_come_during_a_question_share_the_next(one):
    """An answer that was asked for before a thread came may lack what the thread wants to see."""
    worker, _, line = one
    worker.start()
    worker.gate.clear()
    threads = [threading.Thread(target=line.refresh, args=(True, time.monotonic()))]
    threads[0].start()
    eventually(lambda: worker.answers == 1, what="the first question")
    threads += [threading.Thread(target=line.refresh, args=(True, time.monotonic())) for _ in range(5)]
    for thread in threads[1:]:
        thread.start()
    worker.gate.set()
    for thread in threads:
        thread.join()
    assert worker.answers == 2


def test_who_has_an_answer_does_not_wait_for_the_next_ones_question(one):
    """Two scrapers that ask a slow worker in turn each wait for one answer, not for two."""
    worker, upstream, line = one
    worker.start()
    upstream.refresh(fold=True)
    worker.gate.clear()
    slow = threading.Thread(target=upstream.refresh, args=(True,))
    slow.start()
    eventually(lambda: worker.answers == 2, what="the second question")
    started = time.monotonic()
    view = line.hold(started, partial=False)
    line.release(view)
    assert line.latest() is view
    assert slow.is_alive()
    worker.gate.set()
    slow.join()


def test_nothing_is_served_before_everything_is_listed(one):
    """Law 2: a worker that lacks a kind is refused by name, unless partial states are asked for."""
    worker, upstream, _ = one
    worker.start().missing = {"pods": "being listed"}
    worker.store.add(thing("a"))
    upstream.refresh(fold=True)
    assert shown(upstream) is None
    assert [(m.worker, m.reasons) for m in upstream.missing()] == [(0, {"pods": "being listed"})]
    assert 'uid="a"' in shown(upstream, partial=True)
    worker.missing = {}
    upstream.refresh(fold=True)
    assert upstream.missing() == []
    assert 'uid="a"' in shown(upstream)


def test_texts_that_lacked_a_kind_are_never_whole(one):
    """What was folded while a kind was missing does not become whole when the kind is listed, but when it is folded."""
    worker, upstream, _ = one
    worker.start().missing = {"things": "being listed"}
    upstream.refresh(fold=True)
    worker.store.add(thing("a"))
    worker.missing = {}
    upstream.refresh(fold=False)
    worker.stop()
    upstream.refresh(fold=True)
    assert shown(upstream) is None or 'uid="a"' in shown(upstream)


def test_a_first_question_without_a_fold_is_not_an_empty_state(one):
    """A readiness probe that comes before the first scrape leaves nothing that could be served as if it were all."""
    worker, upstream, _ = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=False)
    worker.stop()
    assert 'uid="a"' in shown(upstream)


def test_a_dead_workers_state_is_served_and_then_not(one):
    """The last whole state is served for its time to live, marked as stale, and after that refused."""
    worker, upstream, line = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=True)
    assert not line.stale()
    worker.stop(Phase.BACKOFF)
    upstream.refresh(fold=True)
    assert line.stale()
    assert 'uid="a"' in shown(upstream)
    taken = line.latest().taken
    assert line.servable(taken + TTL)
    assert not line.servable(taken + TTL + 0.001)
    assert line.missing() == {"everything": "the worker is backoff"}


def test_a_new_incarnation_is_served_when_it_is_whole(one):
    """While the successor lists, the dead worker's state is served, not the successor's half of it; not for ever."""
    worker, upstream, line = one
    worker.start().store.add(thing("old"))
    upstream.refresh(fold=True)
    worker.stop()
    worker.start().missing = {"things": "being listed"}
    worker.store.add(thing("half"))
    upstream.refresh(fold=True)
    assert 'uid="old"' in shown(upstream)
    assert line.stale()
    assert not line.servable(time.monotonic() + TTL)
    assert line.missing() == {"things": "being listed"}
    worker.missing = {}
    worker.store.add(thing("whole"))
    upstream.refresh(fold=True)
    assert not line.stale()
    assert "old" not in shown(upstream)
    assert 'uid="half"' in shown(upstream)
    assert 'uid="whole"' in shown(upstream)


def test_a_worker_that_is_still_listing_is_left_alone(one):
    """A scrape does not wait for an answer that it would not use: the predecessor's state is served at once."""
    worker, upstream, line = one
    worker.start().store.add(thing("old"))
    upstream.refresh(fold=True)
    worker.stop()
    worker.start(synced=False).gate.clear()
    asked_before = worker.answers
    upstream.refresh(fold=True)
    assert worker.answers == asked_before
    assert line.stale()
    assert 'uid="old"' in shown(upstream)
    worker.gate.set()
    worker.board.sync(0, synced=True)
    upstream.refresh(fold=True)
    assert "old" not in shown(upstream)


def test_a_first_worker_that_is_still_listing_is_asked(one):
    """Without a predecessor's state its answer is wanted: it says what is missing."""
    worker, upstream, _ = one
    worker.start(synced=False).missing = {"things": "being listed"}
    upstream.refresh(fold=True)
    assert upstream.missing()[0].reasons == {"things": "being listed"}


def test_a_worker_that_does_not_answer(one):
    """A hung worker costs the front's patience once, then a fraction; its last state is served for its time only."""
    worker, upstream, line = one
    worker.start().store.add(thing("a"))
    upstream.refresh(fold=True)
    worker.gate.clear()
    upstream.refresh(fold=True)
    assert line.stale()
    assert 'uid="a"' in shown(upstream)
    assert not line.servable(time.monotonic() + TTL), "a phase that says READY does not make an old state new"
    assert line.missing() == {"everything": "the worker does not answer"}
    worker.gate.set()
    eventually(lambda: worker.answers >= 2, what="the late answer")
    worker.store.update(thing("a", 7))
    upstream.refresh(fold=True)
    assert not line.stale()
    assert 'thing_value{uid="a"} 7\n' in shown(upstream)


def test_a_worker_that_never_answered(one):
    """Neither an exception nor an empty exposition: the reason."""
    worker, upstream, _ = one
    worker.start()
    worker.gate.clear()
    upstream.refresh(fold=True)
    assert shown(upstream) is None
    assert shown(upstream, partial=True) == ""
    assert upstream.missing()[0].reasons == {"everything": "the worker has not answered yet"}


def test_a_worker_that_dies_while_it_is_asked():
    """The front does not wait for an answer that cannot come."""
    with workers() as (board, (worker,)):
        upstream = Upstream(board, [worker.front_end], TTL, answer_seconds=60.0)
        worker.start()
        worker.gate.clear()
        scrape = threading.Thread(target=upstream.refresh, args=(True,))
        scrape.start()
        eventually(lambda: worker.answers == 1, what="the question")
        board.lives(0, Phase.STARTING, 7, 2, 1, 0)
        scrape.join(5)
        assert not scrape.is_alive()


def test_a_late_answer_is_dropped_with_its_file(one):
    """An answer to an earlier question is none to this one, and its file descriptor is not kept."""
    worker, upstream, line = one
    worker.board.lives(0, Phase.READY, 1, 1, 0, 0)
    upstream.refresh(fold=True)
    late = asked(worker.end, 1.0)
    before = open_files()
    file = os.open("/proc/self/exe", os.O_RDONLY)
    answer(worker.end, Reply(late.id, 1, 1, 0, 64), file)
    os.close(file)
    upstream.refresh(fold=True)
    assert line.latest() is None
    assert asked(worker.end, 1.0).id > late.id
    assert open_files() == before


def test_a_new_front_does_not_take_an_old_ones_answer(one):
    """Ids go on where the last front's ended, so an answer that was meant for it is told apart."""
    worker, upstream, _ = one
    worker.board.lives(0, Phase.READY, 1, 1, 0, 0)
    upstream.refresh(fold=True)
    first = asked(worker.end, 1.0)
    Upstream(worker.board, [worker.front_end], TTL, answer_seconds=0.01).refresh(fold=True)
    assert asked(worker.end, 1.0).id > first.id


def test_a_request_that_cannot_be_sent(one):
    """A worker that reads nothing fills its socket; the front goes on without it."""
    worker, upstream, _ = one
    worker.board.lives(0, Phase.READY, 1, 1, 0, 0)
    while ask(worker.front_end, Request(0, 0, 0, 0)):
        pass
    upstream.refresh(fold=True)
    assert shown(upstream) is None
