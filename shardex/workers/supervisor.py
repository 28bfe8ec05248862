"""Forks the front and one worker a shard, keeps them, and ends them; PID 1 of the pod.

It acts on what state.py decides. Signal handlers do nothing but wake the loop: what to do is decided there, in one
place.
"""

import gc
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence

from shardex.workers import channel, children, worker
from shardex.workers.board import Board, Phase
from shardex.workers.children import Exit
from shardex.workers.plan import left_out
from shardex.workers.readyfile import ReadyFile
from shardex.workers.reload import Settings, Setup
from shardex.workers.share import Share
from shardex.workers.state import Action, Event, Life, Patience, transition
from shardex.workers.watching import File, State
from shardex.workers.worker import Assignment

log = logging.getLogger(__name__)

_LOOP_SECONDS = 0.25
# A front that has not said for so long that the pod is ready is gone or stuck: it says so once a second, and may have
# to wait for a worker's answer for 5 s.
_READY_SECONDS = 10.0
_FRONT = -1  # its number among the children; workers count from 0
_BOOT_CODES = frozenset({3, 4})  # gunicorn's worker cannot boot, its application cannot be loaded: no retry helps
_SIGNALS = {
    Action.TERMINATE: signal.SIGTERM,
    Action.ABORT: signal.SIGABRT,
    Action.KILL: signal.SIGKILL,
}


class Supervisor:
    """The tree: one front, `options.workers` workers.

    front      the front's body: (board, front's ends of the channels) -> runs until it ends
    listeners  what the front listens on
    setup      what to run; `again` makes a new one, on SIGHUP or when a file changed, or raises with what is wrong
    before     the files that the settings come from, from before they were read; None when that is as they are now
    ready      --ready-file
    log_up     sets up the log of a forked process: its shard -> None
    work       a worker's body: (assignment, its end of the channel, board) -> runs until it ends
    """

    def __init__(
        self,
        setup: Setup,
        front: Callable[[Board, list[socket.socket]], None],
        listeners: Sequence[socket.socket],
        again: Callable[[], Setup],
        log_up: Callable[[str], None],
        work: Callable[[Assignment, socket.socket, Board], None] = worker.run,
        patience: Patience | None = None,
        before: Mapping[File, State] | None = None,
        ready: ReadyFile | None = None,
    ) -> None:
        self._ready = ready or ReadyFile("")
        self._front = front
        self._listeners = listeners
        self._log_up = log_up
        self._work = work
        self._patience = patience or Patience()
        count = setup.options.workers
        self.board = Board(count)
        if not setup.options.pod:  # else the front finds out
            self.board.share = Share(setup.options.shard, setup.options.total_shards).word
        self._settings = Settings(setup, again, self.board.files, before)
        self._channels = [channel.pair() for _ in range(count)]
        self._lives = {number: Life() for number in range(_FRONT, count)}
        self._pids: dict[int, int] = {}
        self._incarnations = dict.fromkeys(self._lives, 0)
        self._reloading: list[int] = []
        self._signals: list[int] = []
        self._wake: tuple[int, int] = (-1, -1)  # a pipe; read end first
        self._stopping = 0.0
        self._drained = False
        self._failed = False

    @property
    def _setup(self) -> Setup:
        return self._settings.setup

    def run(self) -> int:
        """Until told to stop; the exit status of the process."""
        children.become_subreaper()
        self._listen()
        self._announce()
        # What is imported and compiled by now is shared by every child; the collector must not touch, and so copy, it.
        # It is not collected first: of 30,000 objects a hundred are garbage, and to find them takes 15 ms of a start.
        gc.freeze()
        try:
            while not self._turn(time.monotonic()):
                select.select([self._wake[0]], [], [], _LOOP_SECONDS)
                while _drained(self._wake[0]):
                    pass
        finally:
            self._ready.show(ready=False)
        return 1 if self._failed else 0

    def _turn(self, now: float) -> bool:
        """Do what is due; whether everything has ended."""
        self._obey(now)
        seen = self.board.ready_ns
        self._ready.show(ready=bool(seen) and not self._stopping and now - seen / 1e9 < _READY_SECONDS)
        if not self._stopping and self._settings.due(now):
            self._reload(now, asked=False)
        for exit_ in children.reap():
            self._reaped(exit_, now)
        if self._over(now):
            return True
        for number, life in self._lives.items():
            waits = life.alive and life.phase is Phase.STARTING and not life.expected
            if waits and (number == _FRONT or self.board[number].synced):
                self._happens(number, Event.SYNCED, now)
            self._happens(number, Event.TICK, now)
        self._reload_next(now)
        return False

    def _listen(self) -> None:
        """From here on a signal makes the wake pipe readable."""
        self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._signals.append(number))
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _obey(self, now: float) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number == signal.SIGHUP:
                if not self._stopping:
                    self._reload(now, asked=True)
            elif not self._stopping:
                log.info("%s: stopping within %.0f s", signal.Signals(number).name, self._setup.options.drain_timeout)
                self._stop(now)
            else:
                log.warning("%s again: stopping at once", signal.Signals(number).name)
                self._stopping = now

    def _stop(self, now: float) -> None:
        """The front first: it finishes the scrapes under way, for which the workers must still be there."""
        self._stopping = now + self._setup.options.drain_timeout
        for listener in self._listeners:
            listener.close()  # our copy: new connections are refused, not left in a queue that nobody reads
        self._happens(_FRONT, Event.STOP, now)

    def _over(self, now: float) -> bool:
        """Whether everything has ended; pushes what has not."""
        if not self._stopping:
            return False
        late = now >= self._stopping
        if not self._drained and (_FRONT not in self._pids or now >= self._stopping - 1.0):
            self._drained = True
            for number in self._lives:
                if number != _FRONT:
                    self._happens(number, Event.STOP, now)
        if late and self._pids:
            log.warning("%d processes did not end in time and are killed", len(self._pids))
            for number, pid in self._pids.items():
                children.send(pid, signal.SIGKILL, group=number == _FRONT)  # gunicorn has a child of its own
        return not self._pids

    def _happens(self, number: int, event: Event, now: float) -> None:
        heartbeat = self.board[number].heartbeat_ns / 1e9 if number != _FRONT else now
        self._lives[number], actions = transition(self._lives[number], event, now, heartbeat, self._patience)
        for action in actions:
            self._act(number, action, now)
        self._post(number)

    def _act(self, number: int, action: Action, now: float) -> None:
        if action is Action.FORK:
            try:
                self._fork(number)
            except OSError as error:  # no room for a process: as good as one that died at once
                log.error("%s cannot be started: %s", _name(number), error.strerror)  # noqa: TRY400
                self._happens(number, Event.DIED, now)
        elif action is Action.ALARM:
            log.error("%s died %d times in a row: not ready until it runs", _name(number), self._lives[number].deaths)
        else:
            if action is not Action.TERMINATE:
                log.error("%s has given no sign of life: %s", _name(number), action)
            if number in self._pids:  # not when it has just been reaped
                children.send(self._pids[number], _SIGNALS[action])

    def _fork(self, number: int) -> None:
        self._incarnations[number] += 1
        setup, incarnation = self._setup, self._incarnations[number]

        if number == _FRONT:

            def body() -> None:
                # A group of its own: Ctrl-C and a hang-up of the terminal reach the supervisor alone, which decides.
                os.setpgid(0, 0)
                self._log_up("front")
                self._close(front=False)
                self._front(self.board, [front for front, _ in self._channels])

            self._pids[number] = children.fork(body, signal.SIGTERM)
            return

        def work() -> None:
            self._log_up(f"{setup.options.pod or setup.options.shard}.{number}")
            end = self._channels[number][1]
            self._close(front=True, but=end)
            for listener in self._listeners:
                listener.close()
            assignment = Assignment(setup.options, setup.plan, setup.endpoint, number, incarnation, setup.custom)
            self._work(assignment, end, self.board)

        self.board.beat(number, time.monotonic_ns())
        self._pids[number] = children.fork(work)

    def _close(self, front: bool, but: socket.socket | None = None) -> None:
        """In a child: what is the supervisor's, and the ends of the channels that are not its own."""
        for fd in self._wake:
            os.close(fd)
        for front_end, worker_end in self._channels:
            if worker_end is not but:
                worker_end.close()
            if front:
                front_end.close()

    def _reaped(self, exit_: Exit, now: float) -> None:
        for number, pid in list(self._pids.items()):
            if pid == exit_.pid:
                del self._pids[number]
                self._ended(number, exit_, now)
                return
        log.debug("pid %d, an orphan, %s", exit_.pid, exit_.cause)

    def _ended(self, number: int, exit_: Exit, now: float) -> None:
        life = self._lives[number]
        if number != _FRONT:
            self.board.died(number, exit_.code)
        else:  # what is left of it reads what its successor no longer holds for it
            children.send(exit_.pid, signal.SIGKILL, group=True)
        if life.phase is Phase.STOPPING or life.expected:
            log.info("%s %s", _name(number), exit_.cause)
        else:
            peak = exit_.peak_bytes >> 20
            log.error("%s (pid %d) %s; it had up to %d MiB of memory", _name(number), exit_.pid, exit_.cause, peak)
        if number == _FRONT and exit_.code in _BOOT_CODES and not self._stopping:
            log.error("the front cannot start: giving up")
            self._failed = True
            self._stop(now)
        self._happens(number, Event.DIED, now)

    def _post(self, number: int) -> None:
        if number != _FRONT:
            life = self._lives[number]
            pid, incarnation = self._pids.get(number, 0), self._incarnations[number]
            self.board.lives(number, life.phase, pid, incarnation, life.restarts, int(life.since * 1e9))

    def _reload(self, now: float, asked: bool) -> None:
        """Have every worker run the settings of now; wrong ones change nothing."""
        if not self._settings.renewed(now, asked):
            return
        workers = [number for number in self._lives if number != _FRONT]
        # Who is not ready first, and without waiting for it: what it is still about to list is not wanted any more.
        self._reloading = sorted(workers, key=lambda number: self._lives[number].phase is Phase.READY)
        log.info("reloading: %d workers, one after the other", len(workers))
        self._announce()

    def _reload_next(self, now: float) -> None:
        """The next worker once those before are ready: what it held is served meanwhile."""
        if self._reloading and not self._stopping:
            done = [life for n, life in self._lives.items() if n != _FRONT and n not in self._reloading]
            if all(life.phase in {Phase.READY, Phase.FAILED} for life in done):
                self._happens(self._reloading.pop(0), Event.RELOAD, now)

    def _announce(self) -> None:
        options, names = self._setup.options, [kind.name for kind in self._setup.plan]
        if self._setup.custom.resources:
            names.append(f"custom resources by {len(self._setup.custom.resources)} entries")
        said = ", ".join(names)
        shard = f"pod {options.pod}" if options.pod else f"shard {options.shard} of {options.total_shards}"
        log.info("%d workers for %s: %s", options.workers, shard, said)
        without = ", ".join(sorted(left_out(options)))
        if without:
            flag = "--track-unscheduled-pods" if options.track_unscheduled_pods else "--node"
            log.warning("%s selects pods only, so these are not exported here: %s", flag, without)


def _name(number: int) -> str:
    return "the front" if number == _FRONT else f"worker {number}"


def _drained(fd: int) -> bool:
    try:
        return bool(os.read(fd, 4096))
    except BlockingIOError:
        return False
