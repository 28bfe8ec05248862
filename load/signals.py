"""An end on request: whoever started processes ends them, whichever signal asks."""

import signal


def interruptible() -> None:
    """From here on SIGINT and SIGTERM are a KeyboardInterrupt, once; a second one does not end the end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the end has deadlines of its own; half an end leaves processes
    raise KeyboardInterrupt
