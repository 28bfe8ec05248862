"""The ladder of faults, rung by rung."""

import pytest

from shardex.kube.backoff import Backoff
from shardex.kube.ladder import Fault, Outcome, Position, Verb, following

BACKOFF = Backoff()
WATCHING = Position(Verb.WATCH, "5")
STREAMING = Position(Verb.STREAM)
LISTING = Position(Verb.LIST, streams=False)

# position, fault -> verb, version, relist reason, whether there is a delay
RUNGS = [
    (STREAMING, Fault.LISTED, Verb.WATCH, "9", "", False),
    (LISTING, Fault.LISTED, Verb.WATCH, "9", "", False),
    (WATCHING, Fault.ENDED, Verb.WATCH, "9", "", False),
    (WATCHING, Fault.SHORT, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.CUT, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.STALLED, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.REFUSED, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.BUSY, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.UNAUTHORIZED, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.GARBAGE, Verb.WATCH, "9", "", True),
    (WATCHING, Fault.UNKNOWN, Verb.STREAM, "", "UnknownEvent", True),
    (WATCHING, Fault.EXPIRED, Verb.STREAM, "", "Expired", True),
    (WATCHING, Fault.EXCUSED, Verb.STREAM, "", "Excused", True),
    (STREAMING, Fault.EXPIRED, Verb.STREAM, "", "Expired", True),
    (STREAMING, Fault.UNSTREAMED, Verb.LIST, "", "", False),
    (STREAMING, Fault.REFUSED, Verb.STREAM, "", "", True),
    (STREAMING, Fault.CUT, Verb.STREAM, "", "", True),
    (STREAMING, Fault.BUSY, Verb.STREAM, "", "", True),
    (LISTING, Fault.EXPIRED, Verb.LIST, "", "Expired", True),
    (LISTING, Fault.CUT, Verb.LIST, "", "", True),
    (LISTING, Fault.REFUSED, Verb.LIST, "", "", True),
    (LISTING, Fault.GARBAGE, Verb.LIST, "", "", True),
    (LISTING, Fault.EXCUSED, Verb.LIST, "", "Excused", True),
]


@pytest.mark.parametrize(
    ("at", "fault", "verb", "version", "relist", "waits"), RUNGS, ids=[f"{r[0].verb}-{r[1]}" for r in RUNGS]
)
def test_rung(at, fault, verb, version, relist, waits):
    """Each fault leads to the verb, version and wait of the table."""
    after, delay = following(at, Outcome(fault, version="9"), BACKOFF, jitter=0.0)
    assert (after.verb, after.version, after.relist, delay > 0) == (verb, version, relist, waits)


def test_a_dead_server_is_asked_ever_more_slowly():
    """Refused again and again, a reflector tries 7 times in the first minute and at most every 30 to 60 s later."""
    at, elapsed, tries = WATCHING, 0.0, 0
    delays = []
    while elapsed < 600:
        at, delay = following(at, Outcome(Fault.REFUSED), BACKOFF, jitter=0.5)
        elapsed += delay
        tries += elapsed <= 60
        delays.append(delay)
    assert tries <= 7
    assert delays == sorted(delays)
    assert delays[-1] == 45.0
    assert at.verb is Verb.WATCH


def test_retry_after_is_obeyed():
    """429 with Retry-After: 20 waits 20 s, at the same verb and version."""
    after, delay = following(WATCHING, Outcome(Fault.BUSY, retry_after=20.0), BACKOFF, jitter=0.0)
    assert (after.verb, after.version, delay) == (Verb.WATCH, "5", 20.0)


def test_a_long_watch_forgives():
    """After a watch that lived for minutes, the first fault waits as if there had been none before."""
    at = Position(Verb.WATCH, "5", failures=9)
    _, delay = following(at, Outcome(Fault.CUT, lasted=200.0), BACKOFF, jitter=0.0)
    assert delay == BACKOFF.first_seconds


def test_a_stream_cut_twice_is_listed_in_pages():
    """A first stream that is cut is tried once more, then pages keep what has arrived."""
    at, _ = following(STREAMING, Outcome(Fault.CUT), BACKOFF, 0.0)
    assert at.verb is Verb.STREAM
    at, _ = following(at, Outcome(Fault.CUT), BACKOFF, 0.0)
    assert at.verb is Verb.LIST


def test_garbage_three_times_is_listed_anew():
    """A line that is no event is met again from the same version; the third time in a row a list leads past it."""
    at, reasons = WATCHING, []
    for _ in range(3):
        at, _ = following(at, Outcome(Fault.GARBAGE), BACKOFF, 0.0)
        reasons.append((at.verb, at.relist))
    assert reasons == [(Verb.WATCH, ""), (Verb.WATCH, ""), (Verb.STREAM, "Garbage")]


def test_garbage_between_events_is_not_in_a_row():
    """Lines that are no events cost no list while events come between them."""
    at = WATCHING
    for _ in range(9):
        at, _ = following(at, Outcome(Fault.GARBAGE, events=5), BACKOFF, 0.0)
        assert at.verb is Verb.WATCH


def test_a_refused_kind_is_tried_slowly():
    """403 and 404 are tried again about once a minute."""
    _, delay = following(STREAMING, Outcome(Fault.EXCUSED), BACKOFF, jitter=0.0)
    assert delay == BACKOFF.slow_seconds


def test_an_expired_page_token_lists_again_only_after_a_wait():
    """410 in the middle of a list, over and over, waits longer each time: no storm of lists."""
    at, delays = LISTING, []
    for _ in range(8):
        at, delay = following(at, Outcome(Fault.EXPIRED), BACKOFF, 0.0)
        delays.append(delay)
    assert delays[:6] == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6]
    assert delays[-1] == 30.0


def test_a_version_that_is_gone_again_and_again_waits_longer():
    """Lists that succeed between watches that all begin with 410 are no reason to list every second."""
    at, delays = WATCHING, []
    for _ in range(7):
        at, delay = following(at, Outcome(Fault.EXPIRED), BACKOFF, 0.0)
        at, _ = following(at, Outcome(Fault.LISTED, version="9", lasted=200.0), BACKOFF, 0.0)
        delays.append(delay)
    assert delays == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0]


@pytest.mark.parametrize(
    "well", [Outcome(Fault.ENDED, lasted=5.0), Outcome(Fault.CUT, lasted=200.0)], ids=["ended", "cut"]
)
def test_a_watch_that_lived_forgives_the_lists_before_it(well):
    """After one that ended as it should, or lived for minutes, a version that is gone is a first one."""
    at = Position(Verb.WATCH, "5", failures=3, relists=6)
    at, _ = following(at, well, BACKOFF, 0.0)
    _, delay = following(at, Outcome(Fault.EXPIRED), BACKOFF, 0.0)
    assert delay <= BACKOFF.delay(2, 0.0)


def test_a_long_list_that_fails_forgives_nothing():
    """Only a watch shows that the server is well: a list that takes minutes and fails says the opposite."""
    at = Position(Verb.LIST, streams=False, failures=5)
    _, delay = following(at, Outcome(Fault.EXPIRED, lasted=200.0), BACKOFF, 0.0)
    assert delay == BACKOFF.delay(6, 0.0)


def test_other_failures_are_no_cuts():
    """A server that was away before a stream was cut once may well send the next one to its end."""
    at = STREAMING
    for fault in (Fault.REFUSED, Fault.BUSY, Fault.CUT, Fault.REFUSED, Fault.CUT):
        at, _ = following(at, Outcome(fault), BACKOFF, 0.0)
        assert at.verb is Verb.STREAM


@pytest.mark.parametrize("fault", Fault)
def test_what_a_list_in_pages_keeps(fault):
    """Faults of the connection leave the pages that came; those that put them in doubt, or the version, do not."""
    passing = {Fault.CUT, Fault.STALLED, Fault.REFUSED, Fault.BUSY, Fault.UNAUTHORIZED}
    after, _ = following(LISTING, Outcome(fault), BACKOFF, 0.0)
    assert after.resumes == (fault in passing)
    for at in (STREAMING, WATCHING):
        after, _ = following(at, Outcome(fault), BACKOFF, 0.0)
        assert not after.resumes
