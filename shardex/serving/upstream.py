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
from shardex.store.publication import Publication, decode, shown
from shardex.workers.board import Board, Phase
from shardex.workers.channel import Reply, Request, answered, ask
from shardex.workers.share import Share, share_of

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
    """A publication with the arena it lies in; times are monotonic seconds.

    taken   when it was asked for
    folded  when it was asked for what its texts show: earlier where the worker was not told to fold
    """

    mapped: Mapped
    generation: int
    publication: Publication
    taken: float
    folded: float


class Missing(msgspec.Struct, frozen=True):
    """Why a worker's part cannot be served: kinds with their reasons, or a reason for all of it."""

    worker: int
    reasons: dict[str, str]


class Line:
    """The front's end of one worker.

    Two locks: `_asking` is held for one question, `_lock` for what is known. So who has an answer already does not wait
    for the next one's question.
    """

    def __init__(self, worker: int, end: socket.socket, board: Board, ttl: float, answer_seconds: float) -> None:
        self.worker = worker
        self._end = end
        self._board = board
        self._ttl = ttl
        self._asking = threading.Lock()
        self._lock = threading.Lock()
        self._asked = time.monotonic_ns()  # id of the last question; never one of a front before this one
        self._answer_seconds = self._patience = answer_seconds
        self._answered = False  # whether the last question was
        self._view: View | None = None  # the last answer
        self._whole: View | None = None  # the last answer that lacked nothing

    def refresh(self, fold: bool, asked_at: float) -> None:
        """Ask the worker for its state, unless another thread asked after `asked_at` and has the answer."""
        with self._asking:
            view = self._view
            if view is not None and (view.folded if fold else view.taken) >= asked_at:
                return
            row, started = self._board[self.worker], time.monotonic()
            up = row.phase in _UP and bool(row.pid)
            if fold and not row.synced:
                # It is busy listing, and has nothing yet that would be served in its predecessor's place.
                up = up and not self.servable(started)
            self._asked += 1
            came = up and ask(self._end, self._request(fold)) and self._await(row.incarnation, started, fold)
            with self._lock:
                self._answered = came

    def servable(self, now: float) -> bool:
        """Whether there is a whole state to serve."""
        with self._lock:
            return self._best(now) is not None

    def hold(self, now: float, partial: bool) -> View | None:
        """What to serve, safe from reuse until it is released.

        partial  rather a state that is not whole than none
        """
        with self._lock:
            view = self._best(now) or (self._view if partial else None)
            if view is not None:
                view.mapped.readers[view.generation] += 1
            return view

    def release(self, view: View) -> None:
        with self._lock:
            view.mapped.readers[view.generation] -= 1

    def _best(self, now: float) -> View | None:
        """The present state when it is whole, else the last one that was, for as long as a worker may be away."""
        whole = self._whole
        present = self._answered and whole is self._view
        return whole if whole is not None and (present or now - whole.taken <= self._ttl) else None

    def latest(self) -> View | None:
        """The last answer, whole or not, for its telemetry."""
        with self._lock:
            return self._view

    def stale(self) -> bool:
        """Whether what is served is not the worker's present state."""
        with self._lock:
            return self._whole is not None and not (self._answered and self._view is self._whole)

    def missing(self) -> dict[str, str]:
        """Why there is nothing whole to serve."""
        phase = self._board[self.worker].phase
        if phase not in _UP:
            return {"everything": f"the worker is {phase.name.lower()}"}
        with self._lock:
            if self._view is None or not self._answered:
                return {"everything": "the worker does not answer" if self._view else "the worker has not answered yet"}
            return self._view.publication.missing

    def _request(self, fold: bool) -> Request:
        with self._lock:
            arena = self._view.mapped.arena if self._view else 0
            return Request(self._asked, arena, self._oldest(), int(fold))

    def _oldest(self) -> int:
        """The oldest generation that an answer under way still reads, or the one that the next answer may read."""
        if self._view is None:
            return 0
        mapped = self._view.mapped
        reading = [generation for generation, count in mapped.readers.items() if count > 0]
        shown = [view.generation for view in (self._view, self._whole) if view is not None and view.mapped is mapped]
        return min(reading + shown)

    def _await(self, incarnation: int, started: float, fold: bool) -> bool:
        """Whether the answer came in time."""
        while time.monotonic() - started < self._patience:
            found = answered(self._end, _LOOK_SECONDS)
            if found is not None and self._take(*found, started, fold):
                self._patience = self._answer_seconds
                return True
            row = self._board[self.worker]
            if row.incarnation != incarnation or row.phase not in _UP:
                return False
        log.warning("worker %d has not answered within %.1f s", self.worker, self._patience)
        self._patience = min(_IMPATIENT_SECONDS, self._answer_seconds)
        return False

    def _take(self, reply: Reply, fd: int | None, started: float, fold: bool) -> bool:
        """Keep an answer; False when it is one to an earlier question."""
        if reply.id != self._asked:
            if fd is not None:
                os.close(fd)
            return False
        before = self._view
        mapped = Mapped(reply.arena, fd) if fd is not None else before.mapped if before else None
        if mapped is None or mapped.arena != reply.arena:
            return False
        publication = decode(mapped.read(reply.offset, reply.size))
        folded = started if fold or before is None else before.folded
        with self._lock:
            for generation in [g for g, count in mapped.readers.items() if count <= 0]:
                del mapped.readers[generation]
            self._view = View(mapped, reply.generation, publication, started, folded)
            if not publication.missing:
                self._whole = self._view
        return True


class Upstream:
    """All workers of the pod."""

    def __init__(
        self, board: Board, ends: Sequence[socket.socket], ttl: float, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self.board = board
        self.lines = [Line(worker, end, board, ttl, answer_seconds) for worker, end in enumerate(ends)]

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
        return [Missing(line.worker, line.missing()) for line in self.lines if not line.servable(now)]

    @contextmanager
    def sources(self, partial: bool) -> Iterator[tuple[list[Source], list[Missing]]]:
        """What to merge, held until the answer is sent, and what is missing in it: nothing when a scrape is whole.

        partial  also states that are not whole, and then nothing counts as missing
        """
        # Read once, so that all workers show the same total; read after they were asked, so that all know of it.
        share = share_of(self.board.share)
        if share is not None and share.idle:
            yield [], []
            return
        now = time.monotonic()
        held = [(line, line.hold(now, partial)) for line in self.lines]
        try:
            sources = [_source(view, share) for _, view in held if view is not None]
            missing = [Missing(line.worker, line.missing()) for line, view in held if view is None and not partial]
            yield sources, missing
        finally:
            for line, view in held:
                if view is not None:
                    line.release(view)


def _source(view: View, share: Share | None) -> Source:
    publication = view.publication
    return Source(shown(publication, share.serving, share.overlap) if share else publication, view.mapped.read)
