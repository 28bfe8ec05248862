"""The shard set that a pod is part of: finds its StatefulSet, watches it, and tells the pod's processes what it means.

A thread of the front's, which shows what is decided here; the workers read it from the board. The front may die and
start anew: the board keeps what was decided.
"""

import logging
import threading
import time
from collections import Counter

import msgspec

from shardex.errors import ShardexError
from shardex.kube.backoff import Backoff
from shardex.kube.client import ApiError, Client
from shardex.kube.meta import ObjectMeta, Part
from shardex.kube.notes import Notes
from shardex.kube.pieces import UNDECODABLE
from shardex.kube.reflector import Reading, Reflector, Target
from shardex.workers.board import Board
from shardex.workers.share import MOST, Share, share_of
from shardex.workers.totals import OUTCOMES, Reason, Totals, View, Waits, decide

log = logging.getLogger(__name__)

PREPARING = "shardex.dev/preparing-total"
SERVING = "shardex.dev/serving-total"
ATTEMPT = "shardex.dev/preparing-attempt"

_PATIENCE_SECONDS = 10.0
_RETRY_SECONDS = 5.0  # between tries to find the StatefulSet
_RECORD_SECONDS = 60.0  # between tries to write what is served
_TICK_SECONDS = 0.05
# A flip is as simultaneous as the watches are alive: one object costs the API server nothing, so a watch that broke is
# begun again at once, and one that says nothing for longer than bookmarks take is not believed.
_READING = Reading(idle_seconds=75.0, backoff=Backoff(first_seconds=0.1, cap_seconds=0.5))
_PASSING = frozenset({401, 408, 429, 500, 502, 503, 504})  # what may be otherwise a moment later


class Unfound(ShardexError):  # noqa: N818  a state of things, not a fault of ours
    """The pod is not of a StatefulSet, or may not be read; asking again does not help."""


class Place(msgspec.Struct, frozen=True):
    """Where a pod stands: the StatefulSet that controls it, and the number in its name."""

    namespace: str
    stateful_set: str
    number: int

    @property
    def path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets/{self.stateful_set}"

    @property
    def target(self) -> Target:
        """The list that is the StatefulSet alone."""
        query = {"fieldSelector": f"metadata.name={self.stateful_set}"}
        return Target(self.path.rpartition("/")[0], "statefulsets", query=query)


class _Pod(Part):
    metadata: ObjectMeta


class _Ordinals(Part):
    start: int = 0


class _Spec(Part):
    replicas: int | None = None
    ordinals: _Ordinals | None = None


class _Status(Part):
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    observed_generation: int = 0

    @property
    def ready(self) -> int:
        """Pods that are ready and stay: those that are being deleted are ready to the last, but are not current."""
        rolling = self.current_revision != self.update_revision
        return min(self.ready_replicas, self.updated_replicas + (self.current_replicas if rolling else 0))


class StatefulSet(Part):
    """What is read of one."""

    metadata: ObjectMeta
    spec: _Spec = _Spec()
    status: _Status = _Status()

    @property
    def view(self) -> View:
        """What is decided from; without replicas it has one."""
        given = self.metadata.annotations or {}
        return View(
            replicas=1 if self.spec.replicas is None else self.spec.replicas,
            ready=self.status.ready,
            generation=self.metadata.generation,
            observed=self.status.observed_generation,
            announced=_total(given.get(PREPARING, "")),
            recorded=_total(given.get(SERVING, "")),
            attempt=_total(given.get(ATTEMPT, "")),
        )

    @property
    def first(self) -> int:
        """Number of its first pod."""
        return self.spec.ordinals.start if self.spec.ordinals else 0


def find(client: Client, namespace: str, pod: str) -> Place:
    """The pod's place, by its controller's reference: labels may change.

    raise  Unfound with what to do; another ShardexError when the API server cannot be asked now
    """
    try:
        found = msgspec.json.decode(
            client.read(f"/api/v1/namespaces/{namespace}/pods/{pod}", _PATIENCE_SECONDS), type=_Pod
        )
    except ApiError as error:
        if error.status in _PASSING:
            raise
        raise Unfound(f"--pod={pod}: {error}") from error
    except UNDECODABLE as error:
        raise ShardexError(f"--pod={pod}: {error}") from error
    owner = next((one for one in found.metadata.owner_references or () if one.controller), None)
    if owner is None or owner.kind != "StatefulSet":
        other = f"a {owner.kind}" if owner else "nobody"
        raise Unfound(f"--pod={pod}: {other} controls it, not a StatefulSet: use --shard and --total-shards")
    number = pod.removeprefix(f"{owner.name}-")
    if not number.isdecimal() or int(number) >> 31:  # Kubernetes' ordinals are int32
        raise Unfound(f"--pod={pod}: not a pod's name in StatefulSet {owner.name}: use --shard and --total-shards")
    return Place(namespace, owner.name, int(number))


class Latest:
    """The newest state of one object, as a reflector fills it.

    seen   None until it was listed, and when the object is gone
    news   set whenever it changes
    """

    def __init__(self) -> None:
        self.seen: StatefulSet | None = None
        self.news = threading.Event()
        self._fresh: StatefulSet | None = None

    def update(self, o: StatefulSet) -> None:
        self.seen = o
        self.news.set()

    def delete(self, _: str) -> None:
        """It is gone, and so are we soon: what is served stays."""

    def replace(self) -> "Latest":
        return self

    def commit(self, _: str) -> None:
        """One object is always whole."""

    def abandon(self) -> None:
        """One object is always whole."""

    def bookmark(self, version: str) -> None:
        """Nothing is asked of the version."""


class ShardSet:
    """Follows a StatefulSet; the board's word is written here and nowhere else.

    fault     why nothing is known of the shard set; "" once it is
    outcomes  changes of the number of shards that ended, by outcome and reason
    """

    def __init__(self, client: Client, namespace: str, pod: str, waits: Waits) -> None:
        self._client = client
        self._namespace, self._pod = namespace, pod
        self._waits = waits
        self._latest = Latest()
        self._recorded = 0.0
        self.fault = "its StatefulSet is being looked for"
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def run(self, board: Board, stop: threading.Event) -> None:
        """Until told to stop; the body of a thread."""
        place = self._found(stop)
        if place is None:
            return
        decode = msgspec.json.Decoder(StatefulSet).decode
        gate, notes = threading.Semaphore(), Notes("statefulsets", place.stateful_set)
        reflector = Reflector(self._client, place.target, _READING, decode, self._latest, None, gate, notes)
        threading.Thread(target=reflector.run, args=(stop,), daemon=True).start()
        self.fault = f"StatefulSet {place.namespace}/{place.stateful_set} was not listed yet"
        share, now = share_of(board.share), time.monotonic()
        at = None if share is None else Totals(share, now + self._waits.deadline)
        while not stop.is_set():
            self._latest.news.wait(_TICK_SECONDS)
            self._latest.news.clear()
            seen = self._latest.seen
            if seen is None:
                continue
            shard = place.number - seen.first
            if not 0 <= shard <= MOST:
                self.fault = f"pod {self._pod} is not one of the StatefulSet's, whose first has number {seen.first}"
                continue
            at = self._turn(board, place, seen.view, at or Totals(Share(shard, 0)))

    def _turn(self, board: Board, place: Place, view: View, at: Totals) -> Totals:
        """Decide until there is nothing more to decide, and say it to all processes at once."""
        word, now = board.share, time.monotonic()
        held = all(board[worker].holds == word for worker in range(board.workers))
        while True:
            after, event = decide(at, view, held and at.share.word == word, now, self._waits)
            if event is not None:
                level = logging.WARNING if event.reason in {Reason.DEADLINE, Reason.REDUCED} else logging.INFO
                log.log(level, "shard %d: %s: %s", after.share.shard, event.reason, event.message)
                if event.reason in OUTCOMES:
                    self.outcomes[OUTCOMES[event.reason], event.reason] += 1
            if after == at:
                break
            at = after
        if at.share.word != word and (at.share.serving or at.share.preparing):
            board.share = at.share.word
        self.fault = ""
        self._record(place, view, at.share, now)
        return at

    def _record(self, place: Place, view: View, share: Share, now: float) -> None:
        """Write down what is served: a pod that restarts while the number changes would have to guess it."""
        steady = share == Share(0, view.replicas) and not view.shrinks
        if not steady or view.recorded == share.serving or now < self._recorded:
            return
        self._recorded = now + _RECORD_SECONDS
        body = msgspec.json.encode({"metadata": {"annotations": {SERVING: str(share.serving)}}})
        try:
            self._client.patch(place.path, body, _PATIENCE_SECONDS)
        except ShardexError as error:
            log.warning("the annotation %s cannot be written, which costs a pod that restarts time: %s", SERVING, error)

    def _found(self, stop: threading.Event) -> Place | None:
        while not stop.is_set():
            try:
                return find(self._client, self._namespace, self._pod)
            except ShardexError as error:
                if str(error) != self.fault:
                    log.error("the StatefulSet of pod %s is not known: %s", self._pod, error)  # noqa: TRY400
                self.fault = str(error)
            stop.wait(_RETRY_SECONDS)
        return None


def _total(text: str) -> int:
    """A total out of an annotation; 0 for none, or what is no number."""
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) <= MOST else 0
