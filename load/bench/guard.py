"""python -m load bench-check: has a pod become dearer than it was?

Seconds differ from machine to machine and from minute to minute, a ratio hardly does: CPU of decode, render and store a
pod, divided by the CPU of a loop of plain Python, json and zlib, which the same process runs before and after. Where
`perf` counts instructions they take the place of seconds, since they do not depend on what else the machine does.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from load.cluster import Cluster
from load.objects.population import populate
from load.objects.world import Settings, World
from load.processes import environment

_RECORDED = Path(__file__).with_name("guard.json")

# Run as a process of its own: `load` imports nothing of what it measures. Arguments: a file with a pod a line, rounds,
# and what to do: "calibration", "pods" or "nothing" so often, or "time" to do both in turns and print their seconds.
_PROGRAM = """
import gc, json, sys, time, zlib
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.store.arena import Arena
from shardex.store.store import Store
from shardex.workers.plan import plan

file, rounds, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
lines = open(file, "rb").read().splitlines()
[kind] = plan(parse({"resources": "pods"}, RESOURCES, lambda: 1))
decode = kind.decode

def pods():
    store = Store(kind.render, len(kind.heads), Arena("guard"))
    aside = store.replace()
    for line in lines:
        aside.add(decode(line))
    aside.commit("1")
    with store.lock:
        store.fold()
    assert len(store) == len(lines)

def calibration():
    words = {}
    for number in range(40_000):
        key = f"{number % 997}:{number & 7}"
        words[key] = words.get(key, 0) + len(key)
    text = json.dumps({"words": words})
    for _ in range(6):
        assert json.loads(text)["words"] == words
        zlib.compress(text.encode(), 1)

def seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started

gc.freeze()
gc.disable()
if what == "time":
    found = {"calibration": [seconds(calibration)], "pods": []}
    for _ in range(rounds):
        found["pods"].append(seconds(pods))
        found["calibration"].append(seconds(calibration))
    print(json.dumps(found))
else:
    for _ in range(rounds if what != "nothing" else 0):
        {"calibration": calibration, "pods": pods}[what]()
"""


class Recorded(msgspec.Struct, frozen=True):
    """What a thousand pods cost, in calibration loops, when it was last looked at.

    bound   times the ratio; beyond it the check fails
    """

    seconds: float
    instructions: float | None = None
    bound: float = 1.5


class _Times(msgspec.Struct, frozen=True):
    calibration: list[float]
    pods: list[float]


@click.command("bench-check", context_settings={"show_default": True})
@click.option("--pods", default=1_000, type=click.IntRange(100), help="Pods a round.")
@click.option("--rounds", default=7, type=click.IntRange(1), help="Rounds; the best one counts.")
@click.option("--record", is_flag=True, help="Take what is found as the new measure.")
@click.option("--recorded", default=_RECORDED, type=click.Path(path_type=Path), help="The measure.", hidden=True)
def bench_check(pods: int, rounds: int, record: bool, recorded: Path) -> None:
    """Exit with 1 when decode, render and store of a pod cost over 1.5 times of what they did."""
    known = msgspec.json.decode(recorded.read_bytes(), type=Recorded) if recorded.exists() else None
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        Path(file.name).write_bytes(b"\n".join(_pods(pods)))
        found = _seconds(file.name, pods, rounds)
        by_count = known is not None and known.instructions is not None
        counted = _instructions(file.name, pods) if record or by_count else None
    if record or known is None:
        recorded.write_bytes(msgspec.json.format(msgspec.json.encode(Recorded(found, counted))) + b"\n")
        click.echo(f"recorded: 1,000 pods cost {found:.3f} calibration loops")
        return
    if counted is not None and known.instructions is not None:
        name, ratio = "instructions", counted / known.instructions
    else:
        name, ratio = "CPU seconds", found / known.seconds
    click.echo(f"1,000 pods cost {found:.3f} calibration loops; by {name} {ratio:.2f} times of what was recorded")
    if ratio > known.bound:
        raise click.ClickException(f"over {known.bound} times: dearer than it was; --record if that is wanted")
    if ratio < 1 / known.bound:
        click.echo("much cheaper than recorded: --record it, so that it stays so")


def _pods(count: int) -> list[bytes]:
    cluster = Cluster()
    populate(World(cluster, Settings(pods=count, kinds=frozenset({"pods"}))))
    return [obj.text() for obj in cluster.named("pods").objects.values()][:count]


def _program(file: str, rounds: int, what: str) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, file, str(rounds), what]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise click.ClickException(f"the measured program failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _seconds(file: str, pods: int, rounds: int) -> float:
    """Calibration loops that 1,000 pods cost, by CPU time; the best of each, since noise only adds."""
    times = msgspec.json.decode(_run(_program(file, rounds, "time")), type=_Times)
    return min(times.pods) / pods * 1000 / min(times.calibration)


def _instructions(file: str, pods: int) -> float | None:
    """The same by instructions; None where they cannot be counted."""
    if not shutil.which("perf"):
        return None
    counts = {}
    for what in ("nothing", "calibration", "pods"):
        command = ["perf", "stat", "-x,", "-e", "instructions:u", *_program(file, 1, what)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        count = instructions(done.stderr)
        if done.returncode or count is None:
            return None
        counts[what] = count
    base = counts["nothing"]
    return (counts["pods"] - base) / pods * 1000 / (counts["calibration"] - base)


def instructions(printed: str) -> int | None:
    """The count in what `perf stat -x,` prints; None for <not supported> and <not counted>."""
    found = re.search(r"^(\d+),[^,]*,instructions", printed, re.MULTILINE)
    return int(found[1]) if found else None
