"""The state of a cluster: objects, resource versions, a bounded history, and what a list sees of them. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from operator import attrgetter

import msgspec

from load.kinds import BUILTIN, Kind, defined
from load.text import Object

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"

_CRDS = "customresourcedefinitions"
# States kept a collection, for clients between two pages: each costs 8 bytes an object, one more client than states a
# replay of the history a page.
_SNAPSHOTS = 16

_key = attrgetter("key")
_revision = attrgetter("revision")


class Expired(Exception):  # noqa: N818
    """The version asked for is older than what is remembered.

    floor  oldest version that is
    """

    def __init__(self, floor: int) -> None:
        super().__init__(f"older than {floor}")
        self.floor = floor


class Event(msgspec.Struct, frozen=True, gc=False):
    """One change; `previous` is the object before it, `object` after it, for DELETED the last state anew stamped."""

    revision: int
    type: str
    object: Object
    previous: Object | None


class Snapshot(msgspec.Struct, frozen=True):
    """A collection as it was at one revision, in the order of keys."""

    revision: int
    objects: list[Object]

    def span(self, namespace: str, start: str = "") -> tuple[int, int]:
        """Half-open range of places: a namespace's objects ("" for all) whose keys are not below start."""
        if not namespace:
            return bisect_left(self.objects, start, key=_key), len(self.objects)
        low = max(start, f"{namespace}/")
        return bisect_left(self.objects, low, key=_key), bisect_left(self.objects, f"{namespace}0", key=_key)


class Collection:
    """All objects of one kind.

    changed   called after every change, with no argument
    closed    the kind was undefined: nothing will change any more
    """

    def __init__(self, kind: Kind, revision: int) -> None:
        self.kind = kind
        self.objects: dict[str, Object] = {}
        self.keys: list[str] = []
        self.history: list[Event] = []
        self.forgotten = revision  # no event up to here is remembered
        self.restarted = 0  # no watch may start below here, though the history remembers
        self.last = revision  # of the latest change, remembered or not
        self.changed: set[Callable[[], None]] = set()
        self.closed = False
        self._snapshots: dict[int, list[Object]] = {}

    def start(self, revision: int) -> None:
        """Whether a watch may begin here; raise Expired when it may not."""
        floor = max(self.forgotten, self.restarted)
        if revision < floor:
            raise Expired(floor)

    def since(self, revision: int) -> list[Event]:
        """Events after a revision, oldest first.

        raise   Expired when some of them are forgotten; a compaction alone does not end a watch that has seen them all
        """
        if self.last <= revision:
            return []
        if revision < self.forgotten:
            raise Expired(self.forgotten)
        return self.history[bisect_right(self.history, revision, key=_revision) :]

    def at(self, revision: int) -> list[Object]:
        """Objects as they were at a revision, in the order of keys; not to be changed.

        raise   Expired when the history does not reach back that far
        """
        if revision < self.forgotten:
            raise Expired(self.forgotten)
        place = bisect_right(self.history, revision, key=_revision)
        state = self.history[place - 1].revision if place else self.forgotten
        objects = self._snapshots.pop(state, None)
        if objects is None:
            objects = [self.objects[key] for key in self.keys] if place == len(self.history) else self._past(place)
        self._snapshots[state] = objects
        if len(self._snapshots) > _SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return objects

    def _past(self, place: int) -> list[Object]:
        """The state before the events from this place of the history on."""
        past = dict(self.objects)
        for event in reversed(self.history[place:]):
            if event.previous is None:
                del past[event.object.key]
            else:
                past[event.object.key] = event.previous
        return sorted(past.values(), key=_key)

    def record(self, event: Event, window: int) -> None:
        self.history.append(event)
        self.last = event.revision
        if len(self.history) >= 2 * window:  # trimmed by halves: deleting from the front moves all the rest
            self.forgotten = self.history[-window - 1].revision
            del self.history[:-window]
        for wake in tuple(self.changed):
            wake()

    def forget(self, revision: int) -> None:
        self.history.clear()
        self._snapshots.clear()
        self.forgotten = self.restarted = revision


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
