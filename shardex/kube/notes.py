"""What a reflector did and how it stands, for telemetry and logs; written by its thread, read by any."""

import logging
from collections import Counter

import msgspec

from shardex.kube.ladder import Fault, Outcome, Position, Verb

log = logging.getLogger(__name__)

_NAMED = 64  # malformed objects that are logged by name; after that they are only counted
_QUIET = frozenset({Fault.LISTED, Fault.ENDED})


class Standing(msgspec.Struct, frozen=True):
    """A reflector at one moment.

    resource    plural
    synced      whether it was listed once
    excused     why it is not waited for: the server refuses or lacks it; "" otherwise
    error       the last fault; "" once the watch runs again
    api         group and version that the server has it at; "" before it was found
    heard       monotonic seconds at which the server last sent anything; 0 before
    lists, watches  by result: success, error
    relists     by reason
    events      by type; OBJECT counts listed and changed ones
    malformed   objects that could not be decoded or rendered
    """

    resource: str
    synced: bool = False
    excused: str = ""
    error: str = ""
    api: str = ""
    heard: float = 0.0
    lists: dict[str, int] = {}
    watches: dict[str, int] = {}
    relists: dict[str, int] = {}
    events: dict[str, int] = {}
    malformed: int = 0


class Notes:
    def __init__(self, resource: str, where: str = "") -> None:
        self.resource = resource
        self._where = f"{resource} in {where}" if where else resource
        self._synced = False
        self._excused = self._error = self._api = ""
        self._heard = 0.0
        self._lists: Counter[str] = Counter()
        self._watches: Counter[str] = Counter()
        self._relists: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._malformed = 0
        self._names: set[str] = set()

    def standing(self) -> Standing:
        return Standing(
            self.resource,
            self._synced,
            self._excused,
            self._error,
            self._api,
            self._heard,
            dict(self._lists),
            dict(self._watches),
            dict(self._relists),
            dict(self._events),
            self._malformed,
        )

    def heard(self, now: float) -> None:
        self._heard = now

    def reads(self, api: str, best: str) -> None:
        """The server has it at this API; said once, when it is not the best one or was another before."""
        if api != (self._api or best):
            lacks = "" if api == best else f", since the server lacks {best}, which is tried again with every watch"
            log.warning("%s: read from %s%s", self._where, api, lacks)
        self._api = api

    def event(self, type: str) -> None:
        self._events[type] += 1

    def listed(self) -> None:
        """A whole list is in the store."""
        if not self._synced or self._excused:
            log.info("%s: synced, %d objects", self._where, self._events["OBJECT"])
        self._synced, self._excused, self._error = True, "", ""
        self._lists["success"] += 1

    def watching(self) -> None:
        """The server has taken the watch."""
        self._error = ""

    def malformed(self, name: str, error: Exception) -> None:
        """One object costs its own series: said once by name, then counted."""
        self._malformed += 1
        if name not in self._names and len(self._names) < _NAMED:
            self._names.add(name)
            log.warning("%s: object %s left out: %s", self._where, name, error)

    def problem(self, message: str) -> None:
        log.warning("%s: %s", self._where, message)

    def turned(self, verb: Verb, outcome: Outcome, before: Position, after: Position, delay: float) -> None:
        """A verb is over and the next is decided; a stream counts as the watch that it is."""
        good = outcome.fault in _QUIET
        if verb is not Verb.LIST:
            self._watches["success" if good else "error"] += 1
        elif not good:
            self._lists["error"] += 1
        if after.relist and not before.relist:
            self._relists[after.relist] += 1
        self._excused = outcome.message if outcome.fault is Fault.EXCUSED else "" if good else self._excused
        if good:
            self._error = ""
        elif outcome.fault is Fault.EXCUSED and self._error == outcome.message:
            log.debug("%s: still %s", self._where, outcome.message)
        else:
            self._error = outcome.message or outcome.fault
            log.warning("%s: %s: %s; %s in %.1f s", self._where, outcome.fault, outcome.message, after.verb, delay)
