"""One kind's objects, the events that changed them, and what a list sees of them. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import attrgetter

import msgspec

from load.kinds import Kind
from load.text import Object

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"

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
        self.lost = 0  # revision of the newest event that is not remembered
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
        if revision < self.lost:
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
        if len(self.history) >= 2 * window:  # trimmed by halves: deleting from the front moves all the rest
            self.forgotten = self.lost = self.history[-window - 1].revision
            del self.history[:-window]
        for wake in tuple(self.changed):
            wake()

    def forget(self, revision: int) -> None:
        if self.history:
            self.lost = self.history[-1].revision
        self.history.clear()
        self._snapshots.clear()
        self.forgotten = self.restarted = revision
