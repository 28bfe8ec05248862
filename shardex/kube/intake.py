"""Objects and events on their way into a store: the shard's own are decoded and kept, the rest is passed over.

A fault of one object costs that object's series and nothing else.
"""

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from shardex.kube.client import ApiError, Status
from shardex.kube.ladder import Fault
from shardex.kube.notes import Notes
from shardex.kube.pieces import UNDECODABLE, Span, event_of, is_whole, marked, name_of, text_of, uid_of

Buffer = bytes | memoryview

_SHORTEST = 16  # bytes; no event is shorter, so only such a line can be blank
_END_MARK = "k8s.io/initial-events-end"


class Sink(Protocol):
    """What takes objects: a store, or a replacement that one is given."""

    def update(self, o: Any) -> None: ...
    def delete(self, uid: str) -> None: ...


class Replacing(Sink, Protocol):
    def commit(self, version: str) -> None: ...
    def abandon(self) -> None: ...


class Keeps(Sink, Protocol):
    def replace(self) -> Replacing: ...
    def bookmark(self, version: str) -> None: ...


class Intake:
    """The way of one object, and of one line of a watch.

    decode  JSON of an object -> view struct
    mine    uid -> whether this shard holds the object; None when it holds all
    events  that came since the beginning of the verb
    """

    def __init__(self, decode: Callable[[Buffer], Any], mine: Callable[[str], bool] | None, notes: Notes) -> None:
        self._decode = decode
        self._mine = mine
        self._notes = notes
        self.events = 0
        self._last: Span | None = None

    def begin(self) -> None:
        """A verb begins: nothing of it was seen yet."""
        self.events, self._last = 0, None

    def seen(self) -> str:
        """Resource version of the last event, "" before one; read only when a watch ends, since every event has one."""
        try:
            return marked(text_of(self._last)).metadata.resource_version if self._last else ""
        except UNDECODABLE:  # then the watch resumes from where it began, and meets its events again
            return ""

    def take(self, sink: Sink, item: Span) -> bool:
        """Decode and keep one object; False when another shard holds it.

        raise  UNDECODABLE when the bytes are no JSON: a fault of the stream, not of this object
        """
        data, start, end = item
        try:
            if self._mine is not None and not self._mine(uid_of(item)):
                return False
            self._notes.event("OBJECT")
            sink.update(self._decode(memoryview(data)[start:end]))
        except (MemoryError, BrokenPipeError):
            raise
        except Exception as error:  # whatever a source meets in one object, the others go on
            faulty = isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError)
            if faulty and not is_whole(text_of(item)):
                raise
            with contextlib.suppress(*UNDECODABLE):  # an object without a readable uid was never kept
                sink.delete(uid_of(item))
            self._notes.malformed(name_of(item), error)
        return True

    def event(self, sink: Sink, line: Span, bookmark: Callable[[str], None] | None) -> Fault | None:
        """One line of a watch into the sink.

        bookmark  is told how far the watch has come; None before the end of the initial events
        return    LISTED at their end; EXPIRED or UNKNOWN when the watch is of no use any more; None otherwise
        raise     ApiError for any other error that came as an event; UNDECODABLE when the line is no event
        """
        _, start, end = line
        if end - start < _SHORTEST and not text_of(line).strip():
            return None
        type, item = event_of(line)
        if type in {"ADDED", "MODIFIED"}:
            self.take(sink, item)
        elif type == "DELETED":
            uid = uid_of(item)
            if self._mine is None or self._mine(uid):
                self._notes.event(type)
                sink.delete(uid)
        elif type == "BOOKMARK":
            mark = marked(text_of(item)).metadata
            self._notes.event(type)
            self._last = item
            if isinstance(mark.annotations, dict) and mark.annotations.get(_END_MARK) == "true":
                return Fault.LISTED
            if bookmark is not None:
                bookmark(mark.resource_version)
            return None
        elif type == "ERROR":
            status = msgspec.json.decode(text_of(item), type=Status)
            if status.code == 410:
                return Fault.EXPIRED
            raise ApiError(status.code, status.reason, status.message)
        else:
            self._notes.problem(f"an event of type {type!r}")
            return Fault.UNKNOWN
        self.events, self._last = self.events + 1, item
        return None
