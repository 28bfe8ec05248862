"""Processes as the kernel has them: fork, wait, why one ended, and dying with the parent."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_HANDLED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})


class Exit(NamedTuple):
    """How a child ended.

    code        exit status, or minus the signal
    peak_bytes  the most memory it ever had
    """

    pid: int
    code: int
    peak_bytes: int

    @property
    def cause(self) -> str:
        """For people: what the number means."""
        if self.code >= 0:
            return f"exited with status {self.code}"
        name = signal.Signals(-self.code).name
        if self.code != -signal.SIGKILL:
            return f"was ended by {name}"
        return f"was ended by {name}{_out_of_memory()}"


def fork(body: Callable[[], None], parent_dies: signal.Signals = signal.SIGKILL) -> int:
    """Pid of a child that runs the body and ends; an exception is its traceback and exit status 1.

    parent_dies  the signal that the child gets when this process is gone, however it went
    raise        OSError when there is no room for another process
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal that came before the child has its own handlers would run the parent's there, and be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    try:
        pid = os.fork()
        if not pid:
            _run(body, parent, parent_dies)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _run(body: Callable[[], None], parent: int, parent_dies: signal.Signals) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        die_with_parent(parent_dies)
        if os.getppid() == parent:  # otherwise it died before the request and the signal will never come
            body()
            code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001  nothing of the parent's stack may go on in the child
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def reap() -> Iterator[Exit]:
    """Every child that has ended, strangers too: as PID 1 and as subreaper their orphans are ours."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield Exit(pid, os.waitstatus_to_exitcode(status), usage.ru_maxrss << 10)


def send(pid: int, number: signal.Signals, group: bool = False) -> None:
    """Signal a child that may be gone already, or the whole group that it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-pid if group else pid, number)


def become_subreaper() -> None:
    """Orphans of our children come to us instead of init, so none outlives the tree unseen."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: signal.Signals) -> None:
    """Get this signal when the parent is gone, however it went."""
    _prctl(_PR_SET_PDEATHSIG, number)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _out_of_memory(root: Path = Path("/sys/fs/cgroup")) -> str:
    """A hint when the kernel has killed for memory in this cgroup."""
    try:
        events = dict(line.split() for line in (root / "memory.events").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return " (out of memory?)"
    kills = int(events.get("oom_kill", 0))
    return f" (the cgroup's limit has cost {kills} processes so far: raise the memory limit)" if kills else ""
