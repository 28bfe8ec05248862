"""Rounds of scrapes, and what their union lacks, doubles or gets wrong beside one exporter that holds everything.

A round asks every pod at the same time. It is judged by the reference's answers from some time before it to some time
after: a line that all of these have belongs to an object that existed unchanged throughout, so the union must have it,
once; a line that none of them has is wrong. What lies between, since it changed meanwhile, is not judged: each exporter
learns of a change in its own time.
"""

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

import msgspec

from load.reshard.background import Background
from load.reshard.pods import Answer, Pod

PERIOD_SECONDS = 0.25
_UID = re.compile(rb'uid="([^"]*)"')
_SCRAPE_SECONDS = 10.0


class Round(msgspec.Struct, frozen=True):
    """One round; times are monotonic seconds.

    lost, doubled, wrong  lines
    failed                pods that are ready and did not answer 200
    """

    begun: float
    ended: float
    step: int
    pods: int
    lines: int
    doubled: int
    failed: int
    lost: int = 0
    wrong: int = 0
    examples: tuple[str, ...] = ()


class Taken(msgspec.Struct):
    """A round whose time to be judged has not come.

    lost, wrong  lines that may be, unless they changed around the round
    changed      lines that the reference has and had not in the round before, or the other way round
    """

    round: Round
    lost: frozenset[bytes]
    wrong: frozenset[bytes]
    changed: frozenset[bytes]


class Rounds(Background):
    """Scrapes in threads for the length of its `with`; `judged` grows by a round when its time has come.

    lag   seconds that may lie between two exporters' knowledge of a change
    step  number of the step that goes on, and whether it is a change: a round that is begun in one step and ended in
          another belongs to the change, whichever of the two that is
    """

    def __init__(self, pods: Callable[[], Mapping[int, Pod]], reference: Pod, lag: float) -> None:
        super().__init__(self._run)
        self._pods, self._reference, self._lag = pods, reference, lag
        self._whole: frozenset[bytes] | None = None
        self._next = 0  # place of the first round that is not judged
        self.step = 0, False
        self.judged: list[Round] = []
        self._taken: deque[Taken] = deque()
        self.fault: BaseException | None = None

    def _run(self) -> None:
        try:
            due = time.monotonic()
            while not self._stop.is_set():
                self._taken.append(self._take())
                self._judge()
                due = max(due + PERIOD_SECONDS, time.monotonic())
                self._stop.wait(due - time.monotonic())
        except BaseException as error:  # noqa: BLE001  handed to the one who waits for rounds
            self.fault = error

    def _take(self) -> Taken:
        begun, before = time.monotonic(), self.step
        found: list[tuple[Pod, bool, Answer | None]] = []

        def ask(pod: Pod) -> None:
            ready = pod.ready and not pod.stopping
            found.append((pod, ready, pod.scrape(_SCRAPE_SECONDS)))

        asked = [self._reference, *self._pods().values()]
        threads = [threading.Thread(target=ask, args=(pod,)) for pod in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = [(ready, answer) for pod, ready, answer in found if answer and pod is not self._reference]
        whole = next(answer for pod, _, answer in found if pod is self._reference)
        if whole is None or whole.status != 200:
            raise RuntimeError("the reference did not answer")
        lines = frozenset(_lines(whole.body))
        changed, self._whole = lines ^ (self._whole or lines), lines
        after = self.step
        step, _ = before if before[1] else after
        return taken(step, begun, answers, lines, changed)

    def _judge(self) -> None:
        """The oldest round that is not judged yet, once the reference has gone on for long enough."""
        one = self._taken[self._next]
        if self._taken[-1].round.begun - one.round.ended < self._lag:
            return
        while one.round.begun - self._taken[0].round.ended > self._lag:
            self._taken.popleft()
            self._next -= 1
        self.judged.append(judge(one, frozenset().union(*(other.changed for other in self._taken))))
        self._next += 1


def taken(
    step: int, begun: float, answers: list[tuple[bool, Answer]], whole: frozenset[bytes], changed: frozenset[bytes]
) -> Taken:
    """A round beside what the reference has at the same time; each answer with whether its pod was ready."""
    counts: Counter[bytes] = Counter()
    for _, answer in answers:
        if answer.status == 200:
            counts.update(_lines(answer.body))
    round_ = Round(
        begun=begun,
        ended=time.monotonic(),
        step=step,
        pods=len(answers),
        lines=len(counts),
        doubled=sum(count > 1 for count in counts.values()),
        failed=sum(ready and answer.status != 200 for ready, answer in answers),
    )
    return Taken(round_, frozenset(whole - counts.keys()), frozenset(counts.keys() - whole), changed)


def judge(one: Taken, changed: frozenset[bytes]) -> Round:
    """What is wrong with a round; nothing is said of lines that changed around it."""
    lost = one.lost - changed
    # A state that lasted for less than a round was perhaps never seen by the reference.
    passing = {uid for line in changed for uid in _UID.findall(line)}
    wrong = {line for line in one.wrong - changed if passing.isdisjoint(_UID.findall(line))}
    examples = tuple(line.decode()[:160] for part in (lost, wrong) for line in sorted(part)[:2])
    return msgspec.structs.replace(one.round, lost=len(lost), wrong=len(wrong), examples=examples)


def _lines(body: bytes) -> list[bytes]:
    return [line for line in body.split(b"\n") if line and not line.startswith(b"#")]
