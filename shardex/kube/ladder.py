"""What a reflector does next: the ladder of faults as one pure function.

outcome       what happened                                        next verb          wait       version
LISTED        a list or the initial events of a stream are whole   watch              -          the list's
ENDED         the server closed the watch                          watch              -          last seen
SHORT         ... within a second and without an event             watch              backoff    last seen
CUT           connection lost, half a line, no answer in time      the same           backoff    last seen
STALLED       nothing came for the idle time                       the same           backoff    last seen
GARBAGE       a line that is no event; the third in a row          the same; list     backoff    last seen; none
UNKNOWN       an event of a type that does not exist               list               backoff    none
EXPIRED       410, as an answer or as an event in a 200 stream     list               backoff    none
REFUSED       no connection                                        the same           backoff    last seen
BUSY          429 or 5xx                                           the same           larger of Retry-After, backoff
UNAUTHORIZED  401; the credentials are read anew                   the same           backoff    last seen
EXCUSED       403, 404: refused or absent                          list               slow       none
UNSTREAMED    the server does not stream lists                     list, in pages     -          none

A connection that is refused, cut or busy costs no list: a dead API server is not helped by a herd of relists. A stream
that is cut twice before its end mark is listed in pages, since pages keep what has arrived and a stream starts over.
"""

from enum import StrEnum

import msgspec

from shardex.kube.backoff import Backoff

_GARBAGE_LIMIT = 3  # in a row without an event between them; a proxy that rewrites one line rewrites the next too
_STREAM_CUTS = 2  # a first stream may meet a rollout of the API server; a second one meets a limit


class Verb(StrEnum):
    STREAM = "stream"  # a watch that begins with every object: sendInitialEvents
    LIST = "list"
    WATCH = "watch"


class Fault(StrEnum):
    LISTED = "Listed"
    ENDED = "Ended"
    SHORT = "Short"
    CUT = "Cut"
    STALLED = "Stalled"
    GARBAGE = "Garbage"
    UNKNOWN = "UnknownEvent"
    EXPIRED = "Expired"
    REFUSED = "Refused"
    BUSY = "Busy"
    UNAUTHORIZED = "Unauthorized"
    EXCUSED = "Excused"
    UNSTREAMED = "Unstreamed"


class Outcome(msgspec.Struct, frozen=True):
    """How a verb ended.

    version      last resource version seen; "" when none
    lasted       seconds
    retry_after  seconds that the server asks to wait
    events       that came
    message      for people
    """

    fault: Fault
    version: str = ""
    lasted: float = 0.0
    retry_after: float = 0.0
    events: int = 0
    message: str = ""


class Position(msgspec.Struct, frozen=True):
    """Where a reflector stands.

    verb      to do next
    version   to watch from; "" before a list
    streams   whether the server is thought to stream lists
    failures  in a row
    garbage   lines that were no events, in a row
    relist    why the next list is not the first one; "" when it is
    """

    verb: Verb = Verb.STREAM
    version: str = ""
    streams: bool = True
    failures: int = 0
    garbage: int = 0
    relist: str = ""


def following(at: Position, outcome: Outcome, backoff: Backoff, jitter: float) -> tuple[Position, float]:
    """The next position and the seconds to wait before its verb; the table above."""
    fault = outcome.fault
    version = outcome.version or at.version
    failures = 0 if outcome.lasted >= backoff.healthy_seconds else at.failures
    whole = Verb.STREAM if at.streams else Verb.LIST

    if fault is Fault.LISTED:
        return Position(Verb.WATCH, version, at.streams), 0.0
    if fault is Fault.ENDED and at.verb is Verb.WATCH:
        return Position(Verb.WATCH, version, at.streams), 0.0
    if fault is Fault.UNSTREAMED:
        return Position(Verb.LIST, "", streams=False, failures=failures, relist=at.relist), 0.0

    failures += 1
    delay = backoff.delay(failures, jitter)
    if fault is Fault.EXCUSED:
        return Position(whole, "", at.streams, failures, relist=fault), backoff.slow_seconds * (1.0 + jitter)
    garbage = 0
    if fault is Fault.GARBAGE:
        garbage = at.garbage + 1 if not outcome.events else 1
    if fault in {Fault.EXPIRED, Fault.UNKNOWN} or garbage >= _GARBAGE_LIMIT:
        return Position(whole, "", at.streams, failures, relist=fault), delay
    if at.verb is not Verb.WATCH:
        streams = at.streams and not (at.verb is Verb.STREAM and fault is Fault.CUT and failures >= _STREAM_CUTS)
        verb = Verb.STREAM if streams else Verb.LIST
        return Position(verb, "", streams, failures, garbage, at.relist), max(delay, outcome.retry_after)
    return Position(Verb.WATCH, version, at.streams, failures, garbage), max(delay, outcome.retry_after)
