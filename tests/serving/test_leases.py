"""What is being sent stays as it is, whatever changes meanwhile; what nobody sends any more is free."""

import gzip
import threading
import time

import pytest
from published import shown, thing, things, workers
from tree import eventually

from shardex.serving.merger import Choice, Source, gzip_chunks, segments
from shardex.serving.upstream import Upstream
from shardex.store import page


@pytest.fixture
def one():
    """A worker in a thread, not started, and the front's view of it."""
    with workers() as (board, (worker,)):
        upstream = Upstream(board, [worker.front_end], 300.0, answer_seconds=5.0)
        yield worker, upstream, upstream.lines[0]


def test_what_a_slow_reader_reads_stays(one):
    """A generation that is held is not written over, however much changes meanwhile; afterwards its memory is free."""
    worker, upstream, line = one
    worker.start()
    for number in range(50):
        worker.store.add(thing(f"u{number}"))
    upstream.refresh(fold=True)
    held = line.hold(time.monotonic(), partial=False)
    found = list(segments([Source(held.publication, held.mapped.read)], Choice(), openmetrics=False))

    def churn(first):
        sizes = []
        for value in range(first, first + 30):
            for number in range(50):
                worker.store.update(thing(f"u{number}", value))
            upstream.refresh(fold=True)
            assert f'thing_value{{uid="u7"}} {value}\n' in shown(upstream)
            sizes.append(worker.arena.reserved_bytes)
        return sizes

    grown = churn(1)
    assert grown[-1] > grown[0], "nothing that is held is reused"
    kept = gzip.decompress(b"".join(gzip_chunks(found))).decode()
    assert kept.count("} 0\n") == 50
    line.release(held)
    churn(100)
    settled = churn(200)
    assert settled[0] == settled[-1], "what was held is reused"


def test_scrapes_stay_whole_while_everything_changes(one, monkeypatch):
    """Whatever reflectors, probes and slow readers do at the same time, the checksum of every scrape is right.

    Found: pages that filled up were compressed by the reflector while the publisher was putting their segments into a
    publication, or between two answers with the same texts; the front read what came next in their place.
    """
    monkeypatch.setattr(page, "SLOTS", 8)
    worker, upstream, line = one
    worker.start(lambda arena: (things(arena), things(arena, plural="thongs")))
    stop = threading.Event()
    faults = []

    def guarded(body):
        def run():
            count = 0
            while not stop.is_set():
                count += 1
                try:
                    body(count)
                except BaseException as error:
                    faults.append(error)
                    return

        return threading.Thread(target=run)

    def ingest(store):
        def body(count):
            store.update(thing(f"u{count % 400}", count))
            store.delete(f"u{(count * 7) % 400}")

        return body

    def scrape(_):
        upstream.refresh(fold=True)
        with upstream.sources(partial=False) as (sources, _):
            found = list(segments(sources, Choice(), openmetrics=False))
            line.refresh(fold=False, asked_at=time.monotonic())
            gzip.decompress(b"".join(gzip_chunks(found)))

    threads = [guarded(ingest(kind.stores[0])) for kind in worker.kinds]
    threads += [guarded(scrape), guarded(scrape), guarded(lambda _: upstream.refresh(fold=False))]
    for thread in threads:
        thread.start()
    stop.wait(1.5)
    try:
        eventually(lambda: faults or worker.answers > 20, 30.0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not faults
