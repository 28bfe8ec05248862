"""An end on request: whoever started processes ends them, whichever signal asks."""

import signal

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # SIGINT too: a shell starts background jobs with it ignored


def interruptible() -> None:
    """From here on SIGINT and SIGTERM are a KeyboardInterrupt, once; a second one does not end the end."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def deaf() -> None:
    """From here on neither does anything: the end has deadlines of its own, and half an end leaves processes."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(*_: object) -> None:
    deaf()
    raise KeyboardInterrupt
