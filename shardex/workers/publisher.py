"""A worker's answers to the front: fold what changed, write the publication into the arena, say where it is."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence

from shardex.store.arena import Arena
from shardex.store.publication import Kind, KindText, Publication, clear, encode, kind_text, move
from shardex.workers.channel import Reply, answer, asked
from shardex.workers.resharding import Resharding
from shardex.workers.rhythm import Rhythm

log = logging.getLogger(__name__)

_WASTE = 16 << 20  # bytes; below that, free space in the arena is not worth a copy
_LAZY_SECONDS = 300.0  # without a scrape after which changes are folded anyway, so that they do not pile up as text
_TURN_SECONDS = 0.05  # between looks at the board, where the number of shards may change
_SERIAL_BITS = 20  # of an arena's id: a million compactions in one incarnation


class Publisher:
    """Owns the arena, its generations and the kinds that lie in it; one thread, but kinds come and go from any.

    incarnation  of the worker; with the arena's serial it names the arena to the front
    missing      kinds that a whole state waits for, with the reason
    unlisted     kinds to be left out until they were listed, refused ones too
    status       the worker's telemetry, encoded: (arena, seconds of the last fold)
    total        shards that the texts are of
    resharding   None where the number of shards never changes

    Until everything was listed once, a publication says what it lacks, and is not served. From then on a kind that
    comes holds nothing back: it is left out until it was listed, and the front shows it when no worker leaves it out.
    """

    def __init__(
        self,
        incarnation: int,
        arena: Arena,
        kinds: Sequence[Kind],
        missing: Callable[[], dict[str, str]],
        unlisted: Callable[[], Collection[str]],
        status: Callable[[Arena, float], bytes],
        total: int = 1,
        resharding: Resharding | None = None,
    ) -> None:
        self._incarnation = incarnation
        self._serial = 0
        self._arena = arena
        self._kinds = tuple(kinds)
        self._leaving: list[tuple[Kind, Callable[[], bool]]] = []
        # Held while texts are made, so that a kind comes and goes between two publications.
        self._lock = threading.Lock()
        self._whole = False
        self._missing = missing
        self._unlisted = unlisted
        self._status = status
        self._resharding = resharding
        self._totals = (total, 0)  # what the texts show
        self._texts: tuple[KindText, ...] = ()
        self._lacking = {"everything": "not folded yet"}  # what the texts lack, as missing() had it before the fold
        self._last = (0, 0)  # offset and size of the publication before
        self._fold_seconds = 0.0
        self._folded = time.monotonic()
        self._outdated = False
        self._rhythm = Rhythm()
        self._look = float("inf")  # when to ask the rhythm again
        self._changes = 0  # of all stores at the last fold
        self._spent = (0.0, 0.0)  # seconds of the last folds and changes in them, each counting half of the one after

    @property
    def arena_id(self) -> int:
        """Names the arena among all that this worker's number ever had."""
        return self._incarnation << _SERIAL_BITS | self._serial

    def add(self, make: Callable[[Arena], Kind]) -> None:
        """Publish one more kind; it is made in the arena of now."""
        with self._lock:
            self._kinds = (*self._kinds, make(self._arena))

    def remove(self, kind: Kind, idle: Callable[[], bool]) -> None:
        """Publish the kind no more.

        idle  whether nobody writes to its stores; its memory is given back with the first fold that finds it so
        """
        with self._lock:
            self._kinds = tuple(one for one in self._kinds if one is not kind)
            self._leaving.append((kind, idle))

    def serve(self, end: socket.socket, stop: threading.Event) -> None:
        """Answer the front until told to stop."""
        while not stop.is_set():
            request = asked(end, self._idle())
            now = time.monotonic()
            # Probes and the telemetry page ask too, without a fold: they must not put it off for ever. And texts that
            # lack something must not be shown again as whole ones, once it is there.
            late = now >= self._folded + _LAZY_SECONDS
            wanted = self._ahead(now) if request is None else request.fold or self._lacking or self._outdated
            if late or wanted:
                self._fold()
            if request is None:
                continue
            if request.fold:
                self._rhythm.came(now)
                self._look = now
            oldest = request.oldest if request.arena == self.arena_id else self._arena.generation
            offset, size = self._write()
            generation = self._arena.publish(oldest)
            known = request.arena == self.arena_id
            answer(end, Reply(request.id, self.arena_id, generation, offset, size), None if known else self._arena.fd)

    def _idle(self) -> float:
        """Seconds to wait for a question; what a change of the number of shards asks for is done meanwhile."""
        if self._resharding is None:
            return max(0.0, min(self._folded + _LAZY_SECONDS, self._look) - time.monotonic())
        if self._resharding.idle or not self._resharding.turn():
            return _TURN_SECONDS
        # What the texts show was given back, and may be written over: they must not be shown again.
        self._outdated = True
        return 0.0

    def _ahead(self, now: float) -> bool:
        """Whether to fold before the scrape that is about to come."""
        if now < self._look:
            return False
        spent, changes = self._spent
        seconds = (self._made() - self._changes) * spent / max(changes, 1.0)
        wait = self._rhythm.wait(now, seconds) if self._whole else float("inf")
        self._look = now + wait
        return not wait

    def _made(self) -> int:
        """Changes of all stores so far."""
        return sum(store.changes for kind in self._kinds for store in kind.stores)

    def _fold(self) -> None:
        started, made = time.monotonic(), self._made()
        if self._resharding is not None:
            # What was whole must not be shown with a page that is not sorted: a relist may have brought one.
            while self._resharding.complete and self._resharding.turn():
                pass
            self._totals = self._resharding.totals
        self._outdated = False
        with self._lock:
            # First: a kind that is listed during the fold may or may not be in the texts.
            lacking, unlisted = self._missing(), self._unlisted() if self._whole else ()
            shown = [kind for kind in self._kinds if kind.plural not in unlisted]
            self._texts = tuple(kind_text(kind) for kind in shown)
            self._lacking = {} if self._whole else lacking
            self._whole = self._whole or not lacking
            self._clear()
            if self._compacted():
                self._texts = tuple(kind_text(kind) for kind in shown)
        self._folded = self._look = time.monotonic()
        self._fold_seconds = self._folded - started
        spent, changes = self._spent
        self._spent = (spent / 2 + self._fold_seconds, changes / 2 + made - self._changes)
        self._changes = made

    def _write(self) -> tuple[int, int]:
        if self._last[1]:
            self._arena.release(*self._last)
        status = self._status(self._arena, self._fold_seconds)
        data = encode(Publication(self._texts, self._lacking, status, self._totals))
        self._last = self._arena.write(data), len(data)
        return self._last

    def _clear(self) -> None:
        """Give back the memory of kinds that left; the texts show them no more."""
        leaving, self._leaving = self._leaving, []
        for kind, idle in leaving:
            if idle():
                clear(kind)
            else:
                self._leaving.append((kind, idle))

    def _compacted(self) -> bool:
        """Copy what lives when most of the arena is free; readers keep the old one for as long as they need it."""
        arena = self._arena
        if arena.reserved_bytes < max(_WASTE, 2 * arena.live_bytes):
            return False
        log.info("the arena holds %d bytes for %d that live: copied", arena.reserved_bytes, arena.live_bytes)
        fresh = Arena("shardex")
        move([*self._kinds, *(kind for kind, _ in self._leaving)], fresh)
        self._arena, self._last = fresh, (0, 0)
        self._serial += 1
        arena.close()
        return True
