"""What a pod holds and shows, as one word that all its processes see: its shard and up to two totals.

    bits   0-15    16-31     32-47       61        62
           shard   serving   preparing   overlap   known

One word, so that nobody reads half of a change.
"""

from collections.abc import Callable

import msgspec

from shardex.shard import Level, owner
from shardex.store.page import Side

MOST = (1 << 16) - 1  # shards that the word has room for
_OVERLAP, _KNOWN = 1 << 61, 1 << 62


class Share(msgspec.Struct, frozen=True):
    """The pod's part of the objects.

    shard      its ordinal, from 0; it may be beyond either total, and then holds nothing of it
    serving    total whose part is shown; 0 while it is not known
    preparing  total whose part is built beside it; 0 for none
    overlap    the part of `preparing` is shown as well: just after a flip, when it is the total before
    """

    shard: int
    serving: int
    preparing: int = 0
    overlap: bool = False

    @property
    def idle(self) -> bool:
        """Whether the shard is beyond what is served: it shows nothing, and that is all there is to show."""
        return 0 < self.serving <= self.shard and not self.overlap

    @property
    def word(self) -> int:
        return self.shard | self.serving << 16 | self.preparing << 32 | (_OVERLAP if self.overlap else 0) | _KNOWN

    def side(self, uid: str) -> Side:
        """Which of the totals make the object this pod's."""
        serving = self.shard < self.serving and owner(uid, self.serving) == self.shard
        preparing = self.shard < self.preparing and owner(uid, self.preparing) == self.shard
        if serving:
            return Side.STAYING if preparing or not self.preparing else Side.LEAVING
        return Side.ARRIVING if preparing else Side.NONE


def share_of(word: int) -> Share | None:
    """None while nothing is known of the shard set."""
    if not word & _KNOWN:
        return None
    return Share(word & MOST, word >> 16 & MOST, word >> 32 & MOST, bool(word & _OVERLAP))


def covered(shard: int, total: int, by: tuple[int, ...]) -> bool:
    """Whether what a shard has of a total is part of what it has of one of the others.

    Growing, a shard of jump hashing only loses objects: of a larger total it has a part of what it has of a smaller
    one.
    """
    return total <= shard or any(shard < other <= total for other in by)


def mine(share: Share, worker: int, workers: int) -> Callable[[str], bool] | None:
    """Whether a uid is this worker's: the pod's share first, then the worker's of that; None when all are."""
    shard, total, side = share.shard, share.serving, share.side
    if share == Share(0, 1):
        return None if workers == 1 else lambda uid: owner(uid, workers, Level.WORKER) == worker
    if shard >= total or share.preparing:
        if workers == 1:
            return lambda uid: side(uid) is not Side.NONE
        return lambda uid: side(uid) is not Side.NONE and owner(uid, workers, Level.WORKER) == worker
    if workers == 1:
        return lambda uid: owner(uid, total) == shard
    return lambda uid: owner(uid, total) == shard and owner(uid, workers, Level.WORKER) == worker
