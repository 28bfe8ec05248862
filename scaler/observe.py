"""The only reader: counts from the API server, pages from the shards -> Observation, with every fault named."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from scaler.cluster import Cluster, ClusterError, own_namespace
from scaler.observation import Fault, Observation, Reason, Set, Shard
from scaler.options import Options
from scaler.pages import Pages
from scaler.telemetry import Page, since
from shardex.resources import RESOURCES

_AT_ONCE = 8
_APART = 0.2  # of a kind's objects that shards and API server may differ by: between the two questions time passes
_FEW = 50  # objects by which they may differ in any case


class Observer:
    """Observations of one set; of a shard's page it keeps the last, since CPU and scrapes are told as counters.

    cluster  None to ask the shards only
    """

    def __init__(self, options: Options, cluster: Cluster | None) -> None:
        self._options, self._cluster = options, cluster
        self._pages = Pages(options)
        self._before: dict[str, Page] = {}
        self.place = options.namespace or own_namespace(), options.statefulset

    def observe(self, now: float) -> Observation:
        """Everything at this Unix time; what could not be had is a fault of the observation, and nothing is raised."""
        faults: list[Fault] = []
        target = self._set(faults)
        pages = self._pages.read(self._urls(target, faults), faults)
        shards = tuple(since(page, self._before.get(name)) for name, page in pages.items())
        self._before = pages
        objects = self._objects(shards, faults)
        faults += disagreements(shards, target, objects)
        return Observation(now, objects, tuple(sorted(shards, key=lambda one: one.ordinal)), target, tuple(faults))

    def shards(self) -> list[Shard]:
        """The pods that answer now, those too that are about to be deleted; what they lack is no fault here."""
        faults: list[Fault] = []
        urls = self._addresses(self._set(faults), faults)
        return [page.shard for page in self._pages.read(urls, faults).values()]

    def _set(self, faults: list[Fault]) -> Set | None:
        if self._cluster is None:
            return None
        try:
            return self._cluster.set(*self.place)
        except ClusterError as error:
            if not (self._options.shard_url and error.status == 404):
                faults.append(Fault(Reason.SHARDS_UNKNOWN, str(error)))
            return None

    def _urls(self, target: Set | None, faults: list[Fault]) -> dict[str, str]:
        """Pages of the pods that there should be."""
        found = self._addresses(target, faults)
        if self._options.shard_url or target is None:
            return found
        wanted = [f"{target.name}-{ordinal}" for ordinal in range(target.replicas)]
        if found:
            faults += [
                Fault(Reason.SHARD_MISSING, f"{name} has no address behind the Service")
                for name in wanted
                if name not in found
            ]
        return {name: found[name] for name in wanted if name in found}

    def _addresses(self, target: Set | None, faults: list[Fault]) -> dict[str, str]:
        """Pages of the pods that there are, by name."""
        if self._options.shard_url:
            return {url: _page_url(url) for url in self._options.shard_url}
        if self._cluster is None or target is None:
            return {}
        service = self._options.service or target.service or target.name
        try:
            found = self._cluster.addresses(target.namespace, service, self._options.telemetry_port)
            found = {pod: f"{self._options.shard_scheme}://{address}/metrics" for pod, address in found.items()}
        except ClusterError as error:
            faults.append(Fault(Reason.SHARDS_UNKNOWN, str(error)))
            return {}
        if not found:
            faults.append(Fault(Reason.SHARDS_UNKNOWN, f"no pod has an address behind the Service {service}"))
        return found

    def _objects(self, shards: Sequence[Shard], faults: list[Fault]) -> dict[str, int]:
        """Objects by plural, of the kinds that the shards hold; without a shard, of those that they would."""
        told = {name for shard in shards for name in shard.kinds}
        wanted = self._options.resources or told or {plural for plural, one in RESOURCES.items() if one.default}
        if self._cluster is None:
            return {}
        names = sorted(wanted)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            counted = dict(zip(names, pool.map(self._count, names), strict=True))
        faults += [one for one in counted.values() if isinstance(one, Fault)]
        return {name: count for name, count in counted.items() if not isinstance(count, Fault)}

    def _count(self, name: str) -> int | Fault:
        """Objects of a resource: a plural, or plural.version.group of a custom one."""
        assert self._cluster is not None
        namespaces = self._options.namespaces
        if name in RESOURCES:
            plural, apis = name, [RESOURCES[name].api, *RESOURCES[name].fallbacks]
            namespaces = namespaces if RESOURCES[name].namespaced else ()
        else:
            plural, version, group = name.split(".", 2)
            apis = [f"{group}/{version}"]
        try:
            return self._cluster.count(apis, plural, namespaces)
        except ClusterError as error:
            return Fault(Reason.OBJECTS_UNKNOWN, f"{name}: {error}")


def disagreements(shards: Sequence[Shard], target: Set | None, objects: Mapping[str, int]) -> list[Fault]:
    """What the shards tell that does not fit together, or not with the StatefulSet and the API server; pure."""
    faults = [
        Fault(Reason.SHARD_UNSYNCED, f"{shard.name}: worker {number} has not listed everything")
        for shard in shards
        for number, worker in enumerate(shard.workers)
        if not worker.synced
    ]
    faults += [
        Fault(Reason.RESIZE_UNDER_WAY, f"{shard.name} prepares {shard.preparing} shards and serves {shard.serving}")
        for shard in shards
        if shard.preparing and shard.serving and shard.preparing != shard.serving
    ]
    wanted = target.replicas if target else len(shards)
    totals = sorted({shard.serving or shard.total for shard in shards})
    if shards and totals != [wanted]:
        faults.append(Fault(Reason.SHARDS_DISAGREE, f"there are {wanted} shards, the pods divide by {totals}"))
    ordinals = sorted(shard.ordinal for shard in shards)
    if shards and ordinals != list(range(len(shards))):
        faults.append(Fault(Reason.SHARDS_DISAGREE, f"the pods have the ordinals {ordinals}"))
    if not faults and len(shards) == wanted:
        faults += _counts(shards, objects)
    return faults


def _counts(shards: Sequence[Shard], objects: Mapping[str, int]) -> list[Fault]:
    faults = []
    for plural, count in objects.items():
        held = sum(shard.kinds[plural].objects for shard in shards if plural in shard.kinds)
        if shards and abs(held - count) > max(_FEW, _APART * count):
            faults.append(Fault(Reason.COUNTS_DISAGREE, f"{plural}: the shards hold {held}, the API server {count}"))
    return faults


def _page_url(url: str) -> str:
    return url if url.rstrip("/").endswith("/metrics") else url.rstrip("/") + "/metrics"
