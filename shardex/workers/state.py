"""A worker's life: what is decided of it, as one pure function.

phase      event                               next       actions
any        STOP                                STOPPING   TERMINATE when it runs
BACKOFF    TICK, delay over                    STARTING   FORK
FAILED     TICK, delay over                    STARTING   FORK
STARTING   SYNCED                              READY      -
any alive  DIED, the first                     STARTING   FORK         ready for a minute, the deaths before are
           forgotten
any alive  DIED, the second to fourth in a row BACKOFF    -            for 1, 2, 4 s
any alive  DIED, the fifth in a row            FAILED     ALARM        tried again every minute
any alive  DIED after RELOAD                   STARTING   FORK
any alive  TICK, no heartbeat for 30 s         same       ABORT        leaves a traceback
any alive  TICK, 5 s after ABORT               same       KILL
any alive  RELOAD                              STARTING   TERMINATE    its next incarnation runs the new plan
STOPPING   DIED                                STOPPING   -
"""

from enum import StrEnum

import msgspec

from shardex.workers.board import Phase


class Event(StrEnum):
    TICK = "tick"
    SYNCED = "synced"
    DIED = "died"
    STOP = "stop"
    RELOAD = "reload"


class Action(StrEnum):
    FORK = "fork"
    TERMINATE = "terminate"
    ABORT = "abort"
    KILL = "kill"
    ALARM = "alarm"


class Patience(msgspec.Struct, frozen=True):
    """How long is waited for what, in seconds.

    silence     without a heartbeat: a worker that decodes a page holds the interpreter for at most a second
    traceback   from the abort to the kill
    healthy     ready for so long, the deaths before are forgotten
    loop        deaths in a row that are a crash loop
    cap         the longest delay before a fork
    failed      between tries in a crash loop
    """

    silence: float = 30.0
    traceback: float = 5.0
    healthy: float = 60.0
    loop: int = 5
    cap: float = 30.0
    failed: float = 60.0


class Life(msgspec.Struct, frozen=True):
    """One worker at one moment; times are monotonic seconds.

    alive      whether it has a process
    since      of the last change of phase
    due        when to fork, in BACKOFF and FAILED
    deaths     in a row
    restarts   in all
    aborted    when it was aborted for its silence; 0 when it was not
    expected   its death was asked for: a reload, not a crash
    """

    phase: Phase = Phase.BACKOFF
    alive: bool = False
    since: float = 0.0
    due: float = 0.0
    deaths: int = 0
    restarts: int = 0
    aborted: float = 0.0
    expected: bool = False


def transition(
    life: Life, event: Event, now: float, heartbeat: float = 0.0, patience: Patience | None = None
) -> tuple[Life, tuple[Action, ...]]:
    """The life after an event, and what to do; the table above.

    heartbeat  monotonic seconds of the worker's last sign of life
    """
    wait = patience or Patience()
    if event is Event.STOP:
        return _to(life, Phase.STOPPING, now), (Action.TERMINATE,) if life.alive else ()
    if event is Event.DIED:
        return _died(life, now, wait)
    if event is Event.SYNCED and life.phase is Phase.STARTING:
        return _to(life, Phase.READY, now), ()
    if event is Event.RELOAD and life.alive and life.phase is not Phase.STOPPING:
        return msgspec.structs.replace(_to(life, Phase.STARTING, now), expected=True), (Action.TERMINATE,)
    if event is Event.TICK:
        return _tick(life, now, heartbeat, wait)
    return life, ()


def _to(life: Life, phase: Phase, now: float) -> Life:
    return life if life.phase is phase else msgspec.structs.replace(life, phase=phase, since=now)


def _forked(life: Life, now: float) -> Life:
    return msgspec.structs.replace(life, phase=Phase.STARTING, alive=True, since=now, aborted=0.0, expected=False)


def _died(life: Life, now: float, wait: Patience) -> tuple[Life, tuple[Action, ...]]:
    dead = msgspec.structs.replace(life, alive=False, restarts=life.restarts + 1)
    if life.phase is Phase.STOPPING:
        return msgspec.structs.replace(dead, restarts=life.restarts), ()
    if life.expected:
        return _forked(dead, now), (Action.FORK,)
    healthy = life.phase is Phase.READY and now - life.since >= wait.healthy
    deaths = 1 if healthy else life.deaths + 1
    dead = msgspec.structs.replace(dead, deaths=deaths)
    if deaths >= wait.loop:
        failed = _to(dead, Phase.FAILED, now)
        return msgspec.structs.replace(failed, due=now + wait.failed), (Action.ALARM,)
    if deaths == 1:
        return _forked(dead, now), (Action.FORK,)
    due = now + min(wait.cap, 2.0 ** (deaths - 2))
    return msgspec.structs.replace(_to(dead, Phase.BACKOFF, now), due=due), ()


def _tick(life: Life, now: float, heartbeat: float, wait: Patience) -> tuple[Life, tuple[Action, ...]]:
    if life.phase is Phase.STOPPING:
        return life, ()
    if not life.alive:
        return (_forked(life, now), (Action.FORK,)) if now >= life.due else (life, ())
    if life.aborted:
        return life, (Action.KILL,) if now - life.aborted >= wait.traceback else ()
    if now - max(heartbeat, life.since) >= wait.silence:
        return msgspec.structs.replace(life, aborted=now), (Action.ABORT,)
    return life, ()
