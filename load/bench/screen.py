"""What `bench` shows while it runs: a heading a scenario, and one line that lives where there is a terminal."""

import sys
import threading
import time
from typing import Self, TextIO

_PERIOD_SECONDS = 0.5


class Screen:
    """Within its `with`, a terminal's last line shows what goes on and for how long; elsewhere each step is a line."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._terminal = self._out.isatty()
        self._lock = threading.Lock()
        self._doing, self._since = "", time.monotonic()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._terminal:
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._terminal:
            self._ticker.join()
            self.say("")

    def say(self, text: str) -> None:
        """Lines that stay."""
        with self._lock:
            self._doing = ""
            self._wipe()
            print(text, file=self._out, flush=True)

    def live(self, text: str) -> None:
        """What goes on now."""
        with self._lock:
            self._doing, self._since = text, time.monotonic()
            if not self._terminal:
                print(f"  {text}", file=self._out, flush=True)

    def _wipe(self) -> None:
        if self._terminal:
            self._out.write("\r\x1b[K")

    def _tick(self) -> None:
        while not self._over.wait(_PERIOD_SECONDS):
            with self._lock:
                if self._doing:
                    self._wipe()
                    self._out.write(f"  {self._doing} ... {time.monotonic() - self._since:.0f} s")
                    self._out.flush()
