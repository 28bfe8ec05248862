"""Files of `recommend -o json`, of `report -o x.json` and of load/'s measurements -> what a plan is made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from scaler.model import empty, learn, pod
from scaler.observation import Observation
from scaler.options import Options, policy
from scaler.plan import Case
from scaler.recommend import recommend
from scaler.show import Told
from shardex.errors import ShardexError


def told_by(path: Path, options: Options) -> tuple[Told, Sequence[Case]]:
    """What the file tells, and the cases that were measured.

    A file of the scaler brings the limits that it was made with; of a benchmark they are those of the options.

    raise   ShardexError when it is neither
    """
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        if "outcomes" in document:
            return _benchmark(document, path.stat().st_mtime, options)
        cases = msgspec.convert(document.get("cases", ()), tuple[Case, ...])
        return msgspec.convert(document.get("told", document), Told), cases
    except OSError as error:
        raise ShardexError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ShardexError(
            f"{path}: neither a recommendation nor a report nor results of a benchmark: {error}"
        ) from error


def _benchmark(document: Mapping[str, Any], at: float, options: Options) -> tuple[Told, Sequence[Case]]:
    """Results of `python -m load bench`: a cluster of its pods, and memory by size where growth was measured."""
    figures = {
        figure["name"]: float(figure["value"])
        for outcome in document["outcomes"]
        if outcome["subject"] == "shardex"
        for figure in outcome["figures"]
    }
    observation = Observation(at, {"pods": int(document["settings"]["pods"])}, ())
    limits = policy(options, None)
    sizes = sorted(int(name.split(".")[1]) for name in figures if name.endswith(".memory_per_pod") and "growth" in name)
    base = figures.get("workers.1.empty", pod(1) + empty(1))  # which the benchmark takes off before it divides
    cases = []
    for pods in sizes:
        model = learn(Observation(at, {"pods": pods}, ()))
        measured = [
            base + pods * figures.get(f"growth.{pods}.{what}_per_pod", 0.0) for what in ("memory", "peak_memory")
        ]
        predicted = model.memory(1, 1)[0], model.peak(1, 1)[0]
        cases.append(Case(f"{pods:,} pods", measured[0], predicted[0], measured[1], predicted[1]))
    return Told(recommend(observation, limits), limits, observation), cases
