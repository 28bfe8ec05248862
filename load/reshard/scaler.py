"""A scaler's part in a shrinking: announce, wait until every remaining pod is prepared, order, reduce."""

import time
from collections.abc import Callable, Mapping

from load.reshard.api import ATTEMPT, Api
from load.reshard.pods import Pod

_LOOK_SECONDS = 0.1
_OVERLAP_SECONDS = 0.75  # three rounds of scrapes


class Late(Exception):  # noqa: N818
    """What was waited for did not come; the message says what."""


def wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Until it holds; raise Late when it does not in time. A pod that does not answer yet does not hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Late(f"not within {seconds:.0f} s: {what}")
        time.sleep(_LOOK_SECONDS)


def announce(api: Api, pods: Callable[[], Mapping[int, Pod]], before: int, after: int, seconds: float) -> None:
    """Announce, and return when every pod that remains is prepared."""
    given = api.stateful_set()["metadata"].get("annotations") or {}
    # Another number for each: a pod that gave up the one before, and saw no moment between the two, begins again.
    attempt = int(given.get(ATTEMPT, 0)) + 1
    api.patch(api.annotate(preparing=after, serving=before, attempt=attempt))

    def prepared() -> bool:
        told = [pod.telemetry() for ordinal, pod in pods().items() if ordinal < after]
        return all(one.get("preparing") == after and one.get("prepared") == 1 for one in told) and len(told) == after

    wait(prepared, seconds, f"{after} pods are prepared")


def order(api: Api, pods: Callable[[], Mapping[int, Pod]], after: int, seconds: float) -> None:
    """Let everyone flip, then reduce the replicas."""
    api.patch(api.annotate(serving=after))
    wait(lambda: serve(pods(), after), seconds, f"{after} pods serve {after} shards")
    time.sleep(_OVERLAP_SECONDS)
    api.patch({**api.annotate(preparing=None), "spec": {"replicas": after}})


def serve(pods: Mapping[int, Pod], total: int) -> bool:
    """Whether the pods of a total serve it, and nothing besides."""
    told = [pod.telemetry() for ordinal, pod in pods.items() if ordinal < total]
    return len(told) == total and all(one.get("serving") == total and one.get("preparing") == 0 for one in told)
