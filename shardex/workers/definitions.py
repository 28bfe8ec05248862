"""CustomResourceDefinitions -> which custom kinds run: what a reflector of them drives in place of a store."""

import logging
from collections.abc import Callable, Sequence

from shardex.custom.config import CustomConfig, GroupVersionKind
from shardex.custom.discovery import PATH, RESOURCE, Selected, Served, assumed, select
from shardex.kube.ladder import Fault, Outcome, Position, Verb
from shardex.kube.notes import Notes
from shardex.kube.reflector import Target

log = logging.getLogger(__name__)

#: A definition holds schemas, and a schema any list.
DEFINITIONS = Target(PATH, RESOURCE, careful=True)

Defined = tuple[str, tuple[Served, ...]]  # uid of a definition, what it serves


class Definitions:
    """What the cluster defines; every change of it is a new selection of kinds, reported at once.

    known     whether there was a selection yet, be it of what is assumed
    count     definitions
    added, changed, removed   since the start, a relist's differences too
    """

    def __init__(self, config: CustomConfig, choose: Callable[[Sequence[Selected]], None]) -> None:
        self._config = config
        self._choose = choose
        self._served: dict[str, tuple[Served, ...]] = {}
        self._absent: set[GroupVersionKind] = set()
        self.known = False
        self.added = self.changed = self.removed = 0

    @property
    def count(self) -> int:
        return len(self._served)

    def update(self, o: Defined) -> None:
        uid, served = o
        before = self._served.get(uid)
        self._served[uid] = served
        if before is None:
            self.added += 1
        else:
            self.changed += 1
        if served != (before or ()):  # most updates are of a status
            self._select()

    def delete(self, uid: str) -> None:
        served = self._served.pop(uid, None)
        if served is not None:
            self.removed += 1
            if served:
                self._select()

    def replace(self) -> "Replacement":
        return Replacement(self)

    def bookmark(self, version: str) -> None:
        """The version that the definitions are at says nothing about the kinds."""

    def whole(self, served: dict[str, tuple[Served, ...]]) -> None:
        """These are all that there are."""
        self.added += len(served.keys() - self._served.keys())
        self.removed += len(self._served.keys() - served.keys())
        self.changed += sum(self._served[uid] != served[uid] for uid in served.keys() & self._served.keys())
        self._served = served
        self._select()

    def refused(self) -> None:
        """They may not be read, or are not there: what the configuration names exactly is taken for defined."""
        if not self.known:
            log.warning("%s cannot be read: only kinds that are configured without a wildcard are tried", RESOURCE)
            self._apply(assumed(self._config))

    def _select(self) -> None:
        self._apply([one for served in self._served.values() for one in served])

    def _apply(self, served: Sequence[Served]) -> None:
        # Sorted: of a kind that two define the first counts, and every worker has to choose the same.
        selection = select(self._config, sorted(served, key=lambda one: one.plural))
        absent = set(selection.absent)
        for kind in selection.absent:
            if kind not in self._absent:
                log.warning("custom resource %s: no definition serves it; no metrics of it until one does", kind)
        self._absent = absent
        self._choose(selection.selected)
        self.known = True


class Replacement:
    """Definitions of a list under way; they count from its end."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._served: dict[str, tuple[Served, ...]] = {}

    def update(self, o: Defined) -> None:
        uid, served = o
        self._served[uid] = served

    def delete(self, uid: str) -> None:
        self._served.pop(uid, None)

    def commit(self, _: str) -> None:
        self._definitions.whole(self._served)

    def abandon(self) -> None:
        """The definitions stay as they are."""


class DefinitionNotes(Notes):
    """Notes of the definitions' reflector, which pass a refusal on before it is an excuse not to wait for them."""

    def __init__(self, definitions: Definitions) -> None:
        super().__init__(RESOURCE)
        self._definitions = definitions

    def turned(self, verb: Verb, outcome: Outcome, before: Position, after: Position, delay: float) -> None:
        if outcome.fault is Fault.EXCUSED:
            self._definitions.refused()
        super().turned(verb, outcome, before, after, delay)
