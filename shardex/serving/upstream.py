"""The workers as the front sees them: what each last published, how old it is, and what to do while one is away."""

import logging
import mmap
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from shardex.serving.merger import Source
from shardex.store.publication import Publication, decode
from shardex.workers.board import Board, Phase
from shardex.workers.channel import Reply, Request, answered, ask

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 5.0  # to fold and answer: half of the time that scrapers give
_IMPATIENT_SECONDS = 0.5  # the same for a worker that did not answer last time: its last state is served
_LOOK_SECONDS = 0.05  # between looks at the board while an answer is awaited: a worker that died will not give it
_UP = frozenset({Phase.STARTING, Phase.READY})


class Mapped:
    """One arena, mapped read-only; closed when nothing refers to it any more."""

    def __init__(self, arena: int, fd: int) -> None:
        self.arena = arena
        self._map = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
        self._view = memoryview(self._map)
        os.close(fd)
        self.readers: Counter[int] = Counter()  # generation -> answers under way that read from it

    def read(self, offset: int, size: int) -> memoryview:
        return self._view[offset : offset + size]


class View(msgspec.Struct, frozen=True):
    """A publication with the arena it lies in; taken at monotonic seconds."""

    mapped: Mapped
    generation: int
    publication: Publication
    taken: float


class Missing(msgspec.Struct, frozen=True):
    """Why a worker's part cannot be served: kinds with their reasons, or a reason for all of it."""

    worker: int
    reasons: dict[str, str]


class Line:
    """The front's end of one worker; its lock is held for one question."""

    def __init__(self, worker: int, end: socket.socket, board: Board) -> None:
        self.worker = worker
        self._end = end
        self._board = board
        self._lock = threading.Lock()
        self._asked = 0
        self._patience = _ANSWER_SECONDS
        self._view: View | None = None  # the last answer
        self._whole: View | None = None  # the last answer of an incarnation that had everything

    def refresh(self, fold: bool, asked_at: float) -> None:
        """Ask the worker for its state, unless another thread asked after `asked_at` and has the answer."""
        with self._lock:
            if self._view is not None and self._view.taken >= asked_at:
                return
            row = self._board[self.worker]
            if row.phase not in _UP or not row.pid:
                return
            self._asked += 1
            known = self._view.mapped if self._view else None
            request = Request(self._asked, known.arena if known else 0, self._oldest(), int(fold))
            started = time.monotonic()
            if ask(self._end, request):
                self._await(row.incarnation, started)

    def servable(self, now: float, ttl: float) -> bool:
        """Whether there is a whole state to serve."""
        with self._lock:
            return self._best(now, ttl) is not None

    def hold(self, now: float, ttl: float, partial: bool) -> View | None:
        """What to serve, safe from reuse until it is released.

        partial  rather a state that is not whole than none
        """
        with self._lock:
            view = self._best(now, ttl) or (self._view if partial else None)
            if view is not None:
                view.mapped.readers[view.generation] += 1
            return view

    def release(self, view: View) -> None:
        with self._lock:
            view.mapped.readers[view.generation] -= 1

    def _best(self, now: float, ttl: float) -> View | None:
        """The present state when it is whole, else the last one that was, for as long as a worker may be away."""
        view, whole = self._view, self._whole
        if view is not None and view is whole and self._up():
            return view
        return whole if whole is not None and now - whole.taken <= ttl else None

    def latest(self) -> View | None:
        """The last answer, whole or not, for its telemetry."""
        with self._lock:
            return self._view

    def stale(self) -> bool:
        """Whether what is served is not the worker's present state."""
        with self._lock:
            return self._whole is not None and (self._view is not self._whole or not self._up())

    def missing(self) -> dict[str, str]:
        """Why there is nothing whole to serve."""
        row = self._board[self.worker]
        if not self._up():
            return {"everything": f"the worker is {row.phase.name.lower()}"}
        with self._lock:
            if self._view is None:
                return {"everything": "the worker has not answered yet"}
            return self._view.publication.missing or {"everything": "its last state is too old"}

    def _up(self) -> bool:
        return self._board[self.worker].phase in _UP

    def _oldest(self) -> int:
        """The oldest generation that an answer under way still reads, or the one that the next answer may read."""
        if self._view is None:
            return 0
        reading = [generation for generation, count in self._view.mapped.readers.items() if count > 0]
        return min([*reading, self._view.generation])

    def _await(self, incarnation: int, started: float) -> None:
        while time.monotonic() - started < self._patience:
            found = answered(self._end, _LOOK_SECONDS)
            if found is not None and self._take(*found, started):
                self._patience = _ANSWER_SECONDS
                return
            row = self._board[self.worker]
            if row.incarnation != incarnation or row.phase not in _UP:
                return
        log.warning("worker %d has not answered within %.1f s", self.worker, self._patience)
        self._patience = _IMPATIENT_SECONDS

    def _take(self, reply: Reply, fd: int | None, started: float) -> bool:
        """Keep an answer; False when it is one to an earlier question."""
        if reply.id != self._asked:
            if fd is not None:
                os.close(fd)
            return False
        mapped = Mapped(reply.arena, fd) if fd is not None else self._view.mapped if self._view else None
        if mapped is None or mapped.arena != reply.arena:
            return False
        publication = decode(mapped.read(reply.offset, reply.size))
        for generation in [g for g, count in mapped.readers.items() if count <= 0]:
            del mapped.readers[generation]
        self._view = View(mapped, reply.generation, publication, started)
        if not publication.missing:
            self._whole = self._view
        return True


class Upstream:
    """All workers of the pod."""

    def __init__(self, board: Board, ends: Sequence[socket.socket], ttl: float) -> None:
        self.board = board
        self.lines = [Line(worker, end, board) for worker, end in enumerate(ends)]
        self._ttl = ttl

    def refresh(self, fold: bool) -> None:
        """Bring every worker's state up to date; they answer side by side."""
        asked_at = time.monotonic()
        threads = [threading.Thread(target=line.refresh, args=(fold, asked_at)) for line in self.lines[1:]]
        for thread in threads:
            thread.start()
        self.lines[0].refresh(fold, asked_at)
        for thread in threads:
            thread.join()

    def missing(self) -> list[Missing]:
        """Workers whose part cannot be served now; empty when a scrape would be whole."""
        now = time.monotonic()
        return [Missing(line.worker, line.missing()) for line in self.lines if not line.servable(now, self._ttl)]

    @contextmanager
    def sources(self, partial: bool) -> Iterator[list[Source]]:
        """What to merge, held until the answer is sent; with `partial` also states that are not whole."""
        now = time.monotonic()
        held = [(line, line.hold(now, self._ttl, partial)) for line in self.lines]
        try:
            yield [Source(view.publication, view.mapped.read) for _, view in held if view is not None]
        finally:
            for line, view in held:
                if view is not None:
                    line.release(view)
