"""The only writer: Events and annotations that say what was decided, and the change itself through a Resizer."""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from scaler.cluster import Cluster
from scaler.decide import Decision
from scaler.growth import GROWTH, noted
from scaler.observation import Reason, Set
from scaler.recommend import Recommendation
from shardex.errors import ShardexError

log = logging.getLogger(__name__)

RECOMMENDED = "shardex.dev/scaler-recommended-shards"
REASON = "shardex.dev/scaler-reason"
MESSAGE = "shardex.dev/scaler-message"
DECIDED = "shardex.dev/scaler-decided-at"
CHANGES = "shardex.dev/scaler-changes"
_WARNINGS = frozenset({
    Reason.OBJECTS_UNKNOWN, Reason.SHARDS_UNKNOWN, Reason.SHARD_MISSING, Reason.COUNTS_DISAGREE, Reason.AT_MAXIMUM,
    Reason.RESIZE_FAILED, Reason.RATE_LIMITED, Reason.NO_LIMIT,
    Reason.LIMIT_TOO_LOW,
})  # fmt: skip


class ResizeError(ShardexError):
    """A change that was abandoned; the message says why. What was served before is served still."""


class Resizer(Protocol):
    """Changes the size of a set without losing a series."""

    def resize(self, total: int) -> None:
        """Bring the set to this many shards, or take up such a change where it was left; returns once it is made.

        raise   ResizeError
        """


class Teller:
    """Says each decision once: in the log, as an Event and in the StatefulSet's annotations."""

    def __init__(self, cluster: Cluster, *, acts: bool) -> None:
        self._cluster, self._acts = cluster, acts
        self._said: tuple[object, ...] = ()

    def tell(self, decision: Decision, recommendation: Recommendation, target: Set | None, now: float) -> bool:
        """Tell a decision that differs from the one before; whether it did.

        raise   ClusterError when the API server does not take it
        """
        key = (decision.reason, decision.target, recommendation.shards)
        if key == self._said:
            log.debug("%s: %s", decision.reason, decision.message)
            return False
        dry = decision.target is not None and not self._acts
        message = decision.message + ("; a dry run: nothing is changed without --apply" if dry else "")
        log.log(logging.WARNING if decision.reason in _WARNINGS else logging.INFO, "%s: %s", decision.reason, message)
        self._said = key  # what the server refuses now it would refuse at every turn
        if target is not None:
            annotations = {
                RECOMMENDED: str(recommendation.shards),
                REASON: str(decision.reason),
                MESSAGE: message,
                DECIDED: stamp(now),
            }
            self._annotate(target, annotations)
            self._cluster.create(
                f"/api/v1/namespaces/{target.namespace}/events", event(target, decision.reason, message, now)
            )
        return True

    def changed(self, target: Set, changes: Sequence[float]) -> None:
        """Write the times of the last changes, for the next leader; raise ClusterError."""
        self._annotate(target, {CHANGES: ",".join(stamp(at) for at in changes)})

    def grown(self, target: Set, objects: int, now: float) -> None:
        """Write how many objects there are, once a day, for reports; raise ClusterError."""
        days = noted(target.annotations, now, objects)
        if days is not None:
            self._annotate(target, {GROWTH: days})

    def _annotate(self, target: Set, annotations: Mapping[str, str]) -> None:
        self._cluster.patch_set(target.namespace, target.name, {"metadata": {"annotations": dict(annotations)}})


def remembered(annotations: Mapping[str, str]) -> tuple[float, ...]:
    """Unix seconds of the changes that an earlier leader made; what someone else wrote there counts as nothing."""
    found = []
    for text in annotations.get(CHANGES, "").split(","):
        try:
            found.append(datetime.fromisoformat(text.strip()).timestamp())
        except ValueError:
            continue
    return tuple(found)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")


def event(target: Set, reason: str, message: str, now: float) -> dict[str, Any]:
    """An Event about the StatefulSet, as kubectl describe shows it."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{target.name}.{time.time_ns():x}", "namespace": target.namespace},
        "involvedObject": {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "namespace": target.namespace,
            "name": target.name,
            "uid": target.uid,
        },
        "reason": str(reason),
        "message": message[:1024],
        "type": "Warning" if reason in _WARNINGS else "Normal",
        "source": {"component": "shardex-scaler"},
        "firstTimestamp": stamp(now),
        "lastTimestamp": stamp(now),
        "count": 1,
    }
