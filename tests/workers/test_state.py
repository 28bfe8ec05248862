"""A worker's life, all rows of the table."""

import random

import pytest

from shardex.workers.board import Phase
from shardex.workers.state import Action, Event, Life, Patience, transition

ALIVE = {"alive": True, "since": 100.0}
P = Patience()


def test_the_first_tick_forks():
    """A life begins with a fork."""
    life, actions = transition(Life(), Event.TICK, 5.0)
    assert (life.phase, life.alive, actions) == (Phase.STARTING, True, (Action.FORK,))


@pytest.mark.parametrize(
    ("life", "event", "now", "phase", "actions"),
    [
        (Life(Phase.STARTING, **ALIVE), Event.SYNCED, 110, Phase.READY, ()),
        (Life(Phase.STARTING, **ALIVE), Event.DIED, 110, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.READY, **ALIVE), Event.DIED, 500, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.READY, **ALIVE, deaths=4), Event.DIED, 500, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.READY, **ALIVE, deaths=1), Event.DIED, 110, Phase.BACKOFF, ()),
        (Life(Phase.STARTING, **ALIVE, deaths=3), Event.DIED, 110, Phase.BACKOFF, ()),
        (Life(Phase.STARTING, **ALIVE, deaths=4), Event.DIED, 110, Phase.FAILED, (Action.ALARM,)),
        (Life(Phase.BACKOFF, due=50.0), Event.TICK, 49, Phase.BACKOFF, ()),
        (Life(Phase.BACKOFF, due=50.0), Event.TICK, 50, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.FAILED, due=50.0), Event.TICK, 50, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.READY, **ALIVE), Event.TICK, 101, Phase.READY, ()),
        (Life(Phase.READY, **ALIVE), Event.TICK, 131, Phase.READY, (Action.ABORT,)),
        (Life(Phase.READY, **ALIVE, aborted=131.0), Event.TICK, 132, Phase.READY, ()),
        (Life(Phase.READY, **ALIVE, aborted=131.0), Event.TICK, 137, Phase.READY, (Action.KILL,)),
        (Life(Phase.READY, **ALIVE), Event.RELOAD, 101, Phase.STARTING, (Action.TERMINATE,)),
        (Life(Phase.STARTING, **ALIVE, expected=True), Event.DIED, 101, Phase.STARTING, (Action.FORK,)),
        (Life(Phase.READY, **ALIVE), Event.STOP, 101, Phase.STOPPING, (Action.TERMINATE,)),
        (Life(Phase.BACKOFF, due=500.0), Event.STOP, 101, Phase.STOPPING, ()),
        (Life(Phase.STOPPING, **ALIVE), Event.DIED, 102, Phase.STOPPING, ()),
        (Life(Phase.STOPPING), Event.TICK, 999, Phase.STOPPING, ()),
    ],
)  # fmt: skip
def test_row(life, event, now, phase, actions):
    """Each event in each phase leads where the table says."""
    after, done = transition(life, event, float(now))
    assert (after.phase, done) == (phase, actions)


def test_delays_grow_and_are_bounded():
    """A worker that dies at its start is forked after 0, 1, 2, 4 s, then a minute apart."""
    life, now, forks = Life(), 0.0, []
    while len(forks) < 8:
        life, actions = transition(life, Event.TICK, now)
        if Action.FORK in actions:
            forks.append(now)
            life, actions = transition(life, Event.DIED, now)
            while Action.FORK in actions:
                forks.append(now)
                life, actions = transition(life, Event.DIED, now)
        now += 0.5
    assert forks == [0.0, 0.0, 1.0, 3.0, 7.0, 67.0, 127.0, 187.0]


def test_a_reload_is_no_crash():
    """A worker that ends because it was told to counts no death."""
    life, _ = transition(Life(Phase.READY, **ALIVE), Event.RELOAD, 101.0)
    life, _ = transition(life, Event.DIED, 102.0)
    assert (life.deaths, life.restarts, life.expected) == (0, 1, False)


def test_a_heartbeat_keeps_alive():
    """As long as signs of life come, nothing is done."""
    life = Life(Phase.READY, **ALIVE)
    for now in range(101, 1000):
        life, actions = transition(life, Event.TICK, float(now), heartbeat=now - P.silence + 1)
        assert actions == ()


def test_whatever_happens_a_dead_worker_is_forked_again_and_a_stopped_one_never():
    """Over random events: no fork while alive, no signal while dead, no fork after STOP."""
    rng = random.Random(3)
    for _ in range(300):
        life, now, stopped = Life(), 0.0, False
        for _ in range(60):
            now += rng.random() * 40
            event = rng.choice([*Event, Event.TICK, Event.TICK])
            if event is Event.DIED and not life.alive:
                continue
            was_alive = life.alive and event is not Event.DIED
            stopped = stopped or event is Event.STOP
            life, actions = transition(life, event, now, heartbeat=now)
            if Action.FORK in actions:
                assert not was_alive
                assert not stopped
                assert life.alive
            assert was_alive or not set(actions) & {Action.TERMINATE, Action.ABORT, Action.KILL}
        if not stopped and not life.alive:
            assert transition(life, Event.TICK, now + 1000)[1] == (Action.FORK,)
