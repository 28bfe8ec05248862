"""A capacity plan as values: what there is, what it costs, and what a larger cluster would need; pure."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from scaler import growth
from scaler.constraints import Constraint, constraints
from scaler.model import Model, learn
from scaler.options import ratio
from scaler.policy import Policy
from scaler.recommend import limits, recommend, rounded
from scaler.show import Told
from shardex.errors import OptionsError

_FAR = 1000.0  # times the objects of now: beyond, nobody plans
_CENTURY = 36_500  # days
_POINTS = 60  # of a curve


class Cost(msgspec.Struct, frozen=True):
    """What a kind's objects take, all shards together; bytes.

    told   0 to 1: how much of it these shards have told, instead of what is assumed
    """

    plural: str
    objects: int
    memory_bytes: float
    text_bytes: float
    series: float
    told: float


class Case(msgspec.Struct, frozen=True):
    """Memory of a whole pod that was measured, beside what the model says; bytes. 0 for a peak that was not."""

    name: str
    measured: float
    predicted: float
    measured_peak: float = 0.0
    predicted_peak: float = 0.0


class Size(msgspec.Struct, frozen=True):
    """A cluster of another size and the set it needs.

    bounds   shards by limit; None where no number is enough
    """

    factor: float
    objects: int
    shards: int | None
    binding: str
    workers: int
    memory_bytes: float
    peak_bytes: float
    request_bytes: int
    limit_bytes: int
    text_bytes: float
    scrape_seconds: float
    bounds: dict[str, int | None]


class Room(msgspec.Struct, frozen=True):
    """How far the set of now goes.

    used    of the limit, by the fullest pod
    factor  times the objects of now at which the limit is reached; None beyond 1,000
    day     when that is, at the growth observed; "now" when it is past; "" when it never is or nobody knows
    """

    name: str
    used: float
    factor: float | None
    day: str


class Plan(msgspec.Struct, frozen=True):
    """Everything that a report shows.

    day      of the observation
    monthly  growth in a month; None when it is not known
    """

    day: str
    told: Told
    shards: int
    monthly: float | None
    costs: tuple[Cost, ...]
    cases: tuple[Case, ...]
    sizes: tuple[Size, ...]
    curve: tuple[Size, ...]
    rooms: tuple[Room, ...]


def plan(told: Told, factors: Sequence[float], monthly: float | None = None, cases: Sequence[Case] = ()) -> Plan:
    """The plan for clusters of so many times the objects of now.

    monthly   growth in a month; else what the StatefulSet remembers
    cases     measured elsewhere; else the shards of the observation are the cases
    """
    observation, policy = told.observation, told.policy
    found = recommend(observation, policy)
    told = Told(found, policy, observation)
    model = learn(observation)
    shards = observation.current or found.shards
    days = growth.remembered(observation.set.annotations) if observation.set else {}
    growing = monthly if monthly is not None else growth.monthly(days)
    top = max([2.0, *factors])
    curve = [1 + (top - 1) * step / (_POINTS - 1) for step in range(_POINTS)]
    return Plan(
        day=_day(observation.at).date().isoformat(),
        told=told,
        shards=shards,
        monthly=growing,
        costs=_costs(model),
        cases=tuple(cases) or _live(told, model),
        sizes=tuple(_size(model, policy, found.workers, shards, factor) for factor in factors),
        curve=tuple(_size(model, policy, found.workers, shards, factor) for factor in curve),
        rooms=tuple(_room(one, shards, growing, observation.at) for one in constraints(model, policy, found.workers)),
    )


def growths(text: str) -> list[float]:
    """Factors of `--cluster-growth`; raise OptionsError."""
    try:
        found = sorted({float(item) for item in text.split(",")})
    except ValueError:
        found = []
    if not found or not all(0 < factor <= _FAR for factor in found):
        raise OptionsError([f"--cluster-growth={text}: factors such as 1,2,5,10"])
    return found


def rate(text: str) -> float | None:
    """Growth in a month of `--monthly-growth`; None for ""; raise OptionsError."""
    if not text:
        return None
    try:
        found = ratio(text)
    except ValueError as error:
        raise OptionsError([f"--monthly-growth={text}: {error}"]) from None
    if found <= -1:
        raise OptionsError([f"--monthly-growth={text}: more than everything cannot go"])
    return found


def _costs(model: Model) -> tuple[Cost, ...]:
    rows = [
        Cost(
            plural, count, count * (kind.cost.stored_bytes + model.object_bytes), count * kind.cost.text_bytes,
            count * kind.cost.series, kind.told,
        )
        for plural, kind in model.kinds.items()
        if (count := model.objects.get(plural, 0))
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda row: -row.memory_bytes))


def _live(told: Told, model: Model) -> tuple[Case, ...]:
    """Each shard beside what the model, which they taught, says of a mean one."""
    total = len(told.observation.shards)
    found = []
    for shard in told.observation.shards:
        workers = len(shard.workers)
        transient = sum(worker.transient_bytes for worker in shard.workers)
        sizes = model.memory(total, workers)[0], model.peak(total, workers)[0]
        found.append(Case(shard.name, shard.memory_bytes, sizes[0], shard.memory_bytes + transient, sizes[1]))
    return tuple(found)


def _size(model: Model, policy: Policy, workers: int, current: int, factor: float) -> Size:
    bounds = limits(model, policy, workers, current, factor)
    able = [bound for bound in bounds if not bound.hopeless]
    binding = max(able, key=lambda one: (one.shards is None, one.shards or 0, one.now / one.allowed), default=None)
    needed = binding.shards if binding else 1
    shards = None if needed is None else max(policy.min_shards, needed)
    of = shards or policy.max_shards
    steady, peak = model.memory(of, workers, factor)[0], model.peak(of, workers, factor)[0]
    text = model.text(of, factor)[0]
    return Size(
        factor, round(sum(model.objects.values()) * factor), shards, binding.name if binding else "", workers,
        steady, peak, rounded(steady * (1 + policy.headroom / 2)), rounded(peak / (1 - policy.headroom)), text,
        text * model.scrape_seconds, {bound.name: bound.shards for bound in bounds},
    )  # fmt: skip


def _room(one: Constraint, shards: int, monthly: float | None, now: float) -> Room:
    """Bisection over the load: every value grows with it."""
    used = one.value(shards, 1.0)[0] / one.limit
    if one.value(shards, _FAR)[0] <= one.limit:
        return Room(one.name, used, None, "")
    low, high = 0.0, _FAR
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if one.value(shards, middle)[0] <= one.limit else (low, middle)
    day = ""
    if low <= 1:
        day = "now"
    elif monthly and monthly > 0:
        days = math.log(low) / math.log1p(monthly) * growth.MONTH
        day = (_day(now) + timedelta(days=days)).date().isoformat() if days < _CENTURY else ""
    return Room(one.name, used, low, day)


def _day(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
