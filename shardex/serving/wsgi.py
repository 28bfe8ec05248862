"""The front's answers: the cluster's metrics and liveness on one port, our own metrics and readiness on the other."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

import msgspec

from shardex.options import Options
from shardex.serving import page
from shardex.serving.merger import Choice, gzip_chunks, gzip_size, plain_chunks, plain_size, segments
from shardex.serving.negotiate import accepts_gzip, negotiate
from shardex.serving.readiness import Readiness, said
from shardex.serving.report import Report, report
from shardex.serving.telemetry import Telemetry
from shardex.serving.upstream import Upstream
from shardex.workers.shardset import ShardSet

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Handler = Callable[[Environ, StartResponse], Iterable[bytes]]

_PLAIN = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_VARY = "Accept, Accept-Encoding"
_OWN = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"


class Front:
    """The WSGI application; which page a path is depends on the port it was asked at."""

    def __init__(
        self, upstream: Upstream, options: Options, telemetry_port: int, shard_set: ShardSet | None = None
    ) -> None:
        self._upstream = upstream
        self.readiness = Readiness(upstream, shard_set)
        self._options = options
        self._telemetry_port = str(telemetry_port)
        self._telemetry = Telemetry(upstream, shard_set)
        self._main: dict[str, Handler] = {
            "/metrics": self._metrics,
            "/healthz": _ok,
            "/livez": _ok,
            "/": self._landing,
        }
        self._own: dict[str, Handler] = {
            "/metrics": self._own_metrics,
            "/readyz": self._readyz,
            "/healthz": _ok,
            "/": self._status,
            "/status": self._status,
            "/status.json": self._status_json,
        }

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Every page by port: main and telemetry."""
        return {"main": tuple(self._main), "telemetry": tuple(self._own)}

    def refused(self, status: str) -> None:
        """Somebody was not let in, and told this."""
        self._telemetry.refused.labels(status.partition(" ")[0]).inc()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = self._answered(environ, start_response)
        return _Body(iter(()), getattr(body, "close", _nothing)) if environ["REQUEST_METHOD"] == "HEAD" else body

    def _answered(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _answer(start_response, "405 Method Not Allowed", "GET and HEAD only\n", [("Allow", "GET, HEAD")])
        pages = self._own if environ["SERVER_PORT"] == self._telemetry_port else self._main
        page = pages.get(environ["PATH_INFO"])
        if page is None:
            return _answer(start_response, "404 Not Found", f"there is {', '.join(pages)}\n")
        return page(environ, start_response)

    def _metrics(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        self._upstream.refresh(fold=True)
        collected = time.perf_counter()
        with ExitStack() as held:
            sources, missing = held.enter_context(self._upstream.sources(self._options.serve_partial))
            if missing:
                self._observed(environ, started)
                return _answer(start_response, "503 Service Unavailable", said(missing), [("Retry-After", "1")])
            form = negotiate(environ.get("HTTP_ACCEPT", ""))
            found = list(segments(sources, _choice(environ.get("QUERY_STRING", "")), form.openmetrics))
            gzip = self._options.enable_gzip_encoding and accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
            size = gzip_size(found) if gzip else plain_size(found)
            headers = [("Content-Type", form.content_type), ("Content-Length", str(size)), ("Vary", _VARY)]
            if gzip:
                headers.append(("Content-Encoding", "gzip"))
            merged = time.perf_counter()
            self._telemetry.phases.labels("collect").observe(collected - started)
            self._telemetry.phases.labels("merge").observe(merged - collected)
            start_response("200 OK", headers)
            release = held.pop_all()
        return _Body(gzip_chunks(found) if gzip else plain_chunks(found), self._sent(environ, started, merged, release))

    def _sent(self, environ: Environ, started: float, merged: float, release: ExitStack) -> Callable[[], None]:
        """What is to be done when the last byte is out, or the client gone."""

        def done() -> None:
            release.close()
            self._telemetry.phases.labels("send").observe(time.perf_counter() - merged)
            self._observed(environ, started)

        return done

    def _observed(self, environ: Environ, started: float) -> None:
        method = environ["REQUEST_METHOD"].lower()
        self._telemetry.requests.labels("metrics", method).observe(time.perf_counter() - started)

    def _own_metrics(self, _: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self._upstream.refresh(fold=False)
        return _whole(start_response, "200 OK", _OWN, self._telemetry.exposition())

    def _landing(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        links = [path for path in self._main if path != "/"]
        host = environ.get("HTTP_HOST", "")
        text = page.landing("Metrics of the objects in the cluster", links, host, self._telemetry_port)
        return _whole(start_response, "200 OK", _HTML, text.encode(), page.HEADERS)

    def _status(self, _: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return _whole(start_response, "200 OK", _HTML, page.status(self._report()).encode(), page.HEADERS)

    def _status_json(self, _: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = msgspec.json.encode(self._report())
        return _whole(start_response, "200 OK", "application/json", body, [("Cache-Control", "no-store")])

    def _report(self) -> Report:
        self._upstream.refresh(fold=False)
        return report(self._upstream, ready=self.readiness()[0])

    def _readyz(self, _: Environ, start_response: StartResponse) -> Iterable[bytes]:
        ready, text = self.readiness()
        return _answer(start_response, "200 OK" if ready else "503 Service Unavailable", text)


class _Body:
    """Chunks of an answer; closed by the server when the last one is out or the client gone."""

    def __init__(self, chunks: Iterator[bytes], done: Callable[[], None]) -> None:
        self._chunks = chunks
        self.close = done

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


def _choice(query: str) -> Choice:
    """Resources by name, repeated or comma-separated; a parameter that names none chooses none."""
    found = parse_qs(query, keep_blank_values=True)

    def names(parameter: str) -> frozenset[str]:
        return frozenset(name.strip() for value in found[parameter] for name in value.split(",") if name.strip())

    only = names("resources") if "resources" in found else None
    return Choice(only, names("exclude_resources") if "exclude_resources" in found else frozenset())


def _ok(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return _answer(start_response, "200 OK", "OK")


def _answer(
    start_response: StartResponse, status: str, text: str, headers: Iterable[tuple[str, str]] = ()
) -> Iterable[bytes]:
    return _whole(start_response, status, _PLAIN, text.encode(), [("Cache-Control", "no-store"), *headers])


def _whole(
    start_response: StartResponse, status: str, form: str, body: bytes, headers: Iterable[tuple[str, str]] = ()
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", form), ("Content-Length", str(len(body))), *headers])
    return [body]


def _nothing() -> None:
    pass
