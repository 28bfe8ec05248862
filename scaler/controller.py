"""observe, recommend, decide, apply: once an interval, or when the StatefulSet changes; one leader does it."""

import logging
import threading
import time
from collections.abc import Callable

from scaler.apply import ResizeError, Resizer, Teller, remembered
from scaler.cluster import ClusterError
from scaler.decide import Decision, State, changed, decide
from scaler.metrics import Metrics
from scaler.observation import Observation, Reason, Set
from scaler.options import Options, policy
from scaler.recommend import Recommendation, recommend

log = logging.getLogger(__name__)


class Controller:
    """Turns of one leader.

    observe  Unix seconds -> Observation
    resizer  changes the size; None for a dry run
    """

    def __init__(
        self,
        options: Options,
        observe: Callable[[float], Observation],
        teller: Teller,
        resizer: Resizer | None,
        metrics: Metrics,
    ) -> None:
        self._options, self._observe, self._teller = options, observe, teller
        self._resizer, self._metrics = resizer, metrics
        self._state: State | None = None

    def run(self, wake: threading.Event, stop: threading.Event) -> None:
        """Turn after turn until told to stop; `wake` cuts the wait for the next one short."""
        while not stop.is_set():
            self.turn(time.time())
            wake.wait(self._options.interval)
            wake.clear()

    def turn(self, now: float) -> Decision:
        """One decision, told and, where this may act, carried out; what fails is told and tried at the next turn."""
        started = time.monotonic()
        observation = self._observe(now)
        target = observation.set
        limits = policy(self._options, target)
        found = recommend(observation, limits)
        if self._state is None and target is not None:  # a leader before this one may have just made a change
            self._state = State(changes=remembered(target.annotations))
        state, decision = decide(self._state or State(), found, target, limits, now)
        self._state = state if target is not None else self._state
        self._metrics.found(found, time.monotonic() - started)
        self._say(decision, found, target, now)
        if target is not None and not found.faults:
            self._noting(lambda: self._teller.grown(target, found.objects, now))
        if decision.target is not None and target is not None and self._resizer is not None:
            self._change(decision, found, target, now)
        return decision

    def _change(self, decision: Decision, found: Recommendation, target: Set, now: float) -> None:
        assert self._resizer is not None
        assert self._state is not None
        assert decision.target is not None
        if not decision.resumes:
            self._state = changed(self._state, now)
            self._metrics.changed(now)
            changes = self._state.changes
            self._noting(lambda: self._teller.changed(target, changes))
        try:
            self._resizer.resize(decision.target)
        except ResizeError as error:
            self._say(Decision(Reason.RESIZE_FAILED, str(error)), found, target, time.time())
        else:
            message = f"from {target.replicas} to {decision.target} shards"
            self._say(Decision(Reason.RESIZED, message), found, target, time.time())

    def _say(self, decision: Decision, found: Recommendation, target: Set | None, now: float) -> None:
        self._metrics.decided(decision)
        self._noting(lambda: self._teller.tell(decision, found, target, now))

    @staticmethod
    def _noting(write: Callable[[], object]) -> None:
        """What is written on the StatefulSet is for people and for the next leader: without it the work goes on."""
        try:
            write()
        except ClusterError as error:
            log.warning("the StatefulSet does not show it: %s", error)
