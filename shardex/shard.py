"""Which shard holds an object; the only place that hashes."""

from enum import IntEnum

import mmh3

_JUMP = 2862933555777941757  # the multiplier of the paper's linear congruential generator
_WORD = (1 << 64) - 1


class Level(IntEnum):
    """The two levels of sharding; the value is the seed of the hash.

    One key for both would correlate them: with P pods and W workers, the uids of pod p fall on few of its workers.
    """

    POD = 0
    WORKER = 0x9E3779B9


def owner(uid: str, total: int, level: Level = Level.POD) -> int:
    """Ordinal of the shard that holds the object.

    uid     metadata.uid as the API server sends it
    total   shards, at least 1
    level   pods of a shard set, or workers of a pod: independent of each other
    return  0 <= ordinal < total; the same in every process and version
    source  jump consistent hash, Lamping and Veach 2014 (arXiv:1406.2294), over mmh3's first 64 bits
    """
    if total == 1:
        return 0
    return jump(mmh3.hash64(uid, level, signed=False)[0], total)


def jump(key: int, total: int) -> int:
    """Bucket of a 64-bit key; growing from N to M buckets moves (M-N)/M of the keys, all of them to new buckets.

    key     0 <= key < 2**64
    total   buckets, at least 1
    """
    bucket, following = -1, 0
    while following < total:
        bucket = following
        key = (key * _JUMP + 1) & _WORD
        following = int((bucket + 1) * (2147483648.0 / ((key >> 33) + 1)))
    return bucket
