"""A worker's part in a change of the number of shards: what it holds follows the board's word, beside what it shows.

    the word says             the worker
    another preparing total   says anew which side each object is on, divides its pages by it, one at a time, and lists
                              what arrives beside its watches
    the other of its totals   shows the other side: a flip, which is a few stores' pages and no object
    any other serving total   ends: it has missed something, and its successor begins with what the word says now

When all that the word says is here, the worker writes the word into its row of the board.
"""

import logging
import threading
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from shardex.shard import Level, owner
from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.replacement import Gain
from shardex.store.store import Render, Store
from shardex.workers.board import Board
from shardex.workers.share import Share, covered, mine, share_of

log = logging.getLogger(__name__)

Mine = Callable[[str], bool]
Begin = Callable[[Gain, Mine], Any]


class Kept(msgspec.Struct, frozen=True):
    """A store, and what begins a list of its objects into a gain, in a thread of its own."""

    store: Store
    begin: Begin


class Resharding:
    """Owns what the worker's stores are sorted for. turn() is the publisher's; stores come and go from any thread.

    synced    whether every kind was listed once
    complete  whether all of `share` is here and sorted
    """

    def __init__(self, board: Board, worker: int, share: Share, synced: Callable[[], bool]) -> None:
        self._board, self._worker = board, worker
        self._synced = synced
        self._lock = threading.Lock()
        self._kept: list[Kept] = []
        self._gains: list[Gain] = []
        self.share = share
        self._mine = mine(share, worker, board.workers)
        self.complete = False

    def wants(self, uid: str) -> bool:
        """Whether the object is this worker's, for what is shown or for what is prepared."""
        return self._mine is None or self._mine(uid)

    def keep(self, render: Render, families: int, arena: Arena, begin: Begin) -> Store:
        """A new store, which follows from now on."""
        with self._lock:
            store = Store(render, families, arena, self.share.side)
            self._kept.append(Kept(store, begin))
            return store

    def forget(self, stores: Collection[Store]) -> None:
        """They are not shown any more."""
        with self._lock:
            self._kept = [kept for kept in self._kept if kept.store not in stores]

    @property
    def totals(self) -> tuple[int, int]:
        """What a publication made now shows: the serving total, and the prepared one when it is whole."""
        return self.share.serving, self.share.preparing if self.complete else 0

    def turn(self) -> bool:
        """Do what is due, a page's worth of it; whether what a publication shows has changed.

        raise  RuntimeError when the word says what this worker cannot come to
        """
        word = self._board.share
        wanted = share_of(word)
        if wanted is None:
            return False
        with self._lock:
            changed = self._follow(wanted)
            if any(kept.store.sort() for kept in self._kept):
                return True
            self.complete = all(gain.done.is_set() for gain in self._gains)
            if self.complete and self._board[self._worker].holds != word and self._synced():
                self._board.hold(self._worker, word)
            return changed

    def _follow(self, wanted: Share) -> bool:
        changed = False
        if wanted.serving != self.share.serving:
            if wanted.serving != self.share.preparing or not self.complete:
                raise RuntimeError(f"{wanted} cannot be shown out of {self.share}")
            self.share = Share(wanted.shard, wanted.serving, self.share.serving)
            for kept in self._kept:
                kept.store.flip(self.share.side)
            changed = True
        if wanted.preparing != self.share.preparing:
            self._announce(wanted)
            changed = True
        return changed

    def _arrives(self, share: Share) -> Mine:
        """Only what is new: of anything else the watch knows more than a list."""
        worker, workers = self._worker, self._board.workers
        return lambda uid: share.side(uid) is Side.ARRIVING and owner(uid, workers, Level.WORKER) == worker

    def _announce(self, wanted: Share) -> None:
        """Prepare another total. Watches let through what arrives before the lists of it begin: none falls between."""
        self._board.hold(self._worker, 0)  # or the word of before would be believed when it comes a second time
        share = Share(wanted.shard, wanted.serving, wanted.preparing)
        here = (self.share.serving, self.share.preparing) if self.complete else (self.share.serving,)
        gains = bool(share.preparing) and not covered(share.shard, share.preparing, here)
        for gain in self._gains:
            gain.done.set()
        found = [(kept, kept.store.announce(share.side, gains)) for kept in self._kept]
        self.share, self.complete = share, False
        self._mine = mine(share, self._worker, self._board.workers)
        self._gains = [gain for _, gain in found if gain is not None]
        for kept, begun in found:
            if begun is not None:
                kept.begin(begun, self._arrives(share))
        if gains:
            log.info("listing what shard %d gains of %d", share.shard, share.preparing)
