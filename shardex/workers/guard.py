"""What the threads of a worker and of the front run in."""

import logging
import os
from collections.abc import Callable

log = logging.getLogger(__name__)


def guarded(body: Callable[..., None], *arguments: object) -> None:
    """A thread that cannot go on ends the process: whoever forked it starts a whole one instead of half of one."""
    try:
        body(*arguments)
    except BaseException:
        log.exception("a thread cannot go on, and so its process ends")
        os._exit(1)
