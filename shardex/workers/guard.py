"""What a worker's threads run in."""

import logging
import os
from collections.abc import Callable

log = logging.getLogger(__name__)


def guarded(body: Callable[..., None], *arguments: object) -> None:
    """A thread that cannot go on ends the process: the supervisor starts a whole one instead of half of one."""
    try:
        body(*arguments)
    except BaseException:
        log.exception("a thread of the worker failed")
        os._exit(1)
