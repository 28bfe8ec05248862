"""The world: nodes, workloads and pods that fit together, and the objects that show them."""

import logging
import random
from typing import Any

import msgspec

from load.cluster import Cluster
from load.objects.app import App, Role
from load.objects.names import AGENTS, BATCHES, DATABASES, EPOCH, SERVICES, digest, stamp, suffix, uid
from load.objects.nodes import Node
from load.objects.pod_document import State, document
from load.objects.pods import Pod, Pods
from load.objects.workload import Workload
from load.objects.workloads import Workloads
from load.text import Object, Pattern, build

log = logging.getLogger("load")

_DAY = 86_400.0


class Settings(msgspec.Struct, frozen=True):
    """How large a world is wanted.

    nodes      0 for one per 100 pods, at least one
    pod_bytes  JSON text of a pod, on average
    kinds      plurals kept; None for all
    """

    pods: int = 20_000
    nodes: int = 0
    seed: int = 1
    pod_bytes: int = 12_000
    kinds: frozenset[str] | None = None

    @property
    def node_count(self) -> int:
        return self.nodes or max(1, self.pods // 100)


def _size(app: App) -> int:
    return Pattern(document(app, State.RUNNING)).size + 700  # what fills the holes of a pod, measured


_NAMES = {Role.DEPLOYMENT: SERVICES, Role.STATEFUL_SET: DATABASES, Role.DAEMON_SET: AGENTS, Role.JOB: BATCHES}


class World:
    """What the objects show, with the randomness that made it.

    now  Unix seconds: EPOCH while the world is made, later as far as its changes have come
    """

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self.cluster, self.settings = cluster, settings
        self.rng = random.Random(settings.seed)
        self.now = EPOCH
        self._apps: dict[tuple[Role, int], App] = {}
        self.pods, self.workloads = Pods(), Workloads()
        self.nodes: list[Node] = []
        self.namespaces: list[str] = []
        self.running: list[Workload] = []
        self.taken: dict[tuple[str, str], int] = {}
        self._number = 0
        self._made: dict[str, list[Object]] | None = {}

    def fill(self) -> None:
        """Hand the objects made so far to the cluster; every later one is a change."""
        made, self._made = self._made or {}, None
        for plural, objects in made.items():
            self.cluster.load(self.cluster.named(plural), objects)

    def app(self, role: Role, place: int | None = None) -> App:
        """An application of the role, any or a certain one, with the environment that gives its pods their size."""
        names = _NAMES[role]
        place = self.rng.randrange(len(names)) if place is None else place
        if (role, place) not in self._apps:
            index = place + sum(len(known) for other, known in _NAMES.items() if other < role)
            bare, some = (_size(App(index, names[place], role, extras)) for extras in (0, 16))
            wanted = self.settings.pod_bytes * (0.85 + 0.3 * (index % 16) / 15)  # 85 to 115 per cent: pods differ
            extras = max(0, round((wanted - bare) / ((some - bare) / 16)))
            self._apps[role, place] = App(index, names[place], role, extras)
        return self._apps[role, place]

    def wants(self, *plurals: str) -> bool:
        """Whether any of these kinds is kept."""
        return self.settings.kinds is None or not self.settings.kinds.isdisjoint(plurals)

    def put(self, plural: str, obj: Object) -> None:
        """Show an object: the first time or anew."""
        if not self.wants(plural):
            return
        if self._made is None:
            self.cluster.put(self.cluster.named(plural), obj)
            return
        self.cluster.revision += 1
        if self.cluster.revision % 50_000 == 0:
            log.info("%d objects so far", self.cluster.revision)
        self._made.setdefault(plural, []).append(obj.at(self.cluster.revision))

    def show(self, plural: str, body: dict[str, Any]) -> None:
        self.put(plural, build(body, 0))

    def remove(self, plural: str, key: str) -> None:
        """Delete an object, unless someone else already has, or its kind is not kept."""
        collection = self.cluster.named(plural)
        if key in collection.objects:
            self.cluster.remove(collection, key)

    def meta(
        self, name: str, namespace: str = "", labels: dict[str, str] | None = None, created: float = 0.0, **more: Any
    ) -> dict[str, Any]:
        meta: dict[str, Any] = {"name": name, "uid": uid(self.rng), "creationTimestamp": stamp(created or self.past())}
        if namespace:
            meta["namespace"] = namespace
        if labels:
            meta["labels"] = labels
        return {**meta, **more}

    def known_uid(self, plural: str, key: str) -> str:
        """The uid of an object that is already shown, "" for none: an update must not change it."""
        obj = self.cluster.named(plural).objects.get(key)
        return str(obj.document()["metadata"]["uid"]) if obj is not None else ""

    def past(self, days: float = 90.0) -> float:
        """Some time within the last days, whole seconds."""
        return float(int(self.now - self.rng.random() * days * _DAY))

    def number(self) -> int:
        """Running number of pods: their addresses and container ids come from it."""
        self._number += 1
        return self._number

    def workload(self, app: App, namespace: str, name: str) -> Workload:
        made = Workload(app, namespace, name, uid(self.rng), self.past())
        made.revision = 1 + self.rng.randrange(8)
        made.updated = made.created + (self.now - made.created) * self.rng.random()
        made.hashes = [(suffix(self.rng, 10), uid(self.rng)) for _ in range(min(made.revision, 3))]
        self.running.append(made)
        return made

    def digest(self) -> str:
        return digest(self.rng)

    def show_pod(self, pod: Pod) -> None:
        self.put("pods", self.pods.render(pod))
