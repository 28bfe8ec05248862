"""Which shard holds an object."""

import random
import uuid
from collections import Counter

import mmh3
import pytest
from helpers import cases

from shardex.shard import Level, jump, owner

UIDS = [str(uuid.UUID(int=random.Random(n).getrandbits(128), version=4)) for n in range(20_000)]
POD, WORKER = Level.POD, Level.WORKER


def fnv1a64(text):
    """FNV-1a of 64 bits; the peer's hash, whose recorded shards check our jump()."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value


@pytest.mark.parametrize(("uid", "want"), cases("sharding_cases", "uid_to_shard"))
def test_jump_is_the_peers(uid, want):
    """jump() of the peer's hash gives the shards that the peer was seen to give."""
    assert {total: jump(fnv1a64(uid), int(total)) for total in want} == want


@pytest.mark.parametrize(
    ("key", "total", "want"),
    [
        (1, 1, 0),
        (42, 57, 43),
        (0xDEAD10CC, 1, 0),
        (0xDEAD10CC, 666, 361),
        (256, 1024, 520),
        (10863919174838991, 11, 6),
        (2016238256797177309, 11, 3),
        (1673758223894951030, 11, 5),
        (2, 100001, 80343),
        (2201, 100001, 22152),
        (2202, 100001, 15018),
    ],
)
def test_jump_vectors(key, total, want):
    """jump() gives the published values of other implementations (go-jump, Guava)."""
    assert jump(key, total) == want


def test_hash_vector():
    """The hash is MurmurHash3 x64 of 128 bits, first half; the value is the mmh3 project's own example."""
    assert mmh3.hash64("foo", signed=True)[0] == -2129773440516405919


@pytest.mark.parametrize(
    ("uid", "level", "want"),
    [
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", POD, (0, 0, 0, 0, 10, 201)),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", WORKER, (0, 0, 2, 2, 12, 362)),
        ("", POD, (0, 0, 0, 0, 0, 0)),
        ("test_uid", WORKER, (0, 0, 2, 2, 12, 586)),
    ],
)
def test_owner_is_pinned(uid, level, want):
    """Placement never changes: pods of two versions of shardex may serve one shard set during a rollout."""
    assert tuple(owner(uid, total, level) for total in (1, 2, 3, 5, 16, 1000)) == want


def shares(total, level, uids=UIDS):
    return Counter(owner(uid, total, level) for uid in uids)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("total", range(2, 9))
def test_balance(total, level):
    """Of 20,000 objects every shard gets its part, to 5 %."""
    found = shares(total, level)
    assert sorted(found) == list(range(total))
    even = len(UIDS) / total
    assert max(abs(count - even) for count in found.values()) < 0.05 * even


@pytest.mark.parametrize("pods", [2, 3, 4])
@pytest.mark.parametrize("workers", [2, 3, 4])
def test_levels_are_independent(pods, workers):
    """The objects of every pod spread evenly over its workers, to 10 %: one hash for both levels would starve some."""
    for pod in range(pods):
        mine = [uid for uid in UIDS if owner(uid, pods, POD) == pod]
        found = shares(workers, WORKER, mine)
        even = len(mine) / workers
        assert len(found) == workers
        assert max(abs(count - even) for count in found.values()) < 0.1 * even


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("total", range(1, 9))
def test_growing_moves_only_to_the_new_shard(total, level):
    """One shard more takes its part from all, to 10 %, and nothing moves between the old ones."""
    moved = [uid for uid in UIDS if owner(uid, total, level) != owner(uid, total + 1, level)]
    assert {owner(uid, total + 1, level) for uid in moved} == {total}
    assert abs(len(moved) * (total + 1) / len(UIDS) - 1) < 0.1


def test_one_shard_holds_everything():
    """With one shard there is nothing to hash."""
    assert owner("", 1) == 0
    assert {owner(uid, 1, WORKER) for uid in UIDS[:100]} == {0}
