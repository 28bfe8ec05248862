"""Changes the number of shards without losing a series: announce, wait until everyone is prepared, flip, reduce.

Growing needs nothing but more replicas: the pods flip by themselves once all are ready. Shrinking goes through two
annotations of the StatefulSet, since pods that are deleted first are missed until the others have listed what they
held:

    what is seen                                      patch
    an order not finished (preparing = serving < R)   replicas := serving, preparing-total removed
    target < R, not announced                         preparing-total := target, serving-total := R, one attempt more
    target < R, every remaining pod prepared          serving-total := target                          the order
    target < R, every remaining pod serves target     replicas := target, preparing-total removed
    target > R, every pod beyond R is gone            replicas := target, preparing-total removed
    target = R, every pod serves target               serving-total := target                          for late pods
    target = R, that too                              -                                                done

Each step follows from what is seen and from nothing that is remembered: whoever calls resize() again, in another
process too, goes on where the last one stopped. Pods that gave a preparation up meanwhile begin again with another
attempt.
"""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from scaler.observation import ATTEMPT, PREPARING, SERVING

_LOOK_SECONDS = 0.25


class Seen(msgspec.Struct, frozen=True):
    """The StatefulSet; numbers are 0 where there is no such annotation, or none that is a number.

    replicas   of its spec
    preparing  total that is announced
    serving    total that the pods serve, or are told to
    attempt    counts announcements
    """

    replicas: int
    preparing: int = 0
    serving: int = 0
    attempt: int = 0

    @property
    def ordered(self) -> bool:
        """Whether the pods were told to flip, and the replicas are not reduced yet."""
        return 0 < self.preparing == self.serving < self.replicas


class Shard(msgspec.Struct, frozen=True):
    """What a pod's telemetry says: shardex_shards_serving, shardex_shards_preparing and shardex_shards_prepared."""

    serving: int
    preparing: int = 0
    prepared: bool = False


class ShardSet(Protocol):
    """What resize() needs of the cluster. An exception of any of the three ends resize() and changes nothing more."""

    def seen(self) -> Seen:
        """The StatefulSet of now, not one from a cache."""
        ...

    def shards(self) -> Mapping[int, Shard]:
        """Telemetry by ordinal, of the pods that answer."""
        ...

    def patch(self, body: Mapping[str, Any]) -> None:
        """Apply a JSON merge patch (RFC 7386) to the StatefulSet."""
        ...


class Outcome(StrEnum):
    """DONE: every pod serves the target. ABANDONED: withdrawn, nothing changed. LATE: goes on without us."""

    DONE = "Done"
    ABANDONED = "Abandoned"
    LATE = "DeadlineExceeded"


class Step(msgspec.Struct, frozen=True):
    """What to do next.

    patch    to send, None for none
    waiting  for what, in words; "" when there is nothing to wait for: a step without either is the end
    ordered  whether the pods were told to flip: from there on there is no way back
    """

    patch: dict[str, Any] | None = None
    waiting: str = ""
    ordered: bool = False


class Result(msgspec.Struct, frozen=True):
    """How it ended, and what it was waiting for."""

    outcome: Outcome
    message: str


def step(seen: Seen, shards: Mapping[int, Shard], target: int) -> Step:
    """The next step on the way to the target; the table above.

    target  at least 1
    """
    if seen.ordered:
        return _reduced(shards, seen.serving)
    if target < seen.replicas:
        if seen.preparing != target:
            return Step(_announced(seen, target))
        late = [n for n in range(target) if not _prepared(shards.get(n), target)]
        return Step(waiting=_named("prepare", late)) if late else Step(_annotated(serving=target), ordered=True)
    # A pod that is about to be deleted is ready, and would be counted on for a share that it does not have.
    staying = [n for n in sorted(shards) if n >= seen.replicas]
    if target > seen.replicas and staying:
        return Step(waiting=_named("end", staying))
    if target > seen.replicas or seen.preparing:
        return Step({**_annotated(preparing=None), "spec": {"replicas": target}})
    late = [n for n in range(target) if not _serves(shards.get(n), target)]
    if late:
        return Step(waiting=_named("serve", late))
    return Step(_annotated(serving=target)) if seen.serving != target else Step()


def resize(
    shard_set: ShardSet,
    target: int,
    seconds: float,
    overlap_seconds: float = 1.0,
    say: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Bring the shard set to the target and wait until every pod serves it.

    seconds          after which it is given up: an announcement is withdrawn, what was ordered is left to the next
                     caller
    overlap_seconds  from the flip to the deletion of pods: the scrape interval leaves no gap for any scraper; more than
                     10 s above the pods' own --reshard-overlap has no effect
    say              is told each step and each reason to wait, once
    raise            ValueError for a target below 1; whatever shard_set raises
    """
    if target < 1:
        raise ValueError(f"a shard set has at least 1 shard, not {target}")
    deadline, said = clock() + seconds, ""
    seen, shards = shard_set.seen(), shard_set.shards()
    if target == seen.preparing < seen.replicas and not seen.ordered and _given_up(shards, target):
        shard_set.patch(_announced(seen, target))
    while True:
        seen = shard_set.seen()
        found = step(seen, shard_set.shards(), target)
        if found.patch is None and not found.waiting:
            return Result(Outcome.DONE, f"every pod serves {target} shards")
        words = found.waiting or f"patch {msgspec.json.encode(found.patch).decode()}"
        if words != said:
            say(words)
            said = words
        if found.patch is not None:
            if seen.ordered:
                sleep(overlap_seconds)
            shard_set.patch(found.patch)
        elif clock() >= deadline:
            return _expired(shard_set, seen, target, found)
        else:
            sleep(_LOOK_SECONDS)


def _expired(shard_set: ShardSet, seen: Seen, target: int, found: Step) -> Result:
    if target < seen.replicas and not found.ordered:
        shard_set.patch(_annotated(preparing=None))
        return Result(Outcome.ABANDONED, f"still waiting for {found.waiting}; the announcement is withdrawn")
    return Result(Outcome.LATE, f"still waiting for {found.waiting}")


def _reduced(shards: Mapping[int, Shard], total: int) -> Step:
    late = [n for n in range(total) if not _serves(shards.get(n), total)]
    if late:
        return Step(waiting=_named("serve", late), ordered=True)
    return Step({**_annotated(preparing=None), "spec": {"replicas": total}}, ordered=True)


def _given_up(shards: Mapping[int, Shard], total: int) -> bool:
    """Whether an announcement from before us has been abandoned by somebody."""
    return any(ordinal < total and shard.preparing != total for ordinal, shard in shards.items())


def _prepared(shard: Shard | None, total: int) -> bool:
    return shard is not None and shard.preparing == total and shard.prepared


def _serves(shard: Shard | None, total: int) -> bool:
    """Serves it, and no longer the total before it."""
    return shard is not None and shard.serving == total and not shard.preparing


def _announced(seen: Seen, target: int) -> dict[str, Any]:
    # What is recorded may be old, and equal to the target it would be an order.
    return _annotated(preparing=target, serving=seen.replicas, attempt=seen.attempt % 10_000 + 1)


def _annotated(**totals: int | None) -> dict[str, Any]:
    names = {"preparing": PREPARING, "serving": SERVING, "attempt": ATTEMPT}
    values = {names[key]: None if total is None else str(total) for key, total in totals.items()}
    return {"metadata": {"annotations": values}}


def _named(what: str, ordinals: list[int]) -> str:
    return f"shard {', '.join(map(str, ordinals))} to {what}"
