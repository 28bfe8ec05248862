"""What has to hold of each pod of a set of N: a row a limit, and a value that grows with the load."""

import math
from collections.abc import Callable
from typing import NamedTuple

from scaler.model import Model
from scaler.policy import Policy

Value = Callable[[int, float], tuple[float, float]]  # (shards, load) -> (mean, standard deviation)


class Constraint(NamedTuple):
    """One limit that is set.

    allowed  what is left of the limit with the headroom
    value    of the fullest pod of N, with `load` times the objects of now
    formula  in the words of docs/scaler.md; inputs are the numbers in it
    """

    name: str
    unit: str
    limit: float
    allowed: float
    value: Value
    formula: str
    inputs: dict[str, float]


def constraints(model: Model, policy: Policy, workers: int) -> tuple[Constraint, ...]:
    """The limits that are set and whose value is known; CPU is not before two looks at the shards."""
    free = 1 - policy.headroom
    rows = (
        Constraint(
            "memory", "bytes", policy.memory_limit, policy.memory_limit * free,
            lambda n, load: model.memory(n, workers, load),
            "bare + share(N, sum of objects * (stored + object)) + workers * warm <= (1 - headroom) * limit",
            {"bare": model.bare(workers), "workers": workers, "object": model.object_bytes},
        ),
        Constraint(
            "startup-memory", "bytes", policy.memory_limit, policy.memory_limit * (1 - policy.headroom / 2),
            lambda n, load: model.peak(n, workers, load),
            "memory(N) + workers * transient <= (1 - headroom / 2) * limit",
            {"workers": workers, "transient": model.transient_bytes},
        ),
        Constraint(
            "cpu", "cores", policy.cpu_limit if model.cores is not None else 0.0, policy.cpu_limit * free,
            lambda n, load: _spread((model.cpu(n, workers, load) or 0.0, 0.0), 1.0, 0.2),
            "cores * ((1 - unsharded) / N + unsharded * workers) <= (1 - headroom) * limit",
            {"cores": model.cores or 0.0, "workers": workers},
        ),
        Constraint(
            "scrape-seconds", "seconds", policy.scrape_seconds, policy.scrape_seconds * free,
            lambda n, load: _spread(model.text(n, load), model.scrape_seconds, 0.2 if model.scrape_told else 0.7),
            "text(N) * seconds <= (1 - headroom) * limit",
            {"seconds": model.scrape_seconds},
        ),
        Constraint(
            "scrape-bytes", "bytes", policy.scrape_bytes, policy.scrape_bytes * free, model.text,
            "share(N, sum of objects * text) <= (1 - headroom) * limit", {},
        ),
        Constraint(
            "scrape-samples", "samples", policy.scrape_samples, policy.scrape_samples * free,
            lambda n, load: (model.series(n, load), 0.0),
            "share(N, sum of objects * series) <= (1 - headroom) * limit", {},
        ),
    )  # fmt: skip
    return tuple(row for row in rows if row.limit)


def _spread(value: tuple[float, float], factor: float, spread: float) -> tuple[float, float]:
    """The value times a factor that is known but for a part of it."""
    mean, sd = value[0] * factor, value[1] * factor
    return mean, math.hypot(sd, spread * mean)
