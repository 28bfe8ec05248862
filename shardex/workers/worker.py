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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import msgspec

from shardex import __version__
from shardex.custom.config import CustomConfig
from shardex.custom.discovery import RESOURCE, established
from shardex.kube.backoff import Backoff
from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, Endpoint
from shardex.kube.notes import Notes
from shardex.kube.reflector import Reading, Reflector, Target
from shardex.options import Options
from shardex.store.arena import Arena
from shardex.store.publication import Kind
from shardex.store.replacement import Gain
from shardex.store.store import Store
from shardex.workers import status
from shardex.workers.board import Board
from shardex.workers.custom_kinds import CustomKinds
from shardex.workers.definitions import DEFINITIONS, DefinitionNotes, Definitions
from shardex.workers.guard import guarded
from shardex.workers.plan import KindPlan
from shardex.workers.problems import Problems
from shardex.workers.publisher import Publisher
from shardex.workers.resharding import Mine, Resharding
from shardex.workers.share import Share, mine, share_of
from shardex.workers.watched import Watched

log = logging.getLogger(__name__)

_BEAT_SECONDS = 1.0
_WAIT_SECONDS = 0.05  # between looks at the board until it says what to list
_LISTS_AT_ONCE = 4  # lists under way in one process: enough to hide their latency, few enough to bound their pages
# Between tries of a custom kind that is defined and yet refused: an API server may learn of it after we did.
_DEFINED_SECONDS = 15.0
_STACK_BYTES = (
    512 << 10
)  # a reflector's frames are shallow; the default of 8 MB each counts against address space limits
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_M_ARENA_MAX = -8  # mallopt: heaps that glibc makes for threads; each keeps what its thread freed


class Assignment(msgspec.Struct, frozen=True):
    """What one worker is to do.

    worker       its number in the pod, from 0
    incarnation  counts the processes that had this number, from 1
    custom       resources to watch besides those of the plan, as their definitions come and go
    """

    options: Options
    plan: tuple[KindPlan, ...]
    endpoint: Endpoint
    worker: int
    incarnation: int
    custom: CustomConfig = CustomConfig()


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
            log.info("synced: %d objects", worker.objects())
        with contextlib.suppress(Empty):
            told.get(timeout=_BEAT_SECONDS if synced else 0.05)
            break
    log.info("stopping")
    # Reflectors wait in reads that nothing interrupts, and hold nothing that needs an end.
    os._exit(0)


class Worker:
    """The kinds of one shard: those of the plan for good, custom ones while they are defined."""

    def __init__(self, assignment: Assignment, share: Share, board: Board) -> None:
        options = assignment.options
        self._assignment = assignment
        self._share = share
        changes = bool(options.pod)
        self._resharding = Resharding(board, assignment.worker, share, lambda: not self.missing()) if changes else None
        self._mine = self._resharding.wants if self._resharding else mine(share, assignment.worker, options.workers)
        agent = f"shardex/{__version__} (shard {share.shard}.{assignment.worker})"
        self._client = Client(Credentials(assignment.endpoint, options.kubeconfig), agent)
        self._gate = threading.Semaphore(_LISTS_AT_ONCE)
        self._reading = Reading(cached=options.use_apiserver_cache, limit=options.object_limit)
        self._defined = msgspec.structs.replace(self._reading, backoff=Backoff(slow_seconds=_DEFINED_SECONDS))
        self._publisher = Publisher(
            assignment.incarnation,
            Arena("shardex"),
            (),
            self.missing,
            self.unlisted,
            self.status,
            share.serving,
            self._resharding,
        )
        self._base_bytes = 0
        self._watched: dict[str, Watched] = {}
        for plan in assignment.plan:
            self._add(plan)
        self._definitions: Definitions | None = None
        if assignment.custom.resources:
            custom = CustomKinds(options, self._begin, self._end)
            self._definitions = Definitions(assignment.custom, custom.choose)
            self._definition_notes = DefinitionNotes(self._definitions)

    def start(self, stop: threading.Event, end: socket.socket) -> None:
        """Start a thread a reflector, and one for the front's requests."""
        self._base_bytes = _resident()
        for watched in self._watched.values():
            watched.start()
        bodies: list[tuple[Callable[..., None], tuple[object, ...]]] = [(self._publisher.serve, (end, stop))]
        if self._definitions is not None:
            bodies.append((self._defining(self._definitions).run, (stop,)))
        for body, arguments in bodies:
            threading.Thread(target=guarded, args=(body, *arguments), daemon=True).start()

    def missing(self) -> dict[str, str]:
        """Kinds that were never listed, with what is known of the reason; refused and absent ones are excused."""
        found = {name: watched.waits() for name, watched in self._watched.items()}
        if self._definitions is not None and not self._definitions.known:
            found[RESOURCE] = self._definition_notes.standing().error or "being listed"
        return {name: reason for name, reason in found.items() if reason}

    def unlisted(self) -> set[str]:
        """Custom kinds of which nothing is known yet; the excused ones too."""
        return {name for name, watched in self._watched.items() if watched.custom and not watched.listed()}

    def objects(self) -> int:
        return sum(len(store) for watched in self._watched.values() for store in watched.kind.stores)

    def status(self, arena: Arena, fold_seconds: float) -> bytes:
        """The worker's telemetry as it goes into a publication."""
        usage = rlimit.getrusage(rlimit.RUSAGE_SELF)
        kinds = [watched.status() for watched in self._watched.values()]
        defined = None
        if self._definitions is not None:
            known = self._definitions
            defined = status.DefinitionsStatus(known.count, known.added, known.changed, known.removed)
            standings = (self._definition_notes.standing(),)
            kinds.append(status.KindStatus(RESOURCE, "*v1.CustomResourceDefinition", 0, 0, 0, 0, 0, standings))
        return status.encode(
            status.WorkerStatus(
                pod_shard=self._share.shard,
                worker=self._assignment.worker,
                incarnation=self._assignment.incarnation,
                resident_bytes=_resident(),
                peak_bytes=usage.ru_maxrss << 10,
                base_bytes=self._base_bytes,
                arena_bytes=arena.reserved_bytes,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                fold_seconds=fold_seconds,
                now=time.monotonic(),
                kinds=tuple(kinds),
                definitions=defined,
                object_limit=self._reading.limit,
            )
        )

    def _add(self, plan: KindPlan, problems: Problems | None = None) -> Watched:
        """A kind that is watched once it is started; from here on it is waited for."""

        def make(arena: Arena) -> Kind:
            reading = self._reading if problems is None else self._defined
            watched = Watched(plan, arena, self._store, partial(self._reflector, reading), problems)
            self._watched = {**self._watched, plan.name: watched}
            return watched.kind

        self._publisher.add(make)
        return self._watched[plan.name]

    def _begin(self, plan: KindPlan, problems: Problems) -> None:
        self._add(plan, problems).start()

    def _end(self, name: str) -> None:
        watched = self._watched[name]
        self._watched = {other: one for other, one in self._watched.items() if other != name}
        watched.stop()
        if self._resharding is not None:
            self._resharding.forget(watched.kind.stores)
        self._publisher.remove(watched.kind, watched.idle)

    def _reflector(self, reading: Reading, plan: KindPlan, target: Target, store: Store, notes: Notes) -> Reflector:
        return Reflector(self._client, target, reading, plan.decode, store, self._mine, self._gate, notes)

    def _defining(self, definitions: Definitions) -> Reflector:
        """Every worker reads every definition, whatever its share and however many objects are kept of a list."""
        reading = msgspec.structs.replace(self._reading, limit=0)
        return Reflector(
            self._client, DEFINITIONS, reading, established, definitions, None, self._gate, self._definition_notes
        )

    def _store(self, plan: KindPlan, target: Target, arena: Arena) -> Store:
        """An empty store; where the number of shards may change, one that follows it."""
        if self._resharding is None:
            return Store(plan.render, len(plan.heads), arena)
        return self._resharding.keep(plan.render, len(plan.heads), arena, partial(self._gain, plan, target))

    def _gain(self, plan: KindPlan, target: Target, gain: Gain, arrives: Mine) -> Callable[[], bool]:
        """Begin to list what arrives; not from a cache that may be older than what the watch has passed over so far."""
        reading = msgspec.structs.replace(self._reading, cached=False)
        notes = Notes(plan.name, "what arrives")
        reflector = Reflector(self._client, target, reading, plan.decode, gain, arrives, self._gate, notes)
        threading.Thread(target=guarded, args=(reflector.run, gain.done), daemon=True).start()
        return lambda: bool(notes.standing().excused)


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


def _resident() -> int:
    """Memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


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
