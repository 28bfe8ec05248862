"""What a controller does with a recommendation: decide(state, recommendation, set, policy, now), pure.

    faults, resize under way, paused         hold
    shards > current, for all of up_seconds  grow to the least wish within them
    upper < current, for all of down_seconds shrink to the greatest wish within them
    between the two                          hold: the dead band
    more than changes_per_hour               hold

One change moves by at most max_step. A wish that is missing (faults) argues for no move: it adds nothing to a window.
"""

from collections.abc import Sequence

import msgspec

from scaler.observation import PREPARING, Reason, Set
from scaler.policy import Policy
from scaler.recommend import Recommendation

PAUSED = "shardex.dev/scaler-paused"
_HOUR = 3600.0


class Wish(msgspec.Struct, frozen=True):
    """What was recommended at a moment: at least `shards`, and `upper` with the dead band."""

    at: float
    shards: int
    upper: int


class State(msgspec.Struct, frozen=True):
    """The past, as far as it matters; times are Unix seconds.

    wishes   oldest first; one older than every window is kept, to show how far back they reach
    changes  of the last hour
    """

    wishes: tuple[Wish, ...] = ()
    changes: tuple[float, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """One turn.

    target   shards to have; None to leave things as they are
    resumes  whether an unfinished change is taken up again
    """

    reason: Reason
    message: str
    target: int | None = None
    resumes: bool = False


def decide(
    state: State, recommendation: Recommendation, target: Set | None, policy: Policy, now: float
) -> tuple[State, Decision]:
    """The decision, and the state after it; of a change that is made the caller tells with `changed`."""
    state = msgspec.structs.replace(state, changes=tuple(at for at in state.changes if now - at < _HOUR))
    if target is None:
        return state, _fault(recommendation, "there is no StatefulSet")
    current = target.replicas
    if target.annotations.get(PAUSED, "").lower() == "true":
        return state, Decision(Reason.PAUSED, f"annotation {PAUSED} is true")
    unfinished = _unfinished(target)
    if unfinished is not None:
        return state, Decision(
            Reason.RESIZE_UNDER_WAY, f"from {current} shards to {unfinished}", unfinished, resumes=True
        )
    if recommendation.faults:
        return state, _fault(recommendation)
    if not recommendation.bounds:
        return state, Decision(Reason.NO_LIMIT, "no limit of memory, CPU or scrapes is known")
    low = [bound.name for bound in recommendation.bounds if bound.hopeless]
    if low:
        message = f"the limit of {' and '.join(low)} is less than a pod takes without any object"
        return state, Decision(Reason.LIMIT_TOO_LOW, message)
    state = _remember(state, Wish(now, recommendation.shards, recommendation.upper), policy)
    decision = _wished(state, recommendation, current, policy, now)
    if decision.target is None:
        return state, decision
    if len(state.changes) >= policy.changes_per_hour:
        wait = _HOUR - (now - state.changes[0])
        message = f"{len(state.changes)} changes within an hour; the next in {wait:.0f} s"
        return state, Decision(Reason.RATE_LIMITED, message)
    return state, decision


def changed(state: State, now: float) -> State:
    """The state after a change that was begun."""
    return msgspec.structs.replace(state, changes=(*state.changes, now))


def _fault(recommendation: Recommendation, otherwise: str = "") -> Decision:
    if not recommendation.faults:
        return Decision(Reason.SHARDS_UNKNOWN, otherwise)
    first, *rest = recommendation.faults
    more = f", and {len(rest)} more" if rest else ""
    return Decision(first.reason, first.message + more)


def _unfinished(target: Set) -> int | None:
    """The number that an announced change goes to; None when there is none: its end removes the annotation."""
    preparing = target.annotations.get(PREPARING, "")
    return int(preparing) if preparing.isdigit() and int(preparing) > 0 else None


def _remember(state: State, wish: Wish, policy: Policy) -> State:
    start = wish.at - max(policy.up_seconds, policy.down_seconds)
    old = [one for one in state.wishes if one.at <= start]
    return msgspec.structs.replace(
        state, wishes=(*old[-1:], *(one for one in state.wishes if start < one.at < wish.at), wish)
    )


def _wished(state: State, recommendation: Recommendation, current: int, policy: Policy, now: float) -> Decision:
    need, shards, upper = recommendation.needed, recommendation.shards, recommendation.upper
    why = f"{recommendation.binding} asks for {'more than any' if need is None else need}"
    if shards > current:
        least = min(wish.shards for wish in _window(state.wishes, now, policy.up_seconds))
        if not _covers(state.wishes, now, policy.up_seconds) or least <= current:
            return Decision(Reason.STABILIZING_UP, f"{why}, not yet for {policy.up_seconds:.0f} s")
        target = min(least, current + policy.max_step)
        return Decision(Reason.SCALE_UP, f"from {current} to {target} shards: {why}", target)
    if need is None or need > policy.max_shards:
        return Decision(Reason.AT_MAXIMUM, f"{why}; the most is {policy.max_shards}")
    if upper < current:
        greatest = max(wish.upper for wish in _window(state.wishes, now, policy.down_seconds))
        if not _covers(state.wishes, now, policy.down_seconds) or greatest >= current:
            return Decision(Reason.STABILIZING_DOWN, f"{why}, not yet for {policy.down_seconds:.0f} s")
        target = max(greatest, current - policy.max_step)
        return Decision(Reason.SCALE_DOWN, f"from {current} to {target} shards: {why}", target)
    if need < shards and current == policy.min_shards:
        return Decision(Reason.AT_MINIMUM, f"{why}; the least is {policy.min_shards}")
    if shards < current:
        return Decision(Reason.WITHIN_DEAD_BAND, f"{why}, but {upper} with {policy.dead_band:.0%} more of everything")
    return Decision(Reason.SATISFIED, why)


def _window(wishes: Sequence[Wish], now: float, seconds: float) -> list[Wish]:
    return [wish for wish in wishes if now - wish.at <= seconds]


def _covers(wishes: Sequence[Wish], now: float, seconds: float) -> bool:
    """Whether what is remembered reaches back for so long: a scaler that has just started has seen nothing."""
    return now - wishes[0].at >= seconds
