"""Answers about secrets, remembered for a while without the secrets."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 1000  # answers kept; the one that was given longest ago goes first


class Remembered(Generic[T]):
    """Answers by a hash whose key is known to this process alone: a dump of its memory names no secret.

    seconds  how long an answer holds
    clock    monotonic seconds
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, tuple[float, T]] = OrderedDict()

    def key(self, *parts: str | bytes) -> bytes:
        """What stands for the parts; the same for the same ones only, however they are divided."""
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
        return digest.digest()

    def get(self, key: bytes) -> T | None:
        """None where nothing is known, or no longer."""
        with self._lock:
            until, answer = self._answers.get(key, (0.0, None))
            if answer is not None and self._clock() >= until:
                del self._answers[key]
                return None
            return answer

    def put(self, key: bytes, answer: T) -> None:
        with self._lock:
            self._answers[key] = (self._clock() + self._seconds, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
