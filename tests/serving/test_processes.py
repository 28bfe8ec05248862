"""Memory of the pod's processes, as the kernel counts it."""

import os
import subprocess
import sys

import pytest
from tree import eventually

from shardex.serving.processes import memory, private
from shardex.workers.board import Board, Phase

ROLLUP = """\
55d0c0a00000-7ffd9d5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               36512 kB
Pss:               11024 kB
Pss_Dirty:          9587 kB
Pss_Anon:           9586 kB
Pss_Shmem:            24 kB
"""


def test_shared_memory_is_left_aside():
    """Each page once, without what the arenas' own metric counts."""
    assert private(ROLLUP) == 11_000 << 10
    assert private(ROLLUP.replace("Pss_Shmem:            24 kB\n", "")) == 11_024 << 10


@pytest.mark.parametrize("text", ["", "Rss: 1 kB\n"])
def test_a_kernel_that_does_not_tell(text):
    """No number is better than a wrong one."""
    with pytest.raises(ValueError, match="Pss"):
        private(text)


def test_every_process_that_lives():
    """Supervisor, front and living workers have a number; a worker that ended has none, whoever has its pid now."""
    board = Board(3)
    for number, phase in enumerate((Phase.READY, Phase.STARTING, Phase.BACKOFF)):
        board.lives(number, phase, os.getpid(), 1, 0, 0)
    found = {(process, worker): size for process, worker, size in memory(board)}
    assert {("worker", "0"), ("worker", "1"), ("front", "")} <= set(found)
    assert ("worker", "2") not in found
    assert found["worker", "0"] > 1 << 20
    assert found["front", ""] > found["worker", "0"]  # this process and its parent


def test_a_process_that_is_gone():
    """It has no sample, and the others have theirs."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pid = process.pid
    eventually(lambda: not os.path.exists(f"/proc/{pid}"))  # noqa: PTH110
    board = Board(1)
    board.lives(0, Phase.READY, pid, 1, 0, 0)
    assert not any(process == "worker" for process, _, _ in memory(board))
