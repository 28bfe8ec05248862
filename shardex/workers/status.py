"""What a worker tells of itself with each publication; the telemetry page and the scaler read it."""

import msgspec

from shardex.kube.notes import Standing


class KindStatus(msgspec.Struct, frozen=True):
    """One kind of one worker.

    text_bytes        of the exposition, uncompressed
    segment_bytes     of it, compressed
    index_bytes       of hashes and lengths
    table_bytes       of what finds an object's text by its uid, and of text that is not compressed yet
    aside_bytes       of both, what only one of two totals shows while the number of shards changes
    problems          samples that custom objects lack, None for a built-in kind
    """

    plural: str
    kind: str
    objects: int
    series: int
    text_bytes: int
    segment_bytes: int
    index_bytes: int
    standings: tuple[Standing, ...]
    problems: int | None = None
    aside_bytes: int = 0
    table_bytes: int = 0


class DefinitionsStatus(msgspec.Struct, frozen=True):
    """CustomResourceDefinitions: how many there are, and their events since the worker's start."""

    count: int
    added: int
    changed: int
    removed: int


class WorkerStatus(msgspec.Struct, frozen=True):
    """One worker; times are seconds.

    resident_bytes      its own memory now; peak_bytes the most it ever was
    base_bytes          of it before the first object: the interpreter and what is imported
    arena_bytes         shared memory reserved for segments; with base, index and table bytes it makes up resident_bytes
    cpu_seconds         user and system, since its fork
    fold_seconds        the last fold
    definitions         None where no custom resources are configured
    object_limit        --object-limit, 0 for none
    """

    pod_shard: int
    worker: int
    incarnation: int
    resident_bytes: int
    peak_bytes: int
    base_bytes: int
    arena_bytes: int
    cpu_seconds: float
    fold_seconds: float
    now: float
    kinds: tuple[KindStatus, ...]
    definitions: DefinitionsStatus | None = None
    object_limit: int = 0


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(WorkerStatus).decode
