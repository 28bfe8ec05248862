"""One simulation: a cluster under churn, a shard set that goes from one number of pods to the next, and its figures."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

from load import testing
from load.reshard import scaler
from load.reshard.api import NAMESPACE, Api
from load.reshard.controller import Controller
from load.reshard.memory import Memory
from load.reshard.pods import Pod, command
from load.reshard.results import Results, Settings, Step, figures, line
from load.reshard.rounds import Round, Rounds

#: Two families of every pod, one of everything else: as many objects as a real run has, in lines that 4 rounds a second
#: can be compared of.
FAMILIES = "kube_pod_info,kube_pod_status_ready_time,kube_.*_created"

_LAG_SECONDS = 2.0  # between two exporters' knowledge of a change, on a busy machine
_AWAY_SECONDS = 10.0  # the same when watches are cut, or the last state of a worker is served while it comes back
_STEP_SECONDS = 300.0
_TIMEOUT_SECONDS = 15.0  # --reshard-timeout of a run in which the scaler dies


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
        self._ended.append((number, partial(figures, name, before, after, seconds, memories, self._memory.aside)))

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
