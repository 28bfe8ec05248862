"""Keeps a store equal to what the server lists: list, watch, bookmark, relist, back off.

It decides nothing but how to read: what follows a fault is ladder.py's, what an object prints is the store's. It
drives any object with the store's five verbs.
"""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from shardex.errors import EndpointError
from shardex.kube.backoff import Backoff
from shardex.kube.client import Answer, ApiError, Client, CutError, RefusedError, StalledError
from shardex.kube.intake import Buffer, Intake, Keeps, Replacing
from shardex.kube.ladder import Fault, Outcome, Position, Verb, following
from shardex.kube.notes import Notes
from shardex.kube.pieces import UNDECODABLE, Lines, ListBody, Span

_SHORT_SECONDS = 1.0  # a watch that ends sooner and brings nothing new says nothing but that something is wrong


class Target(msgspec.Struct, frozen=True):
    """What to list.

    path          of the collection
    resource      plural, for people
    accept        media types of a list, best first
    watch_accept  media types of a watch, best first
    query         that every request carries: field selectors
    careful       the objects hold lists of objects: verify every cut of a list's body
    fallbacks     the same collection at older APIs, best first, for a server that lacks `path`
    """

    path: str
    resource: str
    accept: str = "application/json"
    watch_accept: str = "application/json"
    query: dict[str, str] = {}
    careful: bool = False
    fallbacks: tuple[str, ...] = ()


def api_of(path: str) -> str:
    """Group and version that a collection's path names: "batch/v1", "v1" of the core group."""
    _, root, *parts = path.split("/")
    return "/".join(parts[:2]) if root == "apis" else parts[0]


class Reading(msgspec.Struct, frozen=True):
    """How to read.

    page_size            objects a page
    cached               lists may come from the API server's cache (resourceVersion=0) instead of etcd
    limit                objects kept of a list, 0 for all
    idle_seconds         without a byte after which a watch is thought half-dead and begun anew from where it was
    watch_seconds        that a watch is asked to live; jittered up to twice that, so that reflectors do not renew in
                         step
    stream_idle_seconds  without a byte before the end mark; some servers and proxies never send it
    stream_seconds       for all initial events; 200,000 pods take 20 to 60 s
    """

    page_size: int = 500
    cached: bool = False
    limit: int = 0
    idle_seconds: float = 120.0
    watch_seconds: float = 300.0
    stream_idle_seconds: float = 15.0
    stream_seconds: float = 300.0
    backoff: Backoff = Backoff()


class Listing(msgspec.Struct, frozen=True):
    """A list under way.

    fresh  what was taken in so far
    query  of the page that is next
    taken  objects of the pages before it
    """

    fresh: Replacing
    query: dict[str, str]
    taken: int = 0


class Reflector:
    """One list and watch; run() is the thread's body.

    decode  JSON of an object -> view struct
    mine    uid -> whether this shard holds the object; None when it holds all
    gate    bounds how many lists of a process are under way, so that memory at the start stays near the steady state
    """

    def __init__(
        self,
        client: Client,
        target: Target,
        reading: Reading,
        decode: Callable[[Buffer], Any],
        store: Keeps,
        mine: Callable[[str], bool] | None,
        gate: threading.Semaphore,
        notes: Notes,
    ) -> None:
        self._client = client
        self._target = target
        self._reading = reading
        self._store = store
        self._gate = gate
        self.notes = notes
        self._intake = Intake(decode, mine, notes)
        self._at = Position(verb=Verb.LIST if reading.limit else Verb.STREAM, streams=not reading.limit)
        self._began = 0.0
        self._listing: Listing | None = None
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Until told to stop, or until the next bytes that come then; no fault of the server's ends it."""
        self._stop = stop
        while not stop.is_set():
            verb = self._at.verb
            self._began = time.monotonic()
            self._intake.begin()
            outcome = self._turn()
            if stop.is_set():  # what it broke off is no fault
                return
            outcome = msgspec.structs.replace(
                outcome,
                lasted=time.monotonic() - self._began,
                events=self._intake.events,
                version=self._intake.seen(),
            )
            before = self._at
            self._at, delay = following(before, outcome, self._reading.backoff, random.random())  # noqa: S311
            if self._listing is not None and not self._at.resumes:
                self._listing.fresh.abandon()
                self._listing = None
            self.notes.turned(verb, outcome, before, self._at, delay)
            stop.wait(delay)

    def _turn(self) -> Outcome:
        """Do the position's verb once; every fault becomes an outcome."""
        try:
            fault = self._list() if self._at.verb is Verb.LIST else self._watch()
            if fault is Fault.ENDED and time.monotonic() - self._began < _SHORT_SECONDS and not self._news():
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
        except UNDECODABLE as error:
            return Outcome(Fault.GARBAGE, message=str(error))

    def _news(self) -> bool:
        return bool(self._intake.events) and self._intake.seen() not in {"", self._at.version}

    def _refusal(self, error: ApiError) -> Outcome:
        said, verb = str(error), self._at.verb
        # A server that was set back to an earlier state, or another one, knows nothing of our version and says so not
        # with 410 but as of a request that is wrong: asking the same again would go on for ever.
        unknown = error.status in {400, 422} or "Too large resource version" in said
        if error.status == 410 or (verb is Verb.WATCH and unknown):
            return Outcome(Fault.EXPIRED, message=said)
        if error.status == 401:
            try:
                self._client.renew_credentials()
            except EndpointError as fault:
                said = f"{said}; {fault}"
            return Outcome(Fault.UNAUTHORIZED, message=said)
        if error.status in {403, 404}:
            return Outcome(Fault.EXCUSED, message=said)
        if verb is Verb.STREAM and error.status in {400, 422}:
            return Outcome(Fault.UNSTREAMED, message=said)
        return Outcome(Fault.BUSY, retry_after=error.retry_after, message=said)

    def _list(self) -> Fault:
        """Every page into a replacement, then swap; after a fault the pages that were whole stand for the next turn."""
        reading, target = self._reading, self._target
        limit = reading.limit
        query = target.query | {"limit": str(limit or reading.page_size)}
        first = query | ({"resourceVersion": "0"} if reading.cached or limit else {})
        with self._gate:
            listing = self._listing or Listing(self._store.replace(), first)
            while True:
                self._listing, taken = listing, listing.taken
                body = ListBody(target.careful or self._at.garbage > 0)
                with self._get(listing.query, target.accept, reading.idle_seconds) as answer:
                    for item in body.items(self._heard(answer.chunks())):
                        if not limit or taken < limit:
                            taken += self._intake.take(listing.fresh, item)
                if not body.meta.continue_ or (limit and taken >= limit):
                    break
                # The token carries the version; both together are refused.
                listing = Listing(listing.fresh, query | {"continue": body.meta.continue_}, taken)
            self._listing = None
            self._commit(listing.fresh, body.meta.resource_version)
        return Fault.LISTED

    def _watch(self) -> Fault:
        """Events into the store; those before a stream's end mark into a replacement."""
        reading, target, intake = self._reading, self._target, self._intake
        initial = self._at.verb is Verb.STREAM
        patience = min(reading.stream_idle_seconds, reading.idle_seconds) if initial else reading.idle_seconds
        with contextlib.ExitStack() as gate:
            if initial:
                gate.enter_context(self._gate)
            fresh = self._store.replace() if initial else None
            try:
                with self._get(self._watch_query(), target.watch_accept, patience) as answer:
                    deadline = time.monotonic() + reading.stream_seconds
                    if fresh is None:
                        self.notes.watching()
                    for line in self._lines(answer.chunks()):
                        if fresh is None:
                            fault = intake.event(self._store, line, self._store.bookmark)
                            if fault not in {None, Fault.LISTED}:
                                return fault
                            continue
                        fault = intake.event(fresh, line, None)
                        if fault is Fault.LISTED:
                            self._commit(fresh, intake.seen())
                            fresh = None
                            if self._stop.is_set():  # a list was all that was wanted
                                return Fault.LISTED
                            gate.close()
                            answer.patience(reading.idle_seconds)
                        elif fault is not None:
                            return fault
                        elif time.monotonic() > deadline:
                            raise StalledError(f"no end of the initial events within {reading.stream_seconds:.0f} s")
                return Fault.ENDED if fresh is None else Fault.CUT
            finally:
                if fresh is not None:
                    fresh.abandon()

    @contextlib.contextmanager
    def _get(self, query: dict[str, str], accept: str, patience: float) -> Iterator[Answer]:
        """GET the collection at the best API that the server has.

        Each request begins with the best: versions and tokens hold at every API of a group, so a watch moves to an API
        that has appeared, or away from one that has gone, without a list.
        """
        paths = (self._target.path, *self._target.fallbacks)
        with contextlib.ExitStack() as stack:
            for path in paths:
                try:
                    answer = stack.enter_context(self._client.get(path, query, accept, patience))
                except ApiError as error:
                    if error.status != 404 or path == paths[-1]:
                        raise
                else:
                    self.notes.reads(api_of(path), api_of(paths[0]))
                    yield answer
                    return

    def _watch_query(self) -> dict[str, str]:
        seconds = max(1, int(self._reading.watch_seconds * (1 + random.random())))  # noqa: S311  0 is the server's own
        query = self._target.query | {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        if self._at.verb is Verb.WATCH:
            return query | {"resourceVersion": self._at.version}
        query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        return query | ({"resourceVersion": "0"} if self._reading.cached else {})

    def _heard(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self._stop.is_set():
                return
            self.notes.heard(time.monotonic())
            yield chunk

    def _lines(self, chunks: Iterator[bytes]) -> Iterator[Span]:
        lines = Lines()
        for chunk in self._heard(chunks):
            yield from lines.split(chunk)
        if lines.half:
            raise CutError("the stream ended within a line")

    def _commit(self, fresh: Replacing, version: str) -> None:
        """Swap; from here on a stream is a watch, and what ends it costs no list."""
        fresh.commit(version)
        self.notes.listed()
        self._at = following(self._at, Outcome(Fault.LISTED, version), self._reading.backoff, 0.0)[0]
        self._began = time.monotonic()
