"""Which total a pod serves and which it prepares: what is decided of it, as one pure function.

Every pod of the shard set decides for itself and from the same object, its StatefulSet, so they come to the same end
within the time that an event takes. R is spec.replicas, `announced` and `recorded` are the annotations preparing-total
and serving-total; announced counts when it is below R, and equal to recorded it is the order to flip. All are ready
when the controller says so of the present generation. A preparation that was abandoned is tried again when its
annotation preparing-attempt has another number.

serving   seen                                     serving   preparing   event
0         an order                                 announced -           Started
0         recorded below R, not all ready          recorded  -           Started: growing
0         no record, R has changed, not all ready  0         R           Undecided
0         anything else                            R         -           Started
0         built, all ready or the deadline over    R         -           Started
S         R above S                                S         R           Growing
S         announced below S                        S         announced   Announced
S         R below S                                S         R           ReplicasReduced
S         nothing of these any more                S         -           Cancelled
S         growing, built, all ready                R         S, shown    Grown
S         announced, built, ordered                announced S, shown    Shrunk
S         R below S, built, the shard remains      R         -           ShrunkUnannounced
S         the overlap is over                      S         -           -
S         the deadline is over                     S         -           DeadlineExceeded

* Who shows a part for the first time begins at the flip, who gave it up shows it for an overlap still: a scraper comes
  to one pod before the other, and what is shown twice for a second is not missed by it. Growing, the old shards give
  up, for as long as they are told; shrinking, those that are to be deleted, until that happens, but not for ever.
* A pod whose shard is beyond the serving total and below R always prepares R: it has nothing else to do, and when it
  is ready it must have something to give. So a new pod's deadline never ends, and a pod that is about to be deleted is
  prepared for the case that it is not.
* What was abandoned is not begun again until something else is wanted, or all are ready, or the order has come.
* Nobody can serve on what a pod held that is deleted without announcement. It does so itself for as long as it runs.
"""

from enum import StrEnum

import msgspec

from shardex.workers.share import Share


class Reason(StrEnum):
    STARTED = "Started"
    UNDECIDED = "Undecided"
    GROWING = "Growing"
    ANNOUNCED = "Announced"
    REDUCED = "ReplicasReduced"
    CANCELLED = "Cancelled"
    GROWN = "Grown"
    SHRUNK = "Shrunk"
    UNANNOUNCED = "ShrunkUnannounced"
    DEADLINE = "DeadlineExceeded"


#: How a change of the number of shards ended, for those reasons that end one.
OUTCOMES = {
    Reason.GROWN: "flipped",
    Reason.SHRUNK: "flipped",
    Reason.UNANNOUNCED: "flipped",
    Reason.CANCELLED: "cancelled",
    Reason.DEADLINE: "abandoned",
}


class View(msgspec.Struct, frozen=True):
    """The StatefulSet at one moment.

    replicas    of its spec
    ready       pods that are ready, as its controller says
    generation  of the spec, from 1; `observed` is the one that the controller has acted upon
    announced   annotation preparing-total, recorded serving-total, attempt preparing-attempt; 0 where there is none
    """

    replicas: int
    ready: int
    generation: int
    observed: int
    announced: int = 0
    recorded: int = 0
    attempt: int = 0

    @property
    def settled(self) -> bool:
        """Whether every pod that is wanted is ready."""
        return self.observed >= self.generation and self.ready >= self.replicas

    @property
    def shrinks(self) -> bool:
        """Whether a smaller total is announced."""
        return 0 < self.announced < self.replicas

    @property
    def ordered(self) -> bool:
        """Whether the announced total is to be served."""
        return self.shrinks and self.recorded == self.announced


class Waits(msgspec.Struct, frozen=True):
    """How long is waited for what, in seconds.

    deadline  for a preparation to end in a flip
    overlap   in which an old shard still shows what it gave up to a new one
    linger    in which a shard that is not wanted any more still shows everything, if it is not deleted before: the
              others may just have lost their watch of the StatefulSet
    """

    deadline: float
    overlap: float
    linger: float


class Totals(msgspec.Struct, frozen=True):
    """Where a pod stands.

    share      what its processes are told
    until      monotonic seconds: when the preparation is given up, or when the overlap ends
    abandoned  total whose preparation was given up, and which attempt it was
    """

    share: Share
    until: float = 0.0
    abandoned: tuple[int, int] = (0, 0)


class Event(msgspec.Struct, frozen=True):
    reason: Reason
    message: str


def decide(at: Totals, view: View, held: bool, now: float, waits: Waits) -> tuple[Totals, Event | None]:
    """The next step; when it changes nothing there is none.

    held  whether every worker has all of what `at.share` says
    """
    share = at.share
    if not view.replicas:  # everything is being deleted: what is shown stays until then
        return at, None
    if share.overlap:
        over = now >= at.until or share.shard >= view.replicas
        return (Totals(Share(share.shard, share.serving)), None) if over else (at, None)
    if not share.serving:
        return _started(at, view, held, now, waits)
    target = view.announced if view.shrinks else view.replicas
    if at.abandoned != (target, view.attempt):
        at = Totals(share, at.until)
    aim = _aim(at, view, target)
    if aim != share.preparing:
        return _aimed(at, view, aim, now, waits)
    if not aim:
        return at, None
    reason = _flips(share, view, held) if aim == target else None
    if reason is not None:
        return _flipped(share, now, waits), Event(reason, f"{aim} shards are served instead of {share.serving}")
    reduced = aim < share.serving and not view.shrinks
    if now >= at.until and share.shard < share.serving and not reduced:
        message = f"{share.serving} shards are served on: {_lacking(view, held)} within {waits.deadline:.0f} s"
        return Totals(Share(share.shard, share.serving), abandoned=(aim, view.attempt)), Event(Reason.DEADLINE, message)
    return at, None


def _started(at: Totals, view: View, held: bool, now: float, waits: Waits) -> tuple[Totals, Event | None]:
    """A pod that remembers nothing."""
    share, total = at.share, view.replicas
    if view.ordered:
        total = view.announced
    elif not view.settled and not view.shrinks and 0 < view.recorded < total:
        total = view.recorded
    elif not (view.settled or view.shrinks or view.recorded) and view.generation > 1:
        if share.preparing != total:
            message = f"restarted, or new of {total} shards? There is no record: it waits until all are ready"
            return Totals(Share(share.shard, 0, total), now + waits.deadline), Event(Reason.UNDECIDED, message)
        if not held or now < at.until:
            return at, None
    if share.preparing not in {0, total}:
        return Totals(Share(share.shard, 0, total), at.until), None
    if share.preparing and not held:
        return at, None
    beyond = "" if share.shard < total else ": this shard is beyond them and serves nothing"
    return Totals(Share(share.shard, total)), Event(Reason.STARTED, f"{total} shards are served{beyond}")


def _aim(at: Totals, view: View, target: int) -> int:
    """Total to prepare; 0 for none."""
    share = at.share
    if share.serving <= share.shard < view.replicas and target in {share.serving, view.replicas}:
        return view.replicas
    if target == share.serving:
        return 0
    due = view.ordered if view.shrinks else view.settled or target < share.serving
    return 0 if at.abandoned[0] == target and not due else target


def _aimed(at: Totals, view: View, aim: int, now: float, waits: Waits) -> tuple[Totals, Event | None]:
    share = at.share
    fresh = Share(share.shard, share.serving, aim)
    if not aim:
        return Totals(fresh), Event(Reason.CANCELLED, f"{share.preparing} shards are not wanted any more")
    reason = Reason.GROWING if aim > share.serving else Reason.ANNOUNCED if view.shrinks else Reason.REDUCED
    event = Event(reason, f"{aim} shards are prepared, {share.serving} are served")
    return Totals(fresh, now + waits.deadline), event


def _flips(share: Share, view: View, held: bool) -> Reason | None:
    """Why the preparing total is to be served from now on."""
    if not held:
        return None
    if share.preparing > share.serving:
        return Reason.GROWN if view.settled else None
    if view.shrinks:
        return Reason.SHRUNK if view.ordered else None
    return Reason.UNANNOUNCED if share.shard < share.preparing else None


def _flipped(share: Share, now: float, waits: Waits) -> Totals:
    loses = share.shard < share.serving and (share.preparing > share.serving or share.shard >= share.preparing)
    if not loses:
        return Totals(Share(share.shard, share.preparing))
    until = now + (waits.overlap if share.preparing > share.serving else waits.linger)
    return Totals(Share(share.shard, share.preparing, share.serving, overlap=True), until)


def _lacking(view: View, held: bool) -> str:
    if not held:
        return "this pod has not listed what it would gain"
    if view.shrinks:
        return f"no order to serve {view.announced} came"
    return f"only {view.ready} of {view.replicas} pods were ready"
