"""What goes on beside a simulation's steps."""

import threading
from collections.abc import Callable
from typing import Self


class Background:
    """Bodies in threads of their own for the length of the `with`; they return when `_stop` is set."""

    def __init__(self, *bodies: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=body) for body in bodies]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
