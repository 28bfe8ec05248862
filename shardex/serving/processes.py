"""Memory of the pod's processes, as the kernel charges it to the pod: each page once, however many share it."""

import os
from collections.abc import Iterator
from pathlib import Path

from shardex.workers.board import Board, Phase

_PROC = Path("/proc")


def memory(board: Board) -> Iterator[tuple[str, str, int]]:
    """(process, worker, bytes) of the supervisor, the front's processes and the workers; of the last by number.

    bytes   proportional set size without shared memory: the arenas have a number of their own
    """
    master = os.getppid()
    found = [("supervisor", "", _parent(master)), ("front", "", master), ("front", "", os.getpid())]
    rows = [(number, board[number]) for number in range(board.workers)]
    # The pid of one that ended may be another process's by now.
    found += [("worker", str(number), row.pid) for number, row in rows if row.phase in {Phase.STARTING, Phase.READY}]
    sums: dict[tuple[str, str], int] = {}
    for process, worker, pid in found:
        try:
            own = private((_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii"))
        except (OSError, ValueError):  # it ended just now, or a kernel without the file: no sample, not a wrong one
            continue
        sums[process, worker] = sums.get((process, worker), 0) + own
    for (process, worker), size in sums.items():
        yield process, worker, size


def private(rollup: str) -> int:
    """Bytes in the text of a smaps_rollup, whose numbers are in units of 1,024.

    raise   ValueError when it has no Pss, as that of a kernel thread
    """
    rows = dict(line.split(":", 1) for line in rollup.splitlines() if line.endswith(" kB"))
    if "Pss" not in rows:
        raise ValueError("no Pss")
    return (int(rows["Pss"].split()[0]) - int(rows.get("Pss_Shmem", "0 kB").split()[0])) << 10


def _parent(pid: int) -> int:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
