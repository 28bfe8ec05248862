"""What a reflector does next: the ladder of faults as one pure function.

outcome       what happened                                        next verb          wait       version
LISTED        a list or the initial events of a stream are whole   watch              -          the list's
ENDED         the server closed the watch                          watch              -          last seen
SHORT         ... within a second and without anything new         watch              backoff    last seen
CUT           connection lost, or half a line                      the same           backoff    last seen
STALLED       no answer, or nothing came for the idle time         the same           backoff    last seen
GARBAGE       a line that is no event; the third in a row          the same; list     backoff    last seen; none
UNKNOWN       an event of a type that does not exist               list               backoff    none
EXPIRED       the version is gone: 410, as an answer or as an      list               backoff    none
              event in a 200 stream, or refused as it stands
REFUSED       no connection                                        the same           backoff    last seen
BUSY          429 or 5xx                                           the same           larger of Retry-After, backoff
UNAUTHORIZED  401; the credentials are read anew                   the same           backoff    last seen
EXCUSED       403, 404: refused or absent                          list               slow       none
UNSTREAMED    the server does not stream lists, or never to        list, in pages     -          none
              their end

A connection that is refused, cut or busy costs no list: a dead API server is not helped by a herd of relists. A list in
pages goes on with the page that failed. A stream starts over, so one that is cut twice before its end mark is listed in
pages. A version that is gone again and again waits longer each time, although the lists between succeed: on a server
whose history is shorter than a list takes, every watch begins with a 410.
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


_PASSING = frozenset({Fault.CUT, Fault.STALLED, Fault.REFUSED, Fault.BUSY, Fault.UNAUTHORIZED})


class Outcome(msgspec.Struct, frozen=True):
    """How a verb ended.

    version      last resource version seen; "" when none
    lasted       seconds; of a stream those after its end mark, when there was one
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
    relists   in a row, with no watch between them that lived
    cuts      of streams before their end mark, in a row
    resumes   the list under way goes on with the page that failed
    """

    verb: Verb = Verb.STREAM
    version: str = ""
    streams: bool = True
    failures: int = 0
    garbage: int = 0
    relist: str = ""
    relists: int = 0
    cuts: int = 0
    resumes: bool = False


def following(at: Position, outcome: Outcome, backoff: Backoff, jitter: float) -> tuple[Position, float]:
    """The next position and the seconds to wait before its verb; the table above."""
    fault = outcome.fault
    version = outcome.version or at.version
    lived = at.verb is Verb.WATCH and (fault is Fault.ENDED or outcome.lasted >= backoff.healthy_seconds)
    failures, relists = (0, 0) if lived else (at.failures, at.relists)
    whole = Verb.STREAM if at.streams else Verb.LIST

    if fault is Fault.LISTED or (fault is Fault.ENDED and at.verb is Verb.WATCH):
        return Position(Verb.WATCH, version, at.streams, relists=relists), 0.0
    if fault is Fault.UNSTREAMED:
        return Position(Verb.LIST, "", False, failures, relist=at.relist, relists=relists), 0.0

    failures += 1
    garbage = 0
    if fault is Fault.GARBAGE:
        garbage = at.garbage + 1 if not outcome.events else 1
    if fault is Fault.EXCUSED:
        slow = backoff.slow_seconds * (1.0 + jitter)
        return Position(whole, "", at.streams, failures, relist=fault, relists=relists), slow
    if fault in {Fault.EXPIRED, Fault.UNKNOWN} or garbage >= _GARBAGE_LIMIT:
        relists += 1
        delay = backoff.delay(max(failures, relists), jitter)
        return Position(whole, "", at.streams, failures, relist=fault, relists=relists), delay

    delay = max(backoff.delay(failures, jitter), outcome.retry_after)
    if at.verb is Verb.WATCH:
        return Position(Verb.WATCH, version, at.streams, failures, garbage, relists=relists), delay
    cuts = at.cuts + 1 if at.verb is Verb.STREAM and fault is Fault.CUT else 0
    streams = at.streams and cuts < _STREAM_CUTS
    verb = Verb.STREAM if streams else Verb.LIST
    resumes = at.verb is Verb.LIST and fault in _PASSING
    return Position(verb, "", streams, failures, garbage, at.relist, relists, cuts, resumes), delay
