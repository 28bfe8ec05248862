"""What a caller shows with a request: a name and password, or a bearer token; what is known of either is remembered.

A lock answers with a refusal, or None for who may pass.
"""

import base64
import binascii
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import bcrypt
import msgspec

from shardex.errors import ShardexError
from shardex.kube.reviews import Review
from shardex.serving.remembered import Remembered

log = logging.getLogger(__name__)

Environ = dict[str, Any]

_GRANTED_SECONDS = 60.0
_REFUSED_SECONDS = 10.0  # shorter: whoever has just been given the right is not kept waiting
# What is decided at once; the rest is told to come again, so that guesses never hold every thread of the front.
_CHECKS = 4


class Refusal(msgspec.Struct, frozen=True):
    """An answer instead of the page."""

    status: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class Passwords:
    """Names and passwords of basic authentication."""

    def __init__(self) -> None:
        # For good: a changed hash is another key. Wrong ones are not kept, or guesses would push out the right ones.
        self._known: Remembered[bool] = Remembered(math.inf)
        self._room = threading.BoundedSemaphore(_CHECKS)

    def __call__(self, environ: Environ, users: Mapping[str, bytes]) -> Refusal | None:
        """The refusal of a caller that is none of the users."""
        given = _basic(environ.get("HTTP_AUTHORIZATION", ""))
        if given is None:
            return _UNKNOWN_USER
        name, password = given
        hashed = users.get(name)
        key = self._known.key(name, hashed or b"", password)
        if self._known.get(key):
            return None
        if not self._room.acquire(blocking=False):
            return _BUSY
        try:
            # A name that does not exist takes as long as a wrong password, and so is not found out by time.
            good = _matches(password, hashed or next(iter(users.values()))) and hashed is not None
        finally:
            self._room.release()
        if not good:
            return _UNKNOWN_USER
        self._known.put(key, good)
        return None


class Tokens:
    """Bearer tokens, which the API server knows.

    review  (token, path, verb) -> what it says; raises ShardexError when it does not
    """

    def __init__(self, review: Callable[[str, str, str], Review], clock: Callable[[], float] = time.monotonic) -> None:
        self._review = review
        self._granted: Remembered[Review] = Remembered(_GRANTED_SECONDS, clock)
        # Apart, or guesses would push out who is let in.
        self._refused: Remembered[Review] = Remembered(_REFUSED_SECONDS, clock)
        self._room = threading.BoundedSemaphore(_CHECKS)
        self._fault = ""

    def __call__(self, environ: Environ) -> Refusal | None:
        """The refusal of a caller that may not do this."""
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return _UNKNOWN_TOKEN
        path, verb = environ["PATH_INFO"], environ["REQUEST_METHOD"].lower()
        granted, refused = (known.key(token, path, verb) for known in (self._granted, self._refused))
        found = self._granted.get(granted) or self._refused.get(refused)
        if found is None:
            found = self._asked(token, path, verb)
            if found is None:
                return _UNDECIDED
            if found.allowed:
                self._granted.put(granted, found)
            else:
                self._refused.put(refused, found)
        if found.user is None:
            return _UNKNOWN_TOKEN
        return None if found.allowed else Refusal("403 Forbidden", f"Authorization denied for user {found.user}")

    def _asked(self, token: str, path: str, verb: str) -> Review | None:
        """None when there is no answer now."""
        if not self._room.acquire(blocking=False):
            return None
        try:
            found = self._review(token, path, verb)
        except ShardexError as error:
            if self._fault != str(error):
                self._fault = str(error)
                log.error("--auth-filter: nobody new is let in: %s", error)  # noqa: TRY400  a traceback says no more
            return None
        finally:
            self._room.release()
        if self._fault:
            self._fault = ""
            log.info("--auth-filter: the API server answers reviews again")
        return found


_UNKNOWN_USER = Refusal("401 Unauthorized", "Unauthorized", (("WWW-Authenticate", 'Basic realm="shardex"'),))
_UNKNOWN_TOKEN = Refusal("401 Unauthorized", "Unauthorized", (("WWW-Authenticate", "Bearer"),))
_BUSY = Refusal("429 Too Many Requests", "too many passwords are being checked", (("Retry-After", "1"),))
_UNDECIDED = Refusal(
    "503 Service Unavailable", "the API server does not say who you are and what you may", (("Retry-After", "1"),)
)


def _basic(header: str) -> tuple[str, bytes] | None:
    """Name and password of an Authorization header; None when it holds none."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(text.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _matches(password: bytes, hashed: bytes) -> bool:
    try:
        # bcrypt looks at 72 bytes: what made the hash did not look at more either, and the package refuses more.
        return bcrypt.checkpw(password[:72], hashed)
    except ValueError:
        return False
