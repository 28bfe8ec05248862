"""How many shards, of which size, and what says so: recommend(observation, policy), pure."""

import math
from collections.abc import Sequence

import msgspec

from scaler.constraints import constraints
from scaler.model import Model, learn
from scaler.observation import Fault, Observation
from scaler.policy import Policy

_MOST = 512  # shards that are looked at; beyond, no number of them does
_WORKER_CORES = 0.7  # of a core that a worker may be busy: it is one interpreter, and scrapes want an answer meanwhile
_LIST_SECONDS = 30.0  # that a pod's first list may take before another worker is worth its memory
_MEGABYTES = 16 << 20  # what sizes of pods are rounded up to


class Bound(msgspec.Struct, frozen=True):
    """What one limit asks for.

    unit        of the numbers: bytes, seconds, samples or cores
    limit       allowed is what is left of it with the headroom
    shards      the least for which the value is allowed; None when no number is enough
    hopeless    whether a pod without any object would take more: then no size of the set has to do with it
    now         the value with the shards that there are, then with `shards`
    confidence  0 to 1: one less the relative standard deviation of the value
    """

    name: str
    unit: str
    limit: float
    allowed: float
    shards: int | None
    hopeless: bool
    now: float
    then: float
    confidence: float
    formula: str
    inputs: dict[str, float]


class Recommendation(msgspec.Struct, frozen=True):
    """The answer.

    at, current     as observed
    shards          the least that hold what is there, with the headroom, within the bounds of the policy
    upper           the least that would hold a cluster larger by the dead band; a larger set may shrink to it
    needed          `shards` without the bounds; None when no number is enough
    binding         name of the bound that asks for the most; "" without any limit
    workers         of a pod, as reckoned with; advised_workers as its CPU asks for
    memory_bytes    of the fullest pod with `shards`, steady; peak_bytes at its start; memory_sd of both
    request_bytes   what such a pod should request, and limit_bytes its limit
    faults          what keeps anyone from acting on this
    """

    at: float
    current: int
    shards: int
    upper: int
    needed: int | None
    binding: str
    bounds: tuple[Bound, ...]
    workers: int
    advised_workers: int
    memory_bytes: float
    peak_bytes: float
    memory_sd: float
    request_bytes: int
    limit_bytes: int
    objects: int
    faults: tuple[Fault, ...] = ()


def recommend(observation: Observation, policy: Policy) -> Recommendation:
    """The least number of shards for which every limit holds, and what it rests on; it never raises.

    Faults of the observation go along: the numbers are then of what is known, and nobody may act on them.
    """
    model = learn(observation)
    workers = policy.workers or max((len(shard.workers) for shard in observation.shards), default=0)
    workers = workers or advised(model, policy, max(1, observation.current))
    bounds = limits(model, policy, workers, observation.current)
    needed = most(bounds)
    roomy = most(limits(model, policy, workers, observation.current, 1 + policy.dead_band))
    shards, upper = (min(max(n or _MOST, policy.min_shards), policy.max_shards) for n in (needed, roomy))
    steady, sd = model.memory(shards, workers)
    peak, _ = model.peak(shards, workers)
    binding = max(
        bounds, key=lambda one: (not one.hopeless, one.shards or _MOST + 1, one.now / one.allowed), default=None
    )
    return Recommendation(
        at=observation.at,
        current=observation.current,
        shards=shards,
        upper=upper,
        needed=needed,
        binding=binding.name if binding else "",
        bounds=bounds,
        workers=workers,
        advised_workers=advised(model, policy, shards),
        memory_bytes=steady,
        peak_bytes=peak,
        memory_sd=sd,
        request_bytes=rounded(steady * (1 + policy.headroom / 2)),
        limit_bytes=rounded(peak / (1 - policy.headroom)),
        objects=sum(model.objects.values()),
        faults=observation.faults,
    )


def limits(model: Model, policy: Policy, workers: int, current: int, load: float = 1.0) -> tuple[Bound, ...]:
    """A bound for each limit that is set; load is times the objects of now."""
    found = []
    for one in constraints(model, policy, workers):
        shards = next((n for n in range(1, _MOST + 1) if one.value(n, load)[0] <= one.allowed), None)
        now, (then, sd) = one.value(max(1, current), load)[0], one.value(shards or _MOST, load)
        confidence = max(0.0, 1 - sd / then) if then else 1.0
        hopeless = one.value(1, 0.0)[0] > one.allowed
        inputs = {**one.inputs, "objects": sum(model.objects.values()) * load}
        found.append(
            Bound(
                one.name, one.unit, one.limit, one.allowed, shards, hopeless, now, then, confidence, one.formula, inputs
            )
        )
    return tuple(found)


def most(bounds: Sequence[Bound]) -> int | None:
    """The largest number that a bound asks for, 1 without any; None when one asks for more than any number."""
    wishes = [bound.shards for bound in bounds if not bound.hopeless]
    return None if None in wishes else max((wish for wish in wishes if wish), default=1)


def advised(model: Model, policy: Policy, shards: int) -> int:
    """Workers for which none is busy most of the time, and the first list does not take too long."""
    most_cores = math.ceil(policy.cpu_limit) if policy.cpu_limit else 64
    for workers in range(1, most_cores + 1):
        cores = model.cpu(shards, workers) or 0.0
        if cores <= _WORKER_CORES * workers and model.list_seconds(shards * workers) <= _LIST_SECONDS:
            return workers
    return max(1, most_cores)


def rounded(size: float) -> int:
    """Up to whole steps of 16 MiB."""
    return math.ceil(size / _MEGABYTES) * _MEGABYTES
