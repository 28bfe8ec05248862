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

from load.reshard.pods import Answer, Pod

PERIOD_SECONDS = 0.25
_UID = re.compile(rb'uid="([^"]*)"')
_SCRAPE_SECONDS = 10.0
_LAG_SECONDS = 2.0  # between two exporters' knowledge of a change, on a busy machine


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
    lost: int
    doubled: int
    wrong: int
    failed: int
    examples: tuple[str, ...] = ()


class Taken(msgspec.Struct):
    """A round that is not judged yet.

    answers  with whether the pod was ready
    whole    lines of the reference
    changed  of them, those that it did not have in the round before, and those that it had
    """

    begun: float
    ended: float
    step: int
    answers: list[tuple[bool, Answer]]
    whole: frozenset[bytes]
    changed: frozenset[bytes]


class Rounds:
    """Scrapes in threads for the length of its `with`; `judged` grows by a round when its time has come.

    step  number of the step that rounds from now on belong to
    """

    def __init__(self, pods: Callable[[], Mapping[int, Pod]], reference: Pod) -> None:
        self._pods, self._reference = pods, reference
        self.step = 0
        self.judged: list[Round] = []
        self._taken: deque[Taken] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.fault: BaseException | None = None

    def __enter__(self) -> "Rounds":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

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
        begun, step = time.monotonic(), self.step
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
        changed = lines ^ self._taken[-1].whole if self._taken else frozenset()
        return Taken(begun, time.monotonic(), step, answers, lines, changed)

    def _judge(self) -> None:
        """The oldest round that is not judged yet, once the reference has gone on for long enough."""
        one = next((one for one in self._taken if one.answers), None)
        if one is None or self._taken[-1].begun - one.ended < _LAG_SECONDS:
            return
        while one.begun - self._taken[0].ended > _LAG_SECONDS:
            self._taken.popleft()
        self.judged.append(judge(one, frozenset().union(*(other.changed for other in self._taken))))
        one.answers = []


def judge(one: Taken, changed: frozenset[bytes]) -> Round:
    """What is wrong with a round; nothing is said of lines that changed around it."""
    counts: Counter[bytes] = Counter()
    for _, answer in one.answers:
        if answer.status == 200:
            counts.update(_lines(answer.body))
    lost = one.whole - counts.keys() - changed
    # A state that lasted for less than a round was perhaps never seen by the reference.
    passing = {uid for line in changed for uid in _UID.findall(line)}
    wrong = {line for line in counts.keys() - one.whole - changed if passing.isdisjoint(_UID.findall(line))}
    return Round(
        begun=one.begun,
        ended=one.ended,
        step=one.step,
        pods=len(one.answers),
        lines=len(counts),
        lost=len(lost),
        doubled=sum(count > 1 for count in counts.values()),
        wrong=len(wrong),
        failed=sum(ready and answer.status != 200 for ready, answer in one.answers),
        examples=tuple(line.decode()[:160] for part in (lost, wrong) for line in sorted(part)[:2]),
    )


def _lines(body: bytes) -> list[bytes]:
    return [line for line in body.split(b"\n") if line and not line.startswith(b"#")]
