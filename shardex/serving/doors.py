"""Who may read: around every page of both ports, so that a new one is locked from the start.

A client certificate, a name and password (--tls-config) and a bearer token (--auth-filter) are asked for where they are
set. What cannot be decided is refused.

    /healthz, /livez   open: they say nothing but that a process runs, and kubelet's probes carry no credentials
    everything else    locked, also what does not exist, and /readyz: for probes there is --ready-file
"""

from collections.abc import Callable, Iterable
from typing import Any

from shardex.serving.locks import Environ, Passwords, Refusal, Tokens
from shardex.serving.tls import Web, client_fault

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

OPEN = frozenset({"/healthz", "/livez"})


class Doors:
    """The WSGI application with its locks.

    web     --tls-config as it is now; None without one
    tokens  the lock of --auth-filter; None without it
    count   is told the status of each refusal
    """

    def __init__(
        self, pages: App, web: Callable[[], Web] | None, tokens: Tokens | None, count: Callable[[str], None]
    ) -> None:
        self._pages = pages
        self._web = web
        self._passwords = Passwords()
        self._tokens = tokens
        self._count = count

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        web = self._web() if self._web else None
        if web is not None and web.config.headers:
            start_response = _with_headers(start_response, web.config.headers)
        path = environ["PATH_INFO"]
        refusal = None if path in OPEN else self._refusal(environ, web)
        environ.pop("HTTP_AUTHORIZATION", None)  # it has served; an answer may take a minute to be read
        if refusal is None:
            return self._pages(environ, start_response)
        self._count(refusal.status)
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


def _with_headers(start_response: StartResponse, headers: Iterable[tuple[str, str]]) -> StartResponse:
    """The file's headers on every answer; one that the page set itself gives way."""
    set_ = {name.lower() for name, _ in headers}

    def start(status: str, own: list[tuple[str, str]]) -> Any:
        return start_response(status, [*(pair for pair in own if pair[0].lower() not in set_), *headers])

    return start


def _said(environ: Environ, start_response: StartResponse, refusal: Refusal) -> Iterable[bytes]:
    body = f"{refusal.text}\n".encode()
    fixed = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    fixed += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    start_response(refusal.status, [*fixed, *refusal.headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
