"""The state of a cluster: every collection, and the one counter of resource versions. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from load.collection import ADDED, DELETED, MODIFIED, Collection, Event, Snapshot
from load.kinds import BUILTIN, Kind, defined
from load.text import Object

_CRDS = "customresourcedefinitions"


class Cluster:
    """Every collection, and the one counter of resource versions.

    window  events remembered a collection, at least
    """

    def __init__(self, window: int = 20_000, revision: int = 1) -> None:
        self.window = window
        self.revision = revision
        self.collections: dict[tuple[str, str], Collection] = {}
        for kind in BUILTIN:
            self.define(kind)

    def define(self, kind: Kind) -> None:
        """Serve a kind from now on; a known one keeps its objects."""
        collection = self.collections.get((kind.group, kind.plural))
        if collection is None:
            self.collections[kind.group, kind.plural] = Collection(kind, self.revision)
        else:
            collection.kind = kind

    def undefine(self, group: str, plural: str) -> None:
        """Delete the kind's objects, end its watches, serve it no more."""
        collection = self.collections.pop((group, plural), None)
        if collection is None:
            return
        for key in list(collection.keys):
            self._remove(collection, key)
        collection.closed = True
        for wake in tuple(collection.changed):
            wake()

    def named(self, plural: str) -> Collection:
        """The collection of a plural, of the first group that has one; KeyError when there is none."""
        for (_, name), collection in self.collections.items():
            if name == plural:
                return collection
        raise KeyError(plural)

    def load(self, collection: Collection, objects: Iterable[Object]) -> None:
        """Fill a collection before anyone watches: no events, versions as the objects have them."""
        for obj in objects:
            collection.objects[obj.key] = obj
            self.revision = max(self.revision, obj.version)
            if collection.kind.plural == _CRDS:
                self.define(defined(obj.document()))
        collection.keys = sorted(collection.objects)
        self.compact()

    def put(self, collection: Collection, obj: Object) -> Event:
        """Create the object or replace the one of its key; its version is the next one."""
        self.revision += 1
        obj = obj.at(self.revision)
        previous = collection.objects.get(obj.key)
        collection.objects[obj.key] = obj
        if previous is None:
            insort(collection.keys, obj.key)
        event = Event(self.revision, ADDED if previous is None else MODIFIED, obj, previous)
        collection.record(event, self.window)
        if collection.kind.plural == _CRDS:
            self.define(defined(obj.document()))
        return event

    def remove(self, collection: Collection, key: str) -> Event:
        """Delete an object; KeyError when there is none."""
        event = self._remove(collection, key)
        if collection.kind.plural == _CRDS:
            plural, _, group = key.partition(".")
            self.undefine(group, plural)
        return event

    def _remove(self, collection: Collection, key: str) -> Event:
        previous = collection.objects.pop(key)
        self.revision += 1
        del collection.keys[bisect_left(collection.keys, key)]
        event = Event(self.revision, DELETED, previous.at(self.revision), previous)
        collection.record(event, self.window)
        return event

    def snapshot(self, collection: Collection, revision: int = 0) -> Snapshot:
        """The collection now, or as it was at a revision; raise Expired when that is forgotten."""
        return Snapshot(revision or self.revision, collection.at(revision or self.revision))

    def compact(self) -> None:
        """Forget the history: every older version, of a list or of a watch, is expired."""
        for collection in self.collections.values():
            collection.forget(self.revision)

    def restart(self) -> None:
        """What an API server's restart does to the state: watches start from now, lists still read the past."""
        for collection in self.collections.values():
            collection.restarted = self.revision
