"""Processes that a run starts: the environment they get, and their end."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
_STOP_SECONDS = 25.0  # shardex itself ends within 20 s


def environment() -> dict[str, str]:
    """This process's own, in which `python -m` finds the modules of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End them, the last one first, by force where it takes too long; each leads a session of its own."""
    for process in reversed(processes):
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in reversed(processes):
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole tree without a word: its own session, so its own group; shardex's front leads another one."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
