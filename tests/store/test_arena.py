"""Bytes once published stay until no reader can look at them."""

import random

from shardex.store.arena import Arena


def test_what_is_written_is_read():
    """An extent holds what was written until it is given back, whatever is written besides."""
    arena = Arena("test")
    rng = random.Random(7)
    kept = {}
    for turn in range(2000):
        if kept and rng.random() < 0.45:
            offset = rng.choice(list(kept))
            arena.release(offset, len(kept.pop(offset)))
        else:
            data = rng.randbytes(rng.choice([1, 63, 64, 65, 500, 5000]))
            kept[arena.write(data)] = data
        if turn % 50 == 0:
            arena.publish(arena.generation)
    assert all(bytes(arena.read(offset, len(data))) == data for offset, data in kept.items())
    arena.close()


def test_a_published_extent_waits_for_its_readers():
    """An extent that generation 1 showed is not written again while a reader still sends from generation 1."""
    arena = Arena("test")
    first = arena.write(b"a" * 100)
    assert arena.publish(0) == 1
    arena.release(first, 100)
    assert arena.write(b"b" * 100) != first
    arena.publish(oldest=1)
    assert arena.write(b"c" * 100) != first
    assert bytes(arena.read(first, 100)) == b"a" * 100
    arena.publish(oldest=2)
    assert arena.write(b"d" * 100) == first
    arena.close()


def test_an_unpublished_extent_is_free_at_once():
    """Changes between two scrapes reuse their own space: without a scraper the arena does not grow."""
    arena = Arena("test")
    arena.publish(0)
    for _ in range(100):
        arena.release(arena.write(b"x" * 1000), 1000)
    assert arena.reserved_bytes <= 1024
    arena.close()


def test_a_large_free_extent_serves_small_ones():
    """Freed space is split: what one large page gave back is used by small segments before new memory is."""
    arena = Arena("test")
    large = arena.write(b"x" * 6400)
    arena.release(large, 6400)
    before = arena.reserved_bytes
    offsets = {arena.write(b"y" * 64) for _ in range(100)}
    assert len(offsets) == 100
    assert arena.reserved_bytes == before
    arena.close()
