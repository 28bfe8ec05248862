"""Who may read: around every page of both ports, so that a new one is locked from the start.

A client certificate, a name and password (--tls-config) and a bearer token (--auth-filter) are asked for where they are
set. What cannot be decided is refused.

    /healthz, /livez   open: they say nothing but that a process runs, and kubelet's probes carry no credentials
    /readyz            the status is open, for the same probes; what is missing is for those who may read
    everything else    locked, also what does not exist
"""

import base64
import binascii
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import bcrypt
import msgspec

from shardex.errors import ShardexError
from shardex.kube.reviews import Review
from shardex.serving.remembered import Remembered
from shardex.serving.tls import Web, client_fault

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

OPEN = frozenset({"/healthz", "/livez"})
STATUS_ONLY = frozenset({"/readyz"})

_GRANTED_SECONDS = 60.0
_REFUSED_SECONDS = 10.0  # shorter: whoever has just been given the right is not kept waiting
# What is decided at once; the rest is told to come again, so that guesses never hold every thread of the front.
_CHECKS = 4


class Refusal(msgspec.Struct, frozen=True):
    """An answer instead of the page."""

    status: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class Lock(Protocol):
    """One thing that a caller must show: the refusal, or None for who may pass."""

    def __call__(self, environ: Environ) -> Refusal | None: ...


class Doors:
    """The WSGI application with its locks.

    web     --tls-config as it is now; None without one
    tokens  the lock of --auth-filter; None without it
    """

    def __init__(self, pages: App, web: Callable[[], Web] | None, tokens: Lock | None) -> None:
        self._pages = pages
        self._web = web
        self._passwords = Passwords()
        self._tokens = tokens

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        web = self._web() if self._web else None
        if web is not None and web.config.headers:
            start_response = _with_headers(start_response, web.config.headers)
        path = environ["PATH_INFO"]
        refusal = None if path in OPEN else self._refusal(environ, web)
        environ.pop("HTTP_AUTHORIZATION", None)  # it has served; an answer may take a minute to be read
        if refusal is None:
            return self._pages(environ, start_response)
        if path in STATUS_ONLY:
            return self._status(environ, start_response)
        return _said(environ, start_response, refusal)

    def _refusal(self, environ: Environ, web: Web | None) -> Refusal | None:
        if web is not None and web.config.tls is not None:
            fault = client_fault(environ.get("gunicorn.socket"), web.config.tls)
            if fault:
                return Refusal("403 Forbidden", fault)
        if web is not None and web.config.users:
            refusal = self._passwords(environ, web.config.users)
            if refusal is not None:
                return refusal
        return self._tokens(environ) if self._tokens else None

    def _status(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The page's status without the page."""
        statuses: list[str] = []
        body = self._pages(environ, lambda status, _: statuses.append(status))
        getattr(body, "close", lambda: None)()
        return _said(environ, start_response, Refusal(statuses[0], statuses[0].partition(" ")[2]))


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


def _with_headers(start_response: StartResponse, headers: Iterable[tuple[str, str]]) -> StartResponse:
    """The file's headers on every answer; one that the page set itself gives way."""
    set_ = {name.lower() for name, _ in headers}

    def start(status: str, own: list[tuple[str, str]]) -> Any:
        return start_response(status, [*(pair for pair in own if pair[0].lower() not in set_), *headers])

    return start


def _said(environ: Environ, start_response: StartResponse, refusal: Refusal) -> Iterable[bytes]:
    body = f"{refusal.text}\n".encode()
    fixed = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(refusal.status, [*fixed, ("Cache-Control", "no-store"), *refusal.headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
