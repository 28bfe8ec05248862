"""CPU and memory of a process and all its descendants, read from /proc; nothing in them is changed or slowed.

CPU      nanoseconds of every living process from its own clock, and what the kernel has kept of those that ended
memory   PSS from smaps_rollup: a page that n processes share counts 1/n in each, so the sum counts it once;
         a memfd's pages that no process has mapped at the moment are in no PSS, and are added
"""

import os
import threading
import time
from pathlib import Path

import msgspec
import psutil

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_TRIES = 20  # a tree whose processes change between two reads is read again


class Memory(msgspec.Struct, frozen=True):
    """Bytes of all processes of a tree at one moment.

    pss      mapped, shared pages counted once
    shared   of it, shared memory
    memfds   allocated to the memfds that the processes hold open, mapped or not
    """

    pss: int = 0
    shared: int = 0
    memfds: int = 0

    @property
    def total(self) -> int:
        """Everything: what is allocated and not mapped too."""
        return self.pss + max(0, self.memfds - self.shared)


class Tree:
    """A process and its descendants, those that come and go too."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._root = psutil.Process(pid)

    def pids(self) -> list[int]:
        """The living ones; raise psutil.NoSuchProcess when the process itself has ended."""
        return [self.pid, *(child.pid for child in self._root.children(recursive=True))]

    def cpu_seconds(self) -> float:
        """User and system time since the process started, of children that ended too.

        A child's time moves to its parent when it is waited for, so a sum over a tree that changed meanwhile may lack
        it: then the tree is read again.
        """
        for _ in range(_TRIES):
            before = self.pids()
            try:
                total = sum(_cpu_seconds(pid) for pid in before)
            except OSError:
                continue
            if before == self.pids():
                return total
        raise RuntimeError(f"the processes below {self.pid} come and go too fast to be measured")

    def memory(self) -> Memory:
        pss = shared = 0
        memfds: dict[tuple[int, int], int] = {}
        for pid in self.pids():
            try:
                rollup = pss_of((_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii"))
                memfds |= _memfds(pid)
            except OSError:  # it ended meanwhile
                continue
            pss, shared = pss + rollup.pss, shared + rollup.shared
        return Memory(pss, shared, sum(memfds.values()))

    def rest(self, share: float = 0.03, seconds: float = 0.5, patience_seconds: float = 300.0) -> None:
        """Wait until the tree has used less than this share of one core for so long.

        raise   TimeoutError when that does not come
        """
        deadline = time.monotonic() + patience_seconds
        step = seconds / 2
        quiet, last = 0, self.cpu_seconds()
        while quiet < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the processes below {self.pid} do not come to rest")
            time.sleep(step)
            now = self.cpu_seconds()
            quiet = quiet + 1 if now - last < share * step else 0
            last = now


class Peak(threading.Thread):
    """The most memory a tree has, looked at every 50 ms, or less often where a look itself takes long.

    A look walks the page tables of the processes: of 200,000 pods it takes 20 ms, and must not become their load.
    """

    _PERIOD_SECONDS = 0.05
    _LOAD = 4  # times longer it sleeps than it looks

    def __init__(self, tree: Tree) -> None:
        super().__init__(daemon=True)
        self._tree = tree
        self._stop_event = threading.Event()
        self.memory = Memory()
        self.looks = 0

    def run(self) -> None:
        pause = 0.0
        while not self._stop_event.wait(pause):
            started = time.monotonic()
            try:
                now = self._tree.memory()
            except psutil.NoSuchProcess:
                return
            self.memory = max(self.memory, now, key=lambda memory: memory.total)
            self.looks += 1
            pause = max(self._PERIOD_SECONDS, self._LOAD * (time.monotonic() - started))

    def stop(self) -> Memory:
        """The highest sum that was seen."""
        self._stop_event.set()
        self.join()
        return self.memory


def pss_of(rollup: str) -> Memory:
    """What the text of a smaps_rollup says; its numbers are in units of 1,024 bytes.

    raise   ValueError when it has no Pss, as a kernel without CONFIG_PROC_PAGE_MONITOR
    """
    rows = dict(line.split(":", 1) for line in rollup.splitlines() if line.endswith(" kB"))
    if "Pss" not in rows:
        raise ValueError("smaps_rollup has no Pss")
    kilobytes = {name: int(rows.get(name, "0 kB").split()[0]) for name in ("Pss", "Pss_Shmem")}
    return Memory(kilobytes["Pss"] << 10, kilobytes["Pss_Shmem"] << 10)


def _memfds(pid: int) -> dict[tuple[int, int], int]:
    """Bytes allocated to each memfd that the process holds open, by device and inode."""
    found = {}
    for link in (_PROC / str(pid) / "fd").iterdir():
        try:
            if str(link.readlink()).startswith("/memfd:"):
                stat = link.stat()
                found[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def _cpu_seconds(pid: int) -> float:
    """Of the process, and of its children that it has waited for."""
    # /proc has only ticks of 10 ms, too coarse for one scrape. The clock's id is made as clock_getcpuclockid(3) does.
    own = time.clock_gettime(~pid << 3 | 2)
    stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    cutime, cstime = stat.rpartition(")")[2].split()[13:15]
    return own + (int(cutime) + int(cstime)) / _TICKS
