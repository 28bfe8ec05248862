"""When a scrape is due, by those before it, and when to fold for it."""

from itertools import accumulate

import pytest

from shardex.workers.rhythm import Rhythm


def after(*gaps):
    """A rhythm of scrapes with these gaps, the first at 100 s."""
    rhythm = Rhythm()
    for time in accumulate(gaps, initial=100.0):
        rhythm.came(time)
    return rhythm


@pytest.mark.parametrize(
    ("gaps", "due"),
    [
        ((), None),
        ((30,), None),
        ((30, 30), 30),
        ((31, 29), 29),  # rather too early
        ((3.4, 3.1, 3.0), 3.0),
        ((7, 23), None),
        ((7, 23, 7, 23), 7),  # two scrapers
        ((23, 7, 23, 7), 23),
        ((29.9, 0.1, 29.8, 0.2), 29.8),
        ((0.1, 29.9, 0.2, 29.8), None),  # two at once: the second one comes before anything could be done for it
        ((0.5, 0.5, 0.5, 0.5), None),
        ((5, 10, 15, 15, 15) * 2, 5),  # one every 15 s, one every 60 s
        ((30, 30, 12), None),  # somebody looks by hand
        ((30, 30, 12, 18), None),
        ((30, 30, 12, 18, 30, 30), 30),  # and the rhythm goes on
        ((1, 20, 300, 4, 60), None),
        ((60,) * 5 + (15,) * 2, 15),  # a new interval shows after two
    ],
)
def test_due(gaps, due):
    found = after(*gaps).due()
    assert found == (None if due is None else pytest.approx(100 + sum(gaps) + due))


@pytest.mark.parametrize(
    ("before", "seconds", "wait"),
    [
        (30.0, 0.0, 14.975),  # seconds before the scrape, of folding -> half of the rest
        (2.05, 0.5, 0.5),
        (1.04, 0.5, 0.0),
        (0.8, 0.5, 0.0),
        (0.19, 0.06, 0.05),  # not a busy loop
        (0.05, 0.049, float("inf")),  # left to the scrape
        (-0.01, 5.0, float("inf")),  # late, or never to come again
    ],
)
def test_wait(before, seconds, wait):
    assert after(30, 30).wait(190 - before, seconds) == pytest.approx(wait)


def test_without_a_rhythm_there_is_nothing_to_wait_for():
    assert after(30).wait(131.0, 5.0) == float("inf")


def test_folds_converge_on_the_scrape():
    """Changes that come at a steady rate are folded in a few turns, and little is left to the scrape."""
    rhythm, rate, cost = after(30, 30), 1000.0, 0.0005  # half of all time is folding
    now, folded, folds = 160.0, 160.0, 0
    while (wait := rhythm.wait(now, (now - folded) * rate * cost)) != float("inf"):
        now += wait
        if not wait:
            now, folded = now + (now - folded) * rate * cost, now
            folds += 1
    assert (190 - folded) * rate * cost < 2
    assert 1 <= folds <= 12
