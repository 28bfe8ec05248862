"""A kind that a worker watches: its stores, and a reflector with its thread for each of its targets."""

import threading
from collections.abc import Callable

from shardex.kube.notes import Notes, Standing
from shardex.kube.reflector import Reflector, Target
from shardex.store.arena import Arena
from shardex.store.page import Side
from shardex.store.publication import Kind
from shardex.store.store import Store
from shardex.workers import status
from shardex.workers.guard import guarded
from shardex.workers.plan import KindPlan
from shardex.workers.problems import Problems

#: (plan, target, store, notes) -> a reflector that is not running yet
Make = Callable[[KindPlan, Target, Store, Notes], Reflector]
#: (plan, target, arena) -> an empty store
Keep = Callable[[KindPlan, Target, Arena], Store]


class Watched:
    """Comes with its plan and may go again while the worker runs.

    kind      what is published of it
    problems  of a custom kind's objects
    """

    def __init__(self, plan: KindPlan, arena: Arena, keep: Keep, make: Make, problems: Problems | None = None) -> None:
        self._go_type = plan.go_type
        self.kind = Kind(plan.name, plan.heads, tuple(keep(plan, target, arena) for target in plan.targets))
        self._notes = [Notes(plan.name, target.path if len(plan.targets) > 1 else "") for target in plan.targets]
        self._problems = problems
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=guarded, args=(make(plan, target, store, notes).run, self._stop), daemon=True)
            for target, store, notes in zip(plan.targets, self.kind.stores, self._notes, strict=True)
        ]

    @property
    def custom(self) -> bool:
        return self._problems is not None

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Its reflectors end with the next that they hear, or when they have waited long enough for it."""
        self._stop.set()

    def idle(self) -> bool:
        """Whether nobody writes to its stores."""
        return not any(thread.is_alive() for thread in self._threads)

    def waits(self) -> str:
        """Why it was not listed yet; "" once it was. What the server refuses or lacks is excused."""
        waiting = [s for s in self._standings() if not s.synced and not s.excused]
        return (waiting[0].error or "being listed") if waiting else ""

    def listed(self) -> bool:
        """Whether nothing is waited for, and something of it was listed: not all was refused."""
        return not self.waits() and any(s.synced for s in self._standings())

    def status(self) -> status.KindStatus:
        objects = series = text = segments = index = aside = table = 0
        for store in self.kind.stores:
            with store.lock:
                objects += len(store)
                table += store.table_bytes
                for page in store.pages():
                    series += sum(page.lines)
                    text += page.text_bytes
                    segments += page.segment_bytes
                    index += page.index_bytes
                    aside += 0 if page.side is Side.STAYING else page.segment_bytes + page.index_bytes
        problems = None if self._problems is None else self._problems.count
        standings = self._standings()
        return status.KindStatus(
            self.kind.plural, self._go_type, objects, series, text, segments, index, standings, problems, aside, table
        )

    def _standings(self) -> tuple[Standing, ...]:
        return tuple(notes.standing() for notes in self._notes)
