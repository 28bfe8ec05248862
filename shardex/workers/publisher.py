"""A worker's answers to the front: fold what changed, write the publication into the arena, say where it is."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence

from shardex.store.arena import Arena
from shardex.store.publication import Kind, KindText, Publication, encode, kind_text, move
from shardex.workers.channel import Reply, answer, asked

log = logging.getLogger(__name__)

_WASTE = 16 << 20  # bytes; below that, free space in the arena is not worth a copy
_LAZY_SECONDS = 300.0  # without a scrape after which changes are folded anyway, so that they do not pile up as text


class Publisher:
    """Owns the arena's generations; one thread.

    incarnation  of the worker; with the arena's serial it names the arena to the front
    missing      kinds not yet listed, with the reason
    status       the worker's telemetry, encoded
    """

    def __init__(
        self,
        incarnation: int,
        arena: Arena,
        kinds: Sequence[Kind],
        missing: Callable[[], dict[str, str]],
        status: Callable[[Arena, Sequence[Kind], float], bytes],
    ) -> None:
        self._incarnation = incarnation
        self._serial = 0
        self._arena = arena
        self._kinds = kinds
        self._missing = missing
        self._status = status
        self._texts: tuple[KindText, ...] = ()
        self._last = (0, 0)  # offset and size of the publication before
        self._fold_seconds = 0.0

    @property
    def arena_id(self) -> int:
        return self._incarnation << 20 | self._serial

    def serve(self, end: socket.socket, stop: threading.Event) -> None:
        """Answer the front until told to stop."""
        while not stop.is_set():
            request = asked(end, _LAZY_SECONDS)
            if request is None or request.fold:
                self._fold()
            if request is None:
                continue
            oldest = request.oldest if request.arena == self.arena_id else self._arena.generation
            offset, size = self._write()
            generation = self._arena.publish(oldest)
            known = request.arena == self.arena_id
            answer(end, Reply(request.id, self.arena_id, generation, offset, size), None if known else self._arena.fd)

    def _fold(self) -> None:
        started = time.monotonic()
        self._texts = tuple(kind_text(kind) for kind in self._kinds)
        self._compact()
        self._fold_seconds = time.monotonic() - started

    def _write(self) -> tuple[int, int]:
        if self._last[1]:
            self._arena.release(*self._last)
        status = self._status(self._arena, self._kinds, self._fold_seconds)
        data = encode(Publication(self._texts, self._missing(), status))
        self._last = self._arena.write(data), len(data)
        return self._last

    def _compact(self) -> None:
        """Copy what lives when most of the arena is free; readers keep the old one for as long as they need it."""
        arena = self._arena
        if arena.reserved_bytes < max(_WASTE, 2 * arena.live_bytes):
            return
        log.info("the arena holds %d bytes for %d that live: copied", arena.reserved_bytes, arena.live_bytes)
        fresh = Arena("shardex")
        move(self._kinds, fresh)
        self._arena, self._last = fresh, (0, 0)
        self._serial += 1
        self._texts = tuple(kind_text(kind) for kind in self._kinds)
        arena.close()
