"""The machine: what figures must be quoted with, and how much of it others used meanwhile."""

import os
import platform
import subprocess
import time
from pathlib import Path

import msgspec

from load.processes import ROOT

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


class Machine(msgspec.Struct, frozen=True):
    """Where and with what figures were taken.

    commit   of this checkout, with -dirty when it was changed since; "" outside of one
    """

    cpu: str
    cores: int
    memory_bytes: int
    kernel: str
    python: str
    commit: str
    day: str


def machine() -> Machine:
    return Machine(
        cpu=cpu_name((_PROC / "cpuinfo").read_text(encoding="utf-8")) or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        commit=_commit(),
        day=time.strftime("%Y-%m-%d"),
    )


def cpu_name(cpuinfo: str) -> str:
    """The first "model name" of /proc/cpuinfo; "" on architectures that give none."""
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == "model name"), "")


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def busy_seconds(stat: str) -> float:
    """CPU time that all processes of the machine have used, out of the text of /proc/stat; waiting is not use."""
    fields = stat.partition("\n")[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / _TICKS


class Others:
    """How much of the machine other processes use from now on, beside this one and the children it has waited for."""

    def __init__(self) -> None:
        self._at = self._now()

    def cores(self) -> float:
        """Cores that others kept busy, on average; 0.1 and less is a quiet machine."""
        busy, own, clock = (now - then for now, then in zip(self._now(), self._at, strict=True))
        return max(0.0, busy - own) / max(clock, 1e-9)

    @staticmethod
    def _now() -> tuple[float, float, float]:
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return busy_seconds((_PROC / "stat").read_text(encoding="ascii")), own, time.monotonic()
