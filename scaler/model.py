"""Observation -> what objects, workers and pods cost here; and with it, what a set of another size would take.

A worker's memory is what its store tells to the byte, what every worker has (costs.WORKER and WARM), and

    surplus + object * objects

where `surplus` is what workers of this cluster have beyond others, and `object` what Python keeps beside an object.
Workers of one set hold about the same number of objects, so that alone would not tell the two apart; they are
therefore fitted by Bayesian linear regression from what is known of other clusters: small sets teach the first, large
ones the second, and what remains unknown stays in the covariance, from which every prediction has its deviation.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from scaler import costs
from scaler.costs import Cost
from scaler.observation import Kind, Observation


class Learned(msgspec.Struct, frozen=True):
    """An object of a kind.

    told    0 to 1: how much of it this cluster's shards have told; the rest is assumed
    spread  standard deviation of stored_bytes and text_bytes, as a part of them
    """

    cost: Cost
    told: float
    spread: float


class Model(msgspec.Struct, frozen=True):
    """Costs in bytes, CPU in cores; `sd` is a standard deviation.

    pod_surplus, worker_surplus   beyond what pods and workers of other clusters take
    covariance       of worker_surplus and object_bytes: (variance, covariance, variance)
    transient_bytes  of a worker's start, beyond what it has afterwards
    cores            of the whole set's work, done by one worker of one shard; None before it was seen
    scrape_seconds   for a byte of text
    """

    objects: dict[str, int]
    kinds: dict[str, Learned]
    pod_surplus: float
    pod_sd: float
    worker_surplus: float
    object_bytes: float
    covariance: tuple[float, float, float]
    transient_bytes: float
    cores: float | None
    scrape_seconds: float
    scrape_told: bool

    def bare(self, workers: int) -> float:
        """Bytes of a pod without objects."""
        return pod(workers) + self.pod_surplus + workers * (empty(workers) + self.worker_surplus)

    def memory(self, shards: int, workers: int, load: float = 1.0) -> tuple[float, float]:
        """(bytes, sd) of the fullest pod once it is synced.

        load   times the objects of now
        """
        each = {name: kind.cost.stored_bytes + self.object_bytes for name, kind in self.kinds.items()}
        kinds = sum(1 for count in self.objects.values() if count) if load else 0
        mean = self.bare(workers) + self.share(each, shards, load)
        segments = self.share({name: kind.cost.segment_bytes for name, kind in self.kinds.items()}, shards, load)
        mean += workers * warm(segments / workers, kinds)
        objects = sum(self.objects.values()) * load / shards
        own, both, slope = self.covariance
        variance = self.pod_sd**2 + workers**2 * own + 2 * workers * objects * both + objects**2 * slope
        variance += sum(
            (self.objects.get(plural, 0) * load / shards * kind.cost.stored_bytes * kind.spread) ** 2
            for plural, kind in self.kinds.items()
        )
        return mean, math.hypot(math.sqrt(max(0.0, variance)), costs.MISFIT * mean)

    def peak(self, shards: int, workers: int, load: float = 1.0) -> tuple[float, float]:
        """(bytes, sd) of the fullest pod at the height of its start, all workers at once."""
        mean, sd = self.memory(shards, workers, load)
        return mean + workers * self.transient_bytes, sd

    def text(self, shards: int, load: float = 1.0) -> tuple[float, float]:
        """(bytes, sd) of the fullest shard's exposition."""
        mean = self.share({plural: kind.cost.text_bytes for plural, kind in self.kinds.items()}, shards, load)
        sd = math.hypot(
            *(
                self.objects.get(plural, 0) * load / shards * kind.cost.text_bytes * kind.spread
                for plural, kind in self.kinds.items()
            )
        )
        return mean, sd

    def series(self, shards: int, load: float = 1.0) -> float:
        return self.share({plural: kind.cost.series for plural, kind in self.kinds.items()}, shards, load)

    def cpu(self, shards: int, workers: int, load: float = 1.0) -> float | None:
        """Cores that a pod uses; every worker reads the whole stream, and works on its share."""
        if self.cores is None:
            return None
        return self.cores * load * ((1 - costs.UNSHARDED) / shards + costs.UNSHARDED * workers)

    def list_seconds(self, shards: int, load: float = 1.0) -> float:
        """CPU that the first list takes in a pod with one worker."""
        objects = sum(self.objects.values()) * load
        return objects * costs.LIST_SECONDS * ((1 - costs.UNSHARDED) / shards + costs.UNSHARDED)

    def share(self, each: Mapping[str, float], shards: int, load: float = 1.0) -> float:
        """Sum over the objects of the fullest of N shards.

        each    cost of one object, by plural
        source  mean plus the expected maximum of N sums: sd * sqrt(2 ln N), each object here with probability 1/N
        """
        counts = [(self.objects.get(plural, 0) * load, cost) for plural, cost in each.items()]
        mean = sum(count * cost for count, cost in counts) / shards
        variance = sum(count * cost * cost for count, cost in counts) / shards
        return mean + math.sqrt(2 * math.log(shards) * variance)


def learn(observation: Observation) -> Model:
    """The model of one observation; of an empty one it is what is assumed."""
    shards = observation.shards
    objects = dict(observation.objects)
    told = _summed(shard.kinds for shard in shards)
    for plural, kind in told.items():  # counted by the API server where it was asked; else as the shards hold them
        objects.setdefault(plural, kind.objects)
    points = []
    for shard in shards:
        segments = sum(kind.segment_bytes for kind in shard.kinds.values())
        kinds = sum(1 for kind in shard.kinds.values() if kind.objects)
        count = len(shard.workers)
        for worker in shard.workers:
            if worker.synced and worker.memory_bytes:
                expected = empty(count) + warm(segments / count, kinds) + worker.stored_bytes
                points.append((worker.objects, worker.memory_bytes - expected))
    rests = [shard.shared_bytes - pod(len(shard.workers)) for shard in shards if shard.shared_bytes]
    pod_surplus, pod_sd = _estimate(rests, costs.POD_SD)
    worker_surplus, object_bytes, covariance = _regression(points)
    transients = [worker.transient_bytes for shard in shards for worker in shard.workers if worker.synced]
    speeds = [
        shard.scrape_seconds / text
        for shard in shards
        if shard.scrape_seconds is not None and (text := sum(kind.text_bytes for kind in shard.kinds.values()))
    ]
    return Model(
        objects=objects,
        kinds={plural: _kind(plural, told.get(plural)) for plural in objects},
        pod_surplus=pod_surplus,
        pod_sd=pod_sd,
        worker_surplus=worker_surplus,
        object_bytes=object_bytes,
        covariance=covariance,
        transient_bytes=sum(transients) / len(transients) if transients else costs.TRANSIENT,
        cores=_cores(observation),
        scrape_seconds=max(speeds, default=costs.SCRAPE_SECONDS),
        scrape_told=bool(speeds),
    )


def _kind(plural: str, told: Kind | None) -> Learned:
    """Credibility: n objects told weigh n / (n + HALF), what is assumed the rest."""
    known = costs.KINDS.get(plural, costs.OTHER)
    count = told.objects if told else 0
    weight = count / (count + costs.HALF)
    if told is None or not count:
        return Learned(known, 0.0, costs.SPREAD)
    pairs = (
        (told.segment_bytes, known.segment_bytes),
        (told.index_bytes, known.index_bytes),
        (told.text_bytes, known.text_bytes),
        (told.series, known.series),
    )
    mixed = [weight * value / count + (1 - weight) * assumed for value, assumed in pairs]
    return Learned(Cost(*mixed), weight, costs.SPREAD * (1 - weight))


def _summed(parts: Iterable[Mapping[str, Kind]]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for part in parts:
        for plural, kind in part.items():
            had = found.get(plural, Kind(0, 0, 0, 0, 0))
            found[plural] = Kind(*(getattr(had, field) + getattr(kind, field) for field in Kind.__struct_fields__))
    return found


def pod(workers: int) -> float:
    """Bytes of supervisor and front."""
    return costs.POD[0] + costs.POD[1] / workers


def empty(workers: int) -> float:
    """Bytes of one of so many workers, without objects."""
    return costs.WORKER[0] + costs.WORKER[1] / workers


def warm(segment_bytes: float, kinds: int) -> float:
    """Bytes that a worker has beside them once it has listed so many kinds, with so many segments."""
    most, kind, scale = costs.WARM
    return (most + kind * kinds) * -math.expm1(-segment_bytes / scale)


def _estimate(values: list[float], sd: float) -> tuple[float, float]:
    """(mean, sd) after these values of something that was assumed to be 0, give or take `sd`."""
    precision = 1 / sd**2 + len(values) / costs.NOISE**2
    return sum(values) / costs.NOISE**2 / precision, precision**-0.5


def _regression(points: list[tuple[int, float]]) -> tuple[float, float, tuple[float, float, float]]:
    """The line  surplus + object * objects = bytes: the two, and their covariance.

    source  Bishop, Pattern Recognition and Machine Learning, 3.3.1, with two weights and independent priors
    """
    noise = 1 / costs.NOISE**2
    a = 1 / costs.WORKER_SD**2 + len(points) * noise
    b = sum(objects for objects, _ in points) * noise
    d = 1 / costs.OBJECT_SD**2 + sum(objects * objects for objects, _ in points) * noise
    right = (
        sum(size for _, size in points) * noise,
        costs.OBJECT / costs.OBJECT_SD**2 + sum(objects * size for objects, size in points) * noise,
    )
    determinant = a * d - b * b
    covariance = (d / determinant, -b / determinant, a / determinant)
    own, both, slope = covariance
    return own * right[0] + both * right[1], max(0.0, both * right[0] + slope * right[1]), covariance


def _cores(observation: Observation) -> float | None:
    cores = [shard.cores for shard in observation.shards]
    if not cores or None in cores:
        return None
    readers = sum(len(shard.workers) for shard in observation.shards)
    return sum(core for core in cores if core is not None) / (1 - costs.UNSHARDED + costs.UNSHARDED * readers)
