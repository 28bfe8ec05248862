"""What is known of a cluster and of its shards at one moment; values, as JSON keeps them too."""

from enum import StrEnum

import msgspec

#: annotations of the StatefulSet that its pods follow
PREPARING = "shardex.dev/preparing-total"
SERVING = "shardex.dev/serving-total"
ATTEMPT = "shardex.dev/preparing-attempt"


class Reason(StrEnum):
    """Why a decision is what it is; the words of logs, Events, annotations and metrics."""

    # What keeps the scaler from deciding anything.
    OBJECTS_UNKNOWN = "ObjectsUnknown"
    SHARDS_UNKNOWN = "ShardsUnknown"
    SHARD_MISSING = "ShardMissing"
    SHARD_UNSYNCED = "ShardUnsynced"
    SHARDS_DISAGREE = "ShardsDisagree"
    COUNTS_DISAGREE = "CountsDisagree"
    # What keeps it from acting.
    RESIZE_UNDER_WAY = "ResizeUnderWay"
    PAUSED = "Paused"
    NO_LIMIT = "NoLimit"
    LIMIT_TOO_LOW = "LimitTooLow"
    # What it found.
    SATISFIED = "Satisfied"
    WITHIN_DEAD_BAND = "WithinDeadBand"
    AT_MAXIMUM = "AtMaximum"
    AT_MINIMUM = "AtMinimum"
    STABILIZING_UP = "StabilizingUp"
    STABILIZING_DOWN = "StabilizingDown"
    RATE_LIMITED = "RateLimited"
    # What it does, or with a dry run would do, and what came of it.
    SCALE_UP = "ScaleUp"
    SCALE_DOWN = "ScaleDown"
    RESIZED = "Resized"
    RESIZE_FAILED = "ResizeFailed"


#: reason -> what it means and what to do about it, for docs/scaler.md
REASONS = {
    Reason.OBJECTS_UNKNOWN: "A kind's objects could not be counted (403, 410 or an API server that is away). "
    "The message names the kind and what the server said.",
    Reason.SHARDS_UNKNOWN: "The StatefulSet or its pods' addresses could not be read. Check `--statefulset`, "
    "`--namespace`, `--service` and the scaler's role.",
    Reason.SHARD_MISSING: "A pod of the set gave no telemetry within `--shard-timeout`.",
    Reason.SHARD_UNSYNCED: "A shard has not listed every kind once, or lost a worker; what it tells is not the whole.",
    Reason.SHARDS_DISAGREE: "The pods do not agree on the number of shards, or an ordinal stands twice or not at all.",
    Reason.COUNTS_DISAGREE: "The shards hold far more or fewer objects of a kind than the API server counts. Give the "
    "scaler the shards' `--namespaces` and `--resources`.",
    Reason.RESIZE_UNDER_WAY: "The set is changing its size already; an unfinished change is taken up again.",
    Reason.PAUSED: 'The StatefulSet is annotated `shardex.dev/scaler-paused: "true"`.',
    Reason.NO_LIMIT: "No limit is known that could ask for another size: set limits on the StatefulSet, or give "
    "`--memory-limit` or a scrape limit.",
    Reason.LIMIT_TOO_LOW: "A pod without a single object would take more than a limit allows: no number of shards "
    "helps. Raise that limit, or give pods fewer `--workers`.",
    Reason.SATISFIED: "The set has the size that it needs.",
    Reason.WITHIN_DEAD_BAND: "Fewer shards would do now, but not with a cluster larger by `--dead-band`.",
    Reason.AT_MAXIMUM: "More shards than `--max-shards` are needed. Raise it, or the limit that binds.",
    Reason.AT_MINIMUM: "Fewer would do; `--min-shards` says otherwise.",
    Reason.STABILIZING_UP: "More shards are needed, but not yet for the whole of `--up-window`.",
    Reason.STABILIZING_DOWN: "Fewer shards would do, but not yet for the whole of `--down-window`.",
    Reason.RATE_LIMITED: "`--max-changes-per-hour` changes were made within an hour.",
    Reason.SCALE_UP: "Shards are being added; without `--apply`: would be.",
    Reason.SCALE_DOWN: "Shards are being removed; without `--apply`: would be.",
    Reason.RESIZED: "The set has its new size.",
    Reason.RESIZE_FAILED: "The change was abandoned; the old size is still served. The message says why.",
}  # fmt: skip


class Fault(msgspec.Struct, frozen=True):
    """Something that is missing, partial or contradictory: as long as there is one, nothing is changed."""

    reason: Reason
    message: str


class Kind(msgspec.Struct, frozen=True):
    """One resource of one pod.

    text_bytes     of its exposition, uncompressed
    segment_bytes  of the same as it is kept, compressed; index_bytes of what is kept beside
    """

    objects: int
    series: int
    text_bytes: int
    segment_bytes: int
    index_bytes: int

    @property
    def stored_bytes(self) -> int:
        return self.segment_bytes + self.index_bytes


class Worker(msgspec.Struct, frozen=True):
    """One worker process.

    memory_bytes     its own and its arena
    transient_bytes  the most that it ever had beyond what it has now
    objects          that it holds; stored_bytes of them as in Kind
    """

    synced: bool
    memory_bytes: int
    transient_bytes: int
    cpu_seconds: float
    objects: int
    stored_bytes: int


class Shard(msgspec.Struct, frozen=True):
    """One pod.

    name            of the pod, or its URL
    total           shards that it divides by
    shared_bytes    memory of the processes that are no workers
    kinds           by plural
    cores           CPU in use since the observation before; None at the first
    scrape_seconds  that 95 of 100 scrapes took at most; None without a scrape
    serving         shards that /metrics is of, preparing those that are being built; None where it is not told
    prepared        whether what is being built is whole
    """

    name: str
    ordinal: int
    total: int
    shared_bytes: int
    workers: tuple[Worker, ...]
    kinds: dict[str, Kind]
    cores: float | None = None
    scrape_seconds: float | None = None
    serving: int | None = None
    preparing: int | None = None
    prepared: bool | None = None

    @property
    def memory_bytes(self) -> int:
        return self.shared_bytes + sum(worker.memory_bytes for worker in self.workers)


class Set(msgspec.Struct, frozen=True):
    """The StatefulSet.

    memory_limit  bytes of a pod, cpu_limit cores; 0 without one
    version       resource version that this was read at
    """

    namespace: str
    name: str
    replicas: int
    uid: str = ""
    version: str = ""
    generation: int = 0
    service: str = ""
    container: str = ""
    memory_limit: float = 0.0
    cpu_limit: float = 0.0
    annotations: dict[str, str] = {}


class Observation(msgspec.Struct, frozen=True):
    """Everything at one moment.

    at       Unix seconds
    objects  by plural, of the whole cluster
    set      None without an API server that knows it
    faults   empty when everything is whole
    """

    at: float
    objects: dict[str, int]
    shards: tuple[Shard, ...]
    set: Set | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def current(self) -> int:
        """Shards that there are; 0 when there are none yet."""
        return self.set.replicas if self.set else len(self.shards)
