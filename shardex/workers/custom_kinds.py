"""The custom kinds of a worker: each is watched from when it is chosen until it is not any more."""

import logging
from collections.abc import Callable, Sequence

from shardex.custom.discovery import Selected
from shardex.options import Options
from shardex.workers.plan import KindPlan, custom_kind, custom_name, filters
from shardex.workers.problems import Problems

log = logging.getLogger(__name__)


class CustomKinds:
    """What is watched of what was chosen last.

    begin   starts to watch a kind
    end     stops it; its name is that of its plan
    """

    def __init__(
        self, options: Options, begin: Callable[[KindPlan, Problems], None], end: Callable[[str], None]
    ) -> None:
        self._options = options
        self._filters = filters(options)
        self._begin = begin
        self._end = end
        self._chosen: dict[str, Selected] = {}
        self._watched: set[str] = set()

    def choose(self, selected: Sequence[Selected]) -> None:
        """Watch these and no others; what is watched already goes on undisturbed."""
        chosen = {custom_name(one): one for one in selected}
        changed = [name for name, one in self._chosen.items() if chosen.get(name) != one]
        for name in changed:
            if name in self._watched:
                log.info("%s: %s", name, "defined otherwise" if name in chosen else "not defined any more")
                self._watched.remove(name)
                self._end(name)
        for name in chosen.keys() - (self._chosen.keys() - changed):
            problems = Problems(name, self._options.v)
            plan = custom_kind(chosen[name], self._options, self._filters, problems.add)
            if plan is not None:
                log.info("%s: defined, being listed", name)
                self._watched.add(name)
                self._begin(plan, problems)
        self._chosen = chosen
