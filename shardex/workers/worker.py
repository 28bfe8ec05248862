"""A shard's process from fork to exit: reflectors fill stores, a publisher answers the front, the main thread beats."""

import contextlib
import ctypes
import faulthandler
import gc
import logging
import os
import resource as rlimit
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from shardex import __version__
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint
from shardex.kube.intake import Buffer
from shardex.kube.notes import Notes, Standing
from shardex.kube.reflector import Reading, Reflector, Target
from shardex.options import Options
from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.publication import Kind
from shardex.store.replacement import Gain
from shardex.store.store import Store
from shardex.workers import status
from shardex.workers.board import Board
from shardex.workers.plan import KindPlan
from shardex.workers.publisher import Publisher
from shardex.workers.resharding import Mine, Resharding
from shardex.workers.share import Share, mine, share_of

log = logging.getLogger(__name__)

_BEAT_SECONDS = 1.0
_WAIT_SECONDS = 0.05  # between looks at the board until it says what to list
_LISTS_AT_ONCE = 4  # lists under way in one process: enough to hide their latency, few enough to bound their pages
_STACK_BYTES = (
    512 << 10
)  # a reflector's frames are shallow; the default of 8 MB each counts against address space limits
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_M_ARENA_MAX = -8  # mallopt: heaps that glibc makes for threads; each keeps what its thread freed


class Assignment(msgspec.Struct, frozen=True):
    """What one worker is to do.

    worker       its number in the pod, from 0
    incarnation  counts the processes that had this number, from 1
    """

    options: Options
    plan: tuple[KindPlan, ...]
    endpoint: Endpoint
    worker: int
    incarnation: int


def run(assignment: Assignment, end: socket.socket, board: Board) -> None:
    """Work until SIGTERM; the body of a forked process."""
    # Of all that threads wait on, only this queue may be filled by a handler: setting an event there, which the same
    # thread is about to wait for, waits for itself.
    told: SimpleQueue[int] = SimpleQueue()
    signal.signal(signal.SIGTERM, lambda number, _: told.put(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    faulthandler.enable()
    gc.set_threshold(100_000, 50, 50)  # view structs hold no cycles; what does is small and rare
    _tame_malloc()
    threading.stack_size(_STACK_BYTES)

    share = _share(assignment.worker, board, told)
    if share is None:
        return
    worker = Worker(assignment, share, board)
    worker.start(threading.Event(), end)
    synced = False
    while True:
        board.beat(assignment.worker, time.monotonic_ns())
        if not synced and not worker.missing():
            synced = True
            _trim()
            board.sync(assignment.worker, synced=True)
            log.info("synced: %d objects", sum(len(store) for kind in worker.kinds for store in kind.stores))
        with contextlib.suppress(Empty):
            told.get(timeout=_BEAT_SECONDS if synced else 0.05)
            break
    log.info("stopping")
    # Reflectors wait in reads that nothing interrupts, and hold nothing that needs an end.
    os._exit(0)


class Worker:
    """The stores and reflectors of one shard."""

    def __init__(self, assignment: Assignment, share: Share, board: Board) -> None:
        options = assignment.options
        self._assignment = assignment
        self._share = share
        self._arena = Arena("shardex")
        changes = bool(options.pod)
        self._resharding = Resharding(board, assignment.worker, share, lambda: not self.missing()) if changes else None
        self._mine = self._resharding.wants if self._resharding else mine(share, assignment.worker, options.workers)
        agent = f"shardex/{__version__} (shard {share.shard}.{assignment.worker})"
        self._client = Client(Credentials(assignment.endpoint, options.kubeconfig), agent)
        self._gate = threading.Semaphore(_LISTS_AT_ONCE)
        self._reading = Reading(cached=options.use_apiserver_cache, limit=options.object_limit)
        self._reflectors: list[Reflector] = []
        self._notes: dict[str, list[Notes]] = {}
        self.kinds = tuple(self._kind(plan) for plan in assignment.plan)

    def start(self, stop: threading.Event, end: socket.socket) -> None:
        """Start a thread a reflector, and one for the front's requests."""
        for reflector in self._reflectors:
            threading.Thread(target=_guarded, args=(reflector.run, stop), daemon=True).start()
        publisher = Publisher(
            self._assignment.incarnation,
            self._arena,
            self.kinds,
            self.missing,
            self.status,
            self._share.serving,
            self._resharding,
        )
        threading.Thread(target=_guarded, args=(publisher.serve, end, stop), daemon=True).start()

    def missing(self) -> dict[str, str]:
        """Kinds that were never listed, with what is known of the reason; refused and absent ones are excused."""
        found = {}
        for plural, notes in self._notes.items():
            waiting = [s for s in (note.standing() for note in notes) if not s.synced and not s.excused]
            if waiting:
                found[plural] = waiting[0].error or "being listed"
        return found

    def status(self, arena: Arena, kinds: Sequence[Kind], fold_seconds: float) -> bytes:
        """The worker's telemetry as it goes into a publication."""
        usage = rlimit.getrusage(rlimit.RUSAGE_SELF)
        rows = [
            _kind_status(plan, kind, tuple(note.standing() for note in self._notes[kind.plural]))
            for plan, kind in zip(self._assignment.plan, kinds, strict=True)
        ]
        return status.encode(
            status.WorkerStatus(
                pod_shard=self._share.shard,
                worker=self._assignment.worker,
                incarnation=self._assignment.incarnation,
                resident_bytes=int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES,
                peak_bytes=usage.ru_maxrss << 10,
                arena_bytes=arena.reserved_bytes,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                fold_seconds=fold_seconds,
                now=time.monotonic(),
                kinds=tuple(rows),
            )
        )

    def _kind(self, plan: KindPlan) -> Kind:
        plural = plan.resource.plural
        stores = []
        self._notes[plural] = []
        for target in plan.targets:
            notes = Notes(plural, target.path if len(plan.targets) > 1 else "")
            decode: Callable[[Buffer], Any] = msgspec.json.Decoder(plan.resource.object).decode
            store = self._store(plan, target, decode)
            self._reflectors.append(
                Reflector(self._client, target, self._reading, decode, store, self._mine, self._gate, notes)
            )
            self._notes[plural].append(notes)
            stores.append(store)
        return Kind(plural, plan.heads, tuple(stores))

    def _store(self, plan: KindPlan, target: Target, decode: Callable[[Buffer], Any]) -> Store:
        """An empty store; where the number of shards may change, one that knows how to list what arrives."""
        if self._resharding is None:
            return Store(plan.render, len(plan.heads), self._arena)

        def begin(gain: Gain, wants: Mine) -> None:
            notes = Notes(f"{plan.resource.plural} that arrive")
            # Not from a cache that may be older than what the watch has passed over until now.
            reading = msgspec.structs.replace(self._reading, cached=False)
            reflector = Reflector(self._client, target, reading, decode, gain, wants, self._gate, notes)
            threading.Thread(target=_guarded, args=(reflector.run, gain.done), daemon=True).start()

        return self._resharding.keep(plan.render, len(plan.heads), self._arena, begin)


def _share(worker: int, board: Board, told: "SimpleQueue[int]") -> Share | None:
    """What the pod holds, once it is known; None when the worker is told to stop before."""
    while True:
        share = share_of(board.share)
        if share is not None:
            return share
        board.beat(worker, time.monotonic_ns())
        with contextlib.suppress(Empty):
            told.get(timeout=_WAIT_SECONDS)
            return None


def _kind_status(plan: KindPlan, kind: Kind, standings: tuple[Standing, ...]) -> status.KindStatus:
    objects = series = text = segments = index = aside = 0
    for store in kind.stores:
        with store.lock:
            objects += len(store)
            for page in store.pages():
                series += sum(page.lines)
                text += sum(page.raw)
                segments += sum(page.size)
                index += page.index_bytes
                aside += 0 if page.side is Side.STAYING else sum(page.size) + page.index_bytes
    api, name = plan.resource.api, plan.resource.kind
    go_type = f"*{api.rpartition('/')[2]}.{name}"
    return status.KindStatus(kind.plural, go_type, objects, series, text, segments, index, standings, aside)


def _guarded(body: Callable[..., None], *arguments: object) -> None:
    """A thread that cannot go on ends the process: the supervisor starts a whole one instead of half of one."""
    try:
        body(*arguments)
    except BaseException:
        log.exception("a thread of the worker failed")
        os._exit(1)


def _tame_malloc() -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 2)


def _trim() -> None:
    """Give back what the first lists needed and nothing needs again."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
