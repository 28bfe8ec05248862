"""One simulation: a cluster under churn, a shard set that goes from one number of pods to the next, and its figures."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Self

import msgspec

from load import testing
from load.reshard import scaler
from load.reshard.api import NAMESPACE, Api
from load.reshard.controller import Controller
from load.reshard.pods import Pod, command
from load.reshard.rounds import Round, Rounds

#: Two families of every pod, one of everything else: as many objects as a real run has, in lines that 4 rounds a second
#: can be compared of.
FAMILIES = "kube_pod_info,kube_pod_status_ready_time,kube_.*_created"
FAULTS = ("none", "pod", "worker", "apiserver", "scaler")

_LAG_SECONDS = 2.0  # between two exporters' knowledge of a change, on a busy machine
_AWAY_SECONDS = 10.0  # the same when watches are cut, or the last state of a worker is served while it comes back
_STEP_SECONDS = 300.0
_TIMEOUT_SECONDS = 15.0  # --reshard-timeout of a run in which the scaler dies


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


class Memory:
    """The most memory and the most bytes held aside since it was last asked, looked at once a second."""

    def __init__(self, pods: Callable[[], dict[int, Pod]]) -> None:
        self._pods = pods
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.now = self.peak = self.aside = 0

    def begin(self) -> int:
        """Bytes of now; from here on the most is counted anew."""
        self.peak, self.aside = self.now, 0
        return self.now

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            pods = list(self._pods().values())
            self.now = sum(pod.pss() for pod in pods)
            self.peak = max(self.peak, self.now)
            held = [int(pod.telemetry().get("shardex_preparation_bytes", 0)) for pod in pods]
            self.aside = max([self.aside, *held])


def simulate(settings: Settings, say: Callable[[str], None], live: Callable[[str], None]) -> Results:
    """Run it.

    say, live  are told what is found, and what goes on
    raise      scaler.Late when something does not come to its end, RuntimeError when something ended that should not
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reshard-")))
        live(f"starting a cluster of {settings.pods} pods")
        server = stack.enter_context(testing.running(pods=settings.pods, churn=0))
        run = _Run(settings, server, folder, stack, say, live)
        return run.results()


class _Run:
    def __init__(
        self,
        settings: Settings,
        server: testing.Server,
        folder: Path,
        stack: ExitStack,
        say: Callable[[str], None],
        live: Callable[[str], None],
    ) -> None:
        self._settings, self._server, self._say, self._live = settings, server, say, live
        self._api = Api(server.url)
        total = settings.steps[0]
        self._api.create_set(total)
        flags = [f"--metric-allowlist={FAMILIES}", *settings.flags]
        if settings.fault == "scaler":
            flags.append(f"--reshard-timeout={_TIMEOUT_SECONDS:.0f}s")
        live(f"starting {total} pods, and one that holds everything")
        reference = Pod("reference", 0, command(server.url, "", NAMESPACE, flags[:1]), folder)
        stack.callback(reference.end)
        self._controller = stack.enter_context(Controller(self._api, flags, folder, settings.pre_stop))
        self._wait(reference.probe, "the one that holds everything is ready")
        self._wait(lambda: self._settled(total), f"{total} pods serve")
        self._memory = stack.enter_context(Memory(lambda: dict(self._controller.pods)))
        server.churn(rate=settings.churn)
        lag = _LAG_SECONDS if settings.fault in {"none", "scaler"} else _AWAY_SECONDS
        self._rounds = stack.enter_context(Rounds(lambda: dict(self._controller.pods), reference, lag))
        self._steps: list[Step] = []
        self._ended: list[tuple[int, Callable[[list[Round]], Step]]] = []  # with the number of its rounds

    def results(self) -> Results:
        steps = self._settings.steps
        with self._step(f"steady at {steps[0]}", steps[0], steps[0]):
            time.sleep(self._settings.steady_seconds)
        for before, after in pairwise(steps):
            with self._step(f"{before} -> {after}", before, after):
                self._change(before, after)
            with self._step(f"steady at {after}", after, after):
                time.sleep(self._settings.steady_seconds)
        if self._settings.rollout:
            for ordinal in reversed(range(steps[-1])):
                with self._step(f"restart of {ordinal}", steps[-1], steps[-1]):
                    self._restart(ordinal, steps[-1])
        self._rounds.step = self._rounds.step[0] + 1, False
        self._live("the last rounds are judged")
        scaler.wait(self._say_judged, _STEP_SECONDS, "the rounds are judged")
        return Results(self._settings, tuple(self._steps), self._controller.restarts)

    def _change(self, before: int, after: int) -> None:
        pods, fault = self._pods, self._settings.fault
        if after > before:
            self._api.scale(after)
            if fault == "pod":
                self._wait(lambda: after - 1 in pods() and pods()[after - 1].ports is not None, "the new pod runs")
                pods()[after - 1].kill()
            if fault == "worker":
                self._wait(lambda: after - 1 in pods() and pods()[after - 1].worker() is not None, "the new pod works")
                self._kill_worker(after - 1)
            self._restart_server(fault)
        elif self._settings.bare:
            self._api.scale(after)
        else:
            if fault == "scaler":
                scaler.announce(self._api, pods, before, after, _STEP_SECONDS)
                self._live("the scaler is dead: the pods give it up")
                scaler.wait(
                    lambda: not any(map(_prepares, pods().values())), 3 * _TIMEOUT_SECONDS + 30, "every pod gives it up"
                )
                self._api.patch(self._api.annotate(preparing=None))
                self._live(f"{before} -> {after}, with another scaler")
            with self._disturbed(fault):
                scaler.announce(self._api, pods, before, after, _STEP_SECONDS)
            scaler.order(self._api, pods, after, _STEP_SECONDS)
        self._wait(lambda: self._settled(after), f"{after} pods serve")

    @contextmanager
    def _disturbed(self, fault: str) -> Iterator[None]:
        """While a shrinking is prepared, something goes wrong."""

        def disturb() -> None:
            with suppress(scaler.Late):
                scaler.wait(lambda: _prepares(self._pods()[0]), 30, "the first pod prepares")
                if fault in {"pod", "worker"}:  # the whole pod would take its own objects along
                    self._kill_worker(0)
                self._restart_server(fault)

        thread = threading.Thread(target=disturb)
        if fault in {"pod", "worker", "apiserver"}:
            thread.start()
        yield
        if thread.ident:
            thread.join()

    def _restart_server(self, fault: str) -> None:
        if fault == "apiserver":
            self._server.restart()

    def _kill_worker(self, ordinal: int) -> None:
        worker = self._pods()[ordinal].worker()
        if worker is not None:
            worker.kill()

    def _restart(self, ordinal: int, total: int) -> None:
        """As a rolling update does it: the pod ends in its own time, then it is created anew under its name."""
        pod = self._pods()[ordinal]
        pod.stop(self._settings.pre_stop)
        self._wait(lambda: self._pods().get(ordinal) is not pod and self._settled(total), "the pod is back")

    def _settled(self, total: int) -> bool:
        pods = self._pods()
        return sorted(pods) == list(range(total)) and scaler.serve(pods, total) and all(p.ready for p in pods.values())

    def _pods(self) -> dict[int, Pod]:
        if self._controller.fault:
            raise RuntimeError(f"the controller failed:\n{self._controller.fault}")
        return dict(self._controller.pods)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        try:
            scaler.wait(condition, _STEP_SECONDS, what)
        except scaler.Late as error:
            words = "\n".join(f"--- {pod.name}\n{pod.words()}" for pod in self._pods().values())
            raise scaler.Late(f"{error}\n{words}") from None

    @contextmanager
    def _step(self, name: str, before: int, after: int) -> Iterator[None]:
        """What happens inside is a step of its own; it is said when its rounds are judged, some seconds later."""
        self._say_judged()
        self._live(name)
        number = self._rounds.step[0] + 1
        self._rounds.step = number, not name.startswith("steady")
        memory, began = self._memory.begin(), time.monotonic()
        yield
        seconds, memories = time.monotonic() - began, (memory, self._memory.peak)
        self._ended.append((number, partial(_step, name, before, after, seconds, memories, self._memory.aside)))

    def _say_judged(self) -> bool:
        """Say the steps whose rounds are all judged; whether those were all steps."""
        if self._rounds.fault:
            raise RuntimeError(f"the scrapes failed: {self._rounds.fault}")
        judged = self._rounds.judged
        while self._ended and judged and judged[-1].step > self._ended[0][0]:
            number, made = self._ended.pop(0)
            self._steps.append(made([one for one in judged if one.step == number]))
            self._say(line(self._steps[-1]))
        return not self._ended


def _prepares(pod: Pod) -> bool:
    return bool(pod.telemetry().get("preparing"))


def _step(
    name: str, before: int, after: int, seconds: float, memory: tuple[int, int], aside: int, rounds: list[Round]
) -> Step:
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
