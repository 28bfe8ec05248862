"""The shard set of a cluster, as resize() wants to see it, and the Resizer made of the two."""

import logging
from collections.abc import Mapping
from typing import Any

from scaler.apply import ResizeError
from scaler.cluster import Cluster
from scaler.observation import ATTEMPT, PREPARING, SERVING
from scaler.observe import Observer
from scaler.options import Options
from scaler.resize import Outcome, Seen, Shard, resize
from shardex.errors import ShardexError

log = logging.getLogger(__name__)


class ClusterSet:
    """The StatefulSet over the API, the pods over their telemetry pages."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self._cluster, self._observer = cluster, Observer(options, cluster)
        self._namespace, self._name = self._observer.place

    def seen(self) -> Seen:
        found = self._cluster.set(self._namespace, self._name)
        numbers = (_number(found.annotations.get(name, "")) for name in (PREPARING, SERVING, ATTEMPT))
        return Seen(found.replicas, *numbers)

    def shards(self) -> Mapping[int, Shard]:
        return {
            shard.ordinal: Shard(
                shard.total if shard.serving is None else shard.serving, shard.preparing or 0, bool(shard.prepared)
            )
            for shard in self._observer.shards()
        }

    def patch(self, body: Mapping[str, Any]) -> None:
        self._cluster.patch_set(self._namespace, self._name, body)


class ClusterResizer:
    """Resizer of the set that the options name."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self._set, self._options = ClusterSet(options, cluster), options

    def resize(self, total: int) -> None:
        """As Resizer has it; raise ResizeError."""
        try:
            result = resize(self._set, total, self._options.resize_timeout, self._options.reshard_overlap, log.info)
        except ShardexError as error:
            raise ResizeError(str(error)) from error
        if result.outcome is not Outcome.DONE:
            raise ResizeError(f"{result.outcome}: {result.message}")
        log.info("%s", result.message)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
