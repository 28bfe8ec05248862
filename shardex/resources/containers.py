"""What a pod says of its containers: the views, and the facts that main and init containers share."""

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from shardex.exposition.family import Each
from shardex.kube.meta import Part
from shardex.resources.amounts import Endings, container_amounts
from shardex.resources.shared import stamp


class Running(Part):
    started_at: str | None = None


class Waiting(Part):
    reason: str = ""


class Terminated(Part):
    exit_code: int = 0
    reason: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class State(Part):
    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class LastState(Part):
    terminated: Terminated | None = None


class ContainerStatus(Part):
    name: str = ""
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    container_id: str = msgspec.field(default="", name="containerID")
    state: State = State()
    last_state: LastState = LastState()


NOTHING = msgspec.Raw(b"null")


class Container(Part):
    """A container as asked for; its resources stay JSON, since those of one template are the same bytes, read once."""

    name: str = ""
    image: str = ""
    resources: msgspec.Raw = NOTHING


class InitContainer(Container):
    restart_policy: str | None = None


Statuses = Callable[[Any], Sequence[ContainerStatus] | None]
Asked = tuple[str, str, Endings, Endings]  # container, node, its limits and its requests


def name(thing: ContainerStatus) -> str:
    return thing.name


def last_of_name(statuses: Sequence[ContainerStatus] | None) -> Sequence[ContainerStatus] | None:
    """Of two statuses with one name the last counts."""
    if not statuses or len(statuses) < 2:
        return statuses
    found = {s.name: s for s in statuses}
    return statuses if len(found) == len(statuses) else list(found.values())


def each(statuses: Statuses, fact: Callable[[ContainerStatus], Any]) -> Each:
    """A row for every status that has the fact: (container, number), or with shape ROW (container, ..., 1)."""
    return Each(statuses, (name,), fact)


def asked(containers: Sequence[Container] | None, node: str) -> Collection[Asked]:
    """What each container asks for; containers of one name as one, of two amounts with the same labels the first."""
    if not containers:
        return ()
    rows = [(c.name, node, *container_amounts(bytes(c.resources))) for c in containers]
    if len(rows) < 2 or len({row[0] for row in rows}) == len(rows):
        return rows
    found: dict[str, Asked] = {}
    for row in rows:
        _, _, limits, requests = found.get(row[0], row)
        found[row[0]] = (row[0], node, _merged(limits, row[2]), _merged(requests, row[3]))
    return found.values()


def _merged(one: Endings, other: Endings) -> Endings:
    known = {end.rpartition("} ")[0] for end in one}
    return one + tuple(end for end in other if end.rpartition("} ")[0] not in known)


_OF_CONTAINER = (itemgetter(0), itemgetter(1))


def limits(containers: Callable[[Any], Collection[Asked]]) -> Each:
    """(container, node) with the endings of its limits, for every container that has some."""
    return Each(containers, _OF_CONTAINER, itemgetter(2))


def requests(containers: Callable[[Any], Collection[Asked]]) -> Each:
    """(container, node) with the endings of its requests, for every container that has some."""
    return Each(containers, _OF_CONTAINER, itemgetter(3))


# Facts of one status; None: it has none.


def ready(s: ContainerStatus) -> bool:
    return s.ready


def restarts(s: ContainerStatus) -> int:
    return s.restart_count


def is_running(s: ContainerStatus) -> bool:
    return s.state.running is not None


def is_waiting(s: ContainerStatus) -> bool:
    return s.state.waiting is not None


def is_terminated(s: ContainerStatus) -> bool:
    return s.state.terminated is not None


def started(s: ContainerStatus) -> str | int | None:
    """When the container started, also of one that has ended."""
    state = s.state.running or s.state.terminated
    return None if state is None else stamp(state.started_at)


def last_exit_code(s: ContainerStatus) -> int | None:
    ended = s.last_state.terminated
    return None if ended is None else ended.exit_code


def last_finished(s: ContainerStatus) -> str | int | None:
    ended = s.last_state.terminated
    return None if ended is None else stamp(ended.finished_at)


# Reasons may be any text, also none.


def waiting_reason(s: ContainerStatus) -> tuple[str] | None:
    now = s.state.waiting
    return None if now is None else (now.reason,)


def terminated_reason(s: ContainerStatus) -> tuple[str] | None:
    now = s.state.terminated
    return None if now is None else (now.reason,)


def last_terminated_reason(s: ContainerStatus) -> tuple[str] | None:
    ended = s.last_state.terminated
    return None if ended is None else (ended.reason,)
