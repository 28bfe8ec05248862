"""How every worker stands, in memory that all processes of the pod see.

One row of 64-bit words a worker. Each word has one writer and is stored whole (an item of a memoryview is one aligned
8-byte copy), so there is no lock and no half-written value:

    word   0      1    2            3          4       5         6          7     8
           phase  pid  incarnation  heartbeat  synced  restarts  since      exit  holds
    by     sup.   sup. sup.         worker     worker  sup.      sup.       sup.  worker

Two more words are the pod's, and the front's to write: what it holds and shows of the objects (share.py), which before
the first fork whoever made the board writes, and when it was last found ready.
"""

import mmap
from enum import IntEnum
from typing import NamedTuple

from shardex.workers.notice import Notice

_WORDS = 9


class Phase(IntEnum):
    """A worker's life."""

    STARTING = 0
    READY = 1
    BACKOFF = 2
    FAILED = 3
    STOPPING = 4


class Row(NamedTuple):
    """One worker.

    incarnation   counts its processes, from 1
    heartbeat_ns  monotonic time of its last sign of life
    synced        whether every kind was listed once by this incarnation
    restarts      incarnations that died
    since_ns      monotonic time of the last change of phase
    exit_code     of the last incarnation that died: a status, or minus the signal; 0 when none did
    holds         the pod's word when the worker has all that it says; 0 or another word until then
    """

    phase: Phase
    pid: int
    incarnation: int
    heartbeat_ns: int
    synced: bool
    restarts: int
    since_ns: int
    exit_code: int
    holds: int = 0


class Board:
    """Rows for a fixed number of workers; made before the first fork.

    files   the supervisor's, of the files that the settings come from
    """

    def __init__(self, workers: int) -> None:
        self.files = Notice()
        self.workers = workers
        self._words = memoryview(mmap.mmap(-1, (workers * _WORDS + 2) * 8)).cast("q")

    @property
    def share(self) -> int:
        """The pod's word."""
        return self._words[self.workers * _WORDS]

    @share.setter
    def share(self, word: int) -> None:
        self._words[self.workers * _WORDS] = word

    @property
    def ready_ns(self) -> int:
        """Monotonic time at which the pod was found ready; 0 while it is not."""
        return self._words[self.workers * _WORDS + 1]

    @ready_ns.setter
    def ready_ns(self, now_ns: int) -> None:
        self._words[self.workers * _WORDS + 1] = now_ns

    def __getitem__(self, worker: int) -> Row:
        words = self._words[worker * _WORDS : (worker + 1) * _WORDS].tolist()
        return Row(Phase(words[0]), words[1], words[2], words[3], bool(words[4]), words[5], *words[6:])

    def lives(self, worker: int, phase: Phase, pid: int, incarnation: int, restarts: int, since_ns: int) -> None:
        """The supervisor's words, but the exit code."""
        base = worker * _WORDS
        words = {0: phase, 1: pid, 2: incarnation, 5: restarts, 6: since_ns}
        for word, value in words.items():
            self._words[base + word] = value

    def died(self, worker: int, exit_code: int) -> None:
        self._words[worker * _WORDS + 7] = exit_code
        self._words[worker * _WORDS + 4] = 0
        self._words[worker * _WORDS + 8] = 0

    def beat(self, worker: int, now_ns: int) -> None:
        self._words[worker * _WORDS + 3] = now_ns

    def hold(self, worker: int, word: int) -> None:
        self._words[worker * _WORDS + 8] = word

    def sync(self, worker: int, synced: bool) -> None:
        self._words[worker * _WORDS + 4] = int(synced)
