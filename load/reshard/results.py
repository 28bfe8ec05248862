"""What is asked of a simulation and what it found: the figures of a step, the table, and what no run may show."""

from collections.abc import Iterable

import msgspec

from load.reshard.rounds import Round

FAULTS = ("none", "pod", "worker", "apiserver", "scaler")

_TWICE_SECONDS = 3.0  # overlap of 1 s, a round before and after it, on a machine with other things to do


class Settings(msgspec.Struct, frozen=True):
    """What is run.

    steps   numbers of pods, the first one to begin with
    churn   changes a second
    fault   one of FAULTS, in every step where it can happen
    bare    shrink without announcing it, as `kubectl scale` does
    rollout restart every pod after the last step, one after the other
    pre_stop seconds that a pod serves on after its deletion
    flags   further ones of every pod

    steady_seconds  after every step
    """

    pods: int = 20_000
    steps: tuple[int, ...] = (2, 3, 5, 8, 4, 1)
    churn: float = 100.0
    fault: str = "none"
    bare: bool = False
    rollout: bool = False
    pre_stop: float = 0.0
    flags: tuple[str, ...] = ()
    steady_seconds: float = 3.0


class Step(msgspec.Struct, frozen=True):
    """What a step cost.

    seconds           from the wish to the flip of every pod
    rounds, lines     scrapes of all pods, and the most lines that one had
    lost_rounds       rounds that lacked a line; lost the most that one lacked, lost_seconds from first to last
    doubled_seconds   from the first round with a line twice to the last; doubled the most that one had
    failed            scrapes that a ready pod did not answer with 200
    memory_bytes      PSS of all pods before, and the most during the step
    preparation_bytes the most that one pod held aside
    """

    name: str
    before: int
    after: int
    seconds: float
    rounds: int
    lines: int
    lost: int
    lost_rounds: int
    lost_seconds: float
    doubled: int
    doubled_rounds: int
    doubled_seconds: float
    wrong: int
    failed: int
    memory_bytes: tuple[int, int]
    preparation_bytes: int
    examples: tuple[str, ...] = ()


class Results(msgspec.Struct, frozen=True):
    settings: Settings
    steps: tuple[Step, ...]
    restarts: int


def figures(
    name: str, before: int, after: int, seconds: float, memory: tuple[int, int], aside: int, rounds: list[Round]
) -> Step:
    """What a step cost, from its rounds once they are judged.

    memory  bytes of all pods before, and the most
    aside   the most bytes that one pod held aside
    """
    lost, doubled = [one for one in rounds if one.lost], [one for one in rounds if one.doubled]
    return Step(
        name=name,
        before=before,
        after=after,
        seconds=seconds,
        rounds=len(rounds),
        lines=max((one.lines for one in rounds), default=0),
        lost=max((one.lost for one in rounds), default=0),
        lost_rounds=len(lost),
        lost_seconds=_span(lost),
        doubled=max((one.doubled for one in rounds), default=0),
        doubled_rounds=len(doubled),
        doubled_seconds=_span(doubled),
        wrong=sum(one.wrong for one in rounds),
        failed=sum(one.failed for one in rounds),
        memory_bytes=memory,
        preparation_bytes=aside,
        examples=tuple(dict.fromkeys(example for one in rounds for example in one.examples))[:8],
    )


def _span(rounds: Iterable[Round]) -> float:
    """Seconds from the beginning of the first to the end of the last; 0 without any."""
    found = list(rounds)
    return found[-1].ended - found[0].begun if found else 0.0


def heading() -> str:
    return (
        f"{'step':16}{'seconds':>8}{'rounds':>8}{'lines':>9}{'lost':>7}{'twice':>8}{'for':>7}{'wrong':>7}{'failed':>8}"
        f"{'memory':>18}{'aside':>8}"
    )


def line(step: Step) -> str:
    """The step in a line of the table."""
    before, peak = (size / 2**20 for size in step.memory_bytes)
    return (
        f"{step.name:16}{step.seconds:8.1f}{step.rounds:8}{step.lines:9}{step.lost:7}{step.doubled:8}"
        f"{step.doubled_seconds:6.1f}s{step.wrong:7}{step.failed:8}{before:8.0f} ->{peak:5.0f} M"
        f"{step.preparation_bytes / 2**20:6.1f} M"
    )


def judged(results: Results) -> list[str]:
    """What a run must not show."""
    faults = []
    for step in results.steps:
        excused = step.name.startswith("restart") or (results.settings.bare and step.after < step.before)
        found = []
        if step.wrong:
            found.append(f"{step.wrong} wrong lines")
        if step.lost and not excused:
            found.append(f"up to {step.lost} lines lost in {step.lost_rounds} rounds")
        if step.failed and not excused:
            found.append(f"{step.failed} scrapes failed")
        if not excused and step.doubled_seconds > (_TWICE_SECONDS if step.after != step.before else 0):
            found.append(f"{step.doubled} lines twice for {step.doubled_seconds:.1f} s")
        if found:
            faults.append("\n  ".join([f"{step.name}: {'; '.join(found)}", *step.examples[:4]]))
    return faults
