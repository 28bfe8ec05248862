"""What objects of a custom kind lack that the configuration expects: counted, and said once for each cause."""

import logging
import threading

from shardex.custom.render import Problem

log = logging.getLogger(__name__)

_NAMED = 64  # causes of a kind that are logged; after that they are only counted


class Problems:
    """Of one kind; any of its reflectors may add to them.

    verbosity   of the log: a metric whose errorLogV is higher is counted only
    count       samples left out, again with every change of their object
    """

    def __init__(self, kind: str, verbosity: int) -> None:
        self.count = 0
        self._kind = kind
        self._verbosity = verbosity
        self._causes: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def add(self, problem: Problem) -> None:
        cause = (problem.family, problem.message)
        with self._lock:
            self.count += 1
            if problem.verbosity > self._verbosity or cause in self._causes or len(self._causes) >= _NAMED:
                return
            self._causes.add(cause)
        log.warning("%s: no sample of %s for %s: %s", self._kind, problem.family, problem.key, problem.message)
