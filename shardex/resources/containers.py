"""What a pod says of its containers: the views, and the facts that main and init containers share."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from shardex.exposition.family import Each, Source
from shardex.kube.meta import Part
from shardex.resources.amounts import container_amounts
from shardex.resources.shared import Row, distinct, stamp


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


class Resources(Part):
    """Amounts as JSON: containers of one template ask for the same bytes, which are read once (container_amounts)."""

    limits: msgspec.Raw = NOTHING
    requests: msgspec.Raw = NOTHING


class Container(Part):
    name: str = ""
    image: str = ""
    resources: Resources = Resources()


class InitContainer(Container):
    restart_policy: str | None = None


Statuses = Callable[[Any], list[ContainerStatus] | None]


def name(thing: ContainerStatus | Container) -> str:
    return thing.name


def each(statuses: Statuses, fact: Callable[[ContainerStatus], Any]) -> Each:
    """(container, number) for every status that has the fact; of two with one name the last counts."""
    return Each(statuses, name, fact)


def each_reason(
    statuses: Statuses,
    state: Callable[[ContainerStatus], Waiting | Terminated | None],
) -> Source:
    """(container, reason, 1) for every status in that state; the reason may be any text, also none."""

    def rows(pod: Any) -> Iterable[Row]:
        found = statuses(pod)
        if not found:
            return ()
        return distinct([(s.name, now.reason, 1) for s in found if (now := state(s)) is not None])

    return rows


def each_amount(containers: Callable[[Any], Sequence[Container] | None], amounts: Callable[[Container], Any]) -> Source:
    """(container, node) with the endings of its limits, or requests, for every container that has some."""

    def rows(pod: Any) -> Iterable[Row]:
        found = containers(pod)
        if not found:
            return ()
        node = pod.spec.node_name
        rows = [(c.name, node, container_amounts(bytes(amounts(c)))) for c in found]
        return rows if len({row[0] for row in rows}) == len(rows) else _merged(rows)

    return rows


def _merged(rows: list[Row]) -> Iterable[Row]:
    """Containers of one name as one: of two amounts with the same labels the first counts."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for container, node, ends in rows:
        first = found.setdefault((container, node), {})
        for end in ends:
            first.setdefault(end.rpartition("} ")[0], end)
    return [(*key, tuple(ends.values())) for key, ends in found.items()]


def limits(c: Container) -> msgspec.Raw:
    return c.resources.limits


def requests(c: Container) -> msgspec.Raw:
    return c.resources.requests


# Facts of one status; None: it has none.


def ready(s: ContainerStatus) -> bool:
    return s.ready


def restarts(s: ContainerStatus) -> int:
    return s.restart_count


def waiting(s: ContainerStatus) -> Waiting | None:
    return s.state.waiting


def terminated(s: ContainerStatus) -> Terminated | None:
    return s.state.terminated


def last_terminated(s: ContainerStatus) -> Terminated | None:
    return s.last_state.terminated


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
