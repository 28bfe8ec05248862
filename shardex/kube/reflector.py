"""Keeps a store equal to what the server lists: list, watch, bookmark, relist, back off.

It decides nothing but how to read: what follows a fault is ladder.py's, what an object prints is the store's. It
drives any object with the store's five verbs.
"""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from shardex.errors import EndpointError
from shardex.kube.backoff import Backoff
from shardex.kube.client import ApiError, Client, CutError, RefusedError, StalledError, Status
from shardex.kube.ladder import Fault, Outcome, Position, Verb, following
from shardex.kube.notes import Notes
from shardex.kube.pieces import Lines, ListBody, event_of, named, uid_of

log = logging.getLogger(__name__)

_END_MARK = "k8s.io/initial-events-end"
_STREAM_IDLE_SECONDS = 15.0  # without a byte before the end mark; some servers and proxies never send it
_STREAM_SECONDS = 300.0  # for all initial events; 200,000 pods take 20 to 60 s
_SHORT_SECONDS = 1.0  # a watch that ends sooner and empty says nothing but that something is wrong


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


class Target(msgspec.Struct, frozen=True):
    """What to list.

    path          of the collection
    resource      plural, for people
    accept        media types of a list, best first
    watch_accept  media types of a watch, best first
    query         that every request carries: field selectors
    careful       the objects hold lists of objects: verify every cut of a list's body
    """

    path: str
    resource: str
    accept: str = "application/json"
    watch_accept: str = "application/json"
    query: dict[str, str] = {}
    careful: bool = False


class Reading(msgspec.Struct, frozen=True):
    """How to read.

    page_size     objects a page
    cached        lists may come from the API server's cache (resourceVersion=0) instead of etcd
    limit         objects kept of a list, 0 for all
    idle_seconds  without a byte after which a watch is thought half-dead and begun anew from where it was
    watch_seconds that a watch is asked to live; jittered up to twice that, so that reflectors do not renew in step
    """

    page_size: int = 500
    cached: bool = False
    limit: int = 0
    idle_seconds: float = 120.0
    watch_seconds: float = 300.0
    backoff: Backoff = Backoff()


class Reflector:
    """One list and watch; run() is the thread's body.

    decode  bytes of an object -> view struct
    mine    uid -> whether this shard holds the object; None when it holds all
    gate    bounds how many lists of a process are under way, so that memory at the start stays near the steady state
    """

    def __init__(
        self,
        client: Client,
        target: Target,
        reading: Reading,
        decode: Callable[[bytes], Any],
        store: Keeps,
        mine: Callable[[str], bool] | None,
        gate: threading.Semaphore,
        notes: Notes,
    ) -> None:
        self._client = client
        self._target = target
        self._reading = reading
        self._decode = decode
        self._store = store
        self._mine = mine
        self._gate = gate
        self.notes = notes
        self._at = Position(verb=Verb.LIST if reading.limit else Verb.STREAM, streams=not reading.limit)
        self._events = 0
        self._last = b""

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; no fault of the server's ends it."""
        while not stop.is_set():
            started, verb = time.monotonic(), self._at.verb
            self._events, self._last = 0, b""
            outcome = self._turn()
            outcome = msgspec.structs.replace(
                outcome, lasted=time.monotonic() - started, events=self._events, version=outcome.version or self._seen()
            )
            before = self._at
            self._at, delay = following(before, outcome, self._reading.backoff, random.random())  # noqa: S311
            self.notes.turned(verb, outcome, before, self._at, delay)
            stop.wait(delay)

    def _turn(self) -> Outcome:
        """Do the position's verb once; every fault becomes an outcome."""
        started = time.monotonic()
        try:
            fault = self._list() if self._at.verb is Verb.LIST else self._watch()
            if fault is Fault.ENDED and not self._events and time.monotonic() - started < _SHORT_SECONDS:
                fault = Fault.SHORT
            return Outcome(fault)
        except ApiError as error:
            return self._refusal(error)
        except RefusedError as error:
            return Outcome(Fault.REFUSED, message=str(error))
        except EndpointError as error:
            return Outcome(Fault.UNAUTHORIZED, message=str(error))
        except StalledError as error:
            streaming = self._at.verb is Verb.STREAM
            return Outcome(Fault.UNSTREAMED if streaming else Fault.STALLED, message=str(error))
        except CutError as error:
            return Outcome(Fault.CUT, message=str(error))
        except msgspec.DecodeError as error:
            return Outcome(Fault.GARBAGE, message=str(error))

    def _refusal(self, error: ApiError) -> Outcome:
        said = str(error)
        if error.status == 410:
            return Outcome(Fault.EXPIRED, message=said)
        if error.status == 401:
            try:
                self._client.renew_credentials()
            except EndpointError as fault:
                said = f"{said}; {fault}"
            return Outcome(Fault.UNAUTHORIZED, message=said)
        if error.status in {403, 404}:
            return Outcome(Fault.EXCUSED, message=said)
        if self._at.verb is Verb.STREAM and error.status in {400, 422}:
            return Outcome(Fault.UNSTREAMED, message=said)
        return Outcome(Fault.BUSY, retry_after=error.retry_after, message=said)

    def _list(self) -> Fault:
        """Every page into a replacement, then swap."""
        reading, target = self._reading, self._target
        query = target.query | {"limit": str(reading.limit or reading.page_size)}
        if reading.cached or reading.limit:
            query["resourceVersion"] = "0"
        with self._gate:
            fresh, taken = self._store.replace(), 0
            try:
                while True:
                    body = ListBody(target.careful or self._at.garbage > 0)
                    with self._client.get(target.path, query, target.accept, reading.idle_seconds) as answer:
                        for item in body.items(answer.chunks()):
                            if reading.limit and taken >= reading.limit:
                                continue
                            taken += self._take(fresh, item)
                    if not body.meta.continue_ or (reading.limit and taken >= reading.limit):
                        break
                    query = {"continue": body.meta.continue_, **query}
                    query.pop("resourceVersion", None)  # the token carries the version; both together are refused
            except BaseException:
                fresh.abandon()
                raise
            self._commit(fresh, body.meta.resource_version)
        return Fault.LISTED

    def _watch(self) -> Fault:
        """Events into the store; those before a stream's end mark into a replacement."""
        reading, target = self._reading, self._target
        initial = self._at.verb is Verb.STREAM
        query = target.query | {"watch": "true", "allowWatchBookmarks": "true"}
        query["timeoutSeconds"] = str(int(reading.watch_seconds * (1 + random.random())))  # noqa: S311
        if initial:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
            query |= {"resourceVersion": "0"} if reading.cached else {}
        else:
            query["resourceVersion"] = self._at.version
        patience = min(_STREAM_IDLE_SECONDS, reading.idle_seconds) if initial else reading.idle_seconds
        with contextlib.ExitStack() as gate:
            if initial:
                gate.enter_context(self._gate)
            fresh = self._store.replace() if initial else None
            try:
                with self._client.get(target.path, query, target.watch_accept, patience) as answer:
                    deadline = time.monotonic() + _STREAM_SECONDS
                    for line in self._lines(answer.chunks()):
                        fault = self._event(fresh or self._store, line)
                        if fresh is None:
                            if fault not in {None, Fault.LISTED}:
                                return fault
                        elif fault is Fault.LISTED:
                            self._commit(fresh, self._seen())
                            fresh = None
                            gate.close()
                            answer.patience(reading.idle_seconds)
                        elif fault is not None:
                            return fault
                        elif time.monotonic() > deadline:
                            raise StalledError(f"no end of the initial events within {_STREAM_SECONDS:.0f} s")
                return Fault.ENDED if fresh is None else Fault.CUT
            finally:
                if fresh is not None:
                    fresh.abandon()

    def _lines(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        lines = Lines()
        for chunk in chunks:
            self.notes.heard(time.monotonic())
            yield from lines.split(chunk)
        if lines.half:
            raise CutError("the stream ended within a line")

    def _event(self, sink: Sink, line: bytes) -> Fault | None:
        """One line of a watch; None when there is nothing more to it."""
        if not line.strip():
            return None
        type, item = event_of(line)
        if type in {"ADDED", "MODIFIED"}:
            self._events, self._last = self._events + 1, item
            self._take(sink, item)
            return None
        if type == "DELETED":
            self._events, self._last = self._events + 1, item
            uid = uid_of(item)
            if self._mine is None or self._mine(uid):
                self.notes.event(type)
                sink.delete(uid)
            return None
        if type == "BOOKMARK":
            self._last = item
            key = named(item).metadata
            self.notes.event(type)
            if (key.annotations or {}).get(_END_MARK) == "true":
                return Fault.LISTED
            self._store.bookmark(key.resource_version)
            return None
        if type == "ERROR":
            status = msgspec.json.decode(item, type=Status)
            if status.code == 410:
                return Fault.EXPIRED
            raise ApiError(status.code, status.reason, status.message)
        self.notes.problem(f"an event of type {type!r}")
        return Fault.UNKNOWN

    def _take(self, sink: Sink, item: bytes) -> bool:
        """Decode and keep one object if it is this shard's; a fault of the object costs the object."""
        uid = uid_of(item)
        if self._mine is not None and not self._mine(uid):
            return False
        self.notes.event("OBJECT")
        try:
            sink.update(self._decode(item))
        except (MemoryError, BrokenPipeError):
            raise
        except msgspec.DecodeError as error:
            if not isinstance(error, msgspec.ValidationError):
                raise  # not JSON: the fault of the stream, not of this object
            self._drop(sink, uid, item, error)
        except Exception as error:  # noqa: BLE001  whatever a source meets in one object, the others go on
            self._drop(sink, uid, item, error)
        return True

    def _drop(self, sink: Sink, uid: str, item: bytes, error: Exception) -> None:
        sink.delete(uid)
        try:
            key = named(item).metadata
            name = f"{key.namespace}/{key.name}" if key.namespace else key.name
        except msgspec.DecodeError:
            name = f"uid {uid}"
        self.notes.malformed(name, error)

    def _commit(self, fresh: Replacing, version: str) -> None:
        fresh.commit(version)
        self.notes.listed()
        # From here a stream is a watch: what ends it now costs no list.
        self._at = following(self._at, Outcome(Fault.LISTED, version), self._reading.backoff, 0.0)[0]

    def _seen(self) -> str:
        """Resource version of the last event; read only when a watch ends, since every event has one."""
        return named(self._last).metadata.resource_version if self._last else ""
