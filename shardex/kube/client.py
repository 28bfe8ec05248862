"""One request to the API server, its answer as chunks of bytes; every fault by name."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, InsecureRequestWarning, ReadTimeoutError
from urllib3.util import Timeout, make_headers

from shardex.errors import ShardexError
from shardex.kube.endpoint import Credentials, Endpoint, ssl_context
from shardex.kube.pieces import UNDECODABLE

_JSON = "application/json"
_CHUNK = 1 << 18  # bytes asked of a socket at once
_CONNECT_SECONDS = 10.0
_KNOCK_SECONDS = 10.0
_CONNECTIONS = 128  # kept open: one a watch; more are opened and closed
_RETRY_SECONDS = 300.0  # the most that a Retry-After is believed; a watch that waits longer had better ask again
# A peer that vanished without a word is noticed after 30 + 3 * 10 s, where the watch itself would wait for its idle
# time.
_KEEPALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What the API server says of a request that failed."""

    code: int = 0
    reason: str = ""
    message: str = ""


class ApiError(ShardexError):
    """An answer that is neither 200 nor 201.

    status       of HTTP
    reason       the API's CamelCase reason; "" when it gave none
    retry_after  seconds that the server asks to wait; finite and not below 0
    """

    def __init__(self, status: int, reason: str, message: str, retry_after: float = 0.0) -> None:
        super().__init__(f"{status} {reason}: {message}" if reason else f"{status}: {message}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class RefusedError(ShardexError):
    """No connection: refused, no route, TLS that does not fit, ended before the answer began."""


class CutError(ShardexError):
    """The connection ended within an answer."""


class StalledError(ShardexError):
    """Nothing came for the time that was given, be it the answer's beginning or its next bytes."""


class Answer:
    """A good answer that is being read."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def patience(self, seconds: float) -> None:
        """Wait this long for each of the following chunks."""
        sock = getattr(self._response.connection, "sock", None)
        if sock is not None:
            sock.settimeout(seconds)

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes.

        raise  CutError, StalledError
        """
        try:
            if self._response.chunked:
                yield from self._response.stream(_CHUNK)
            else:  # stream() would wait for a whole chunk; a proxy that speaks HTTP/1.0 hands a watch through like this
                while data := self._response.read1(_CHUNK):
                    yield data
        except ReadTimeoutError:
            raise StalledError("nothing came any more") from None
        except (HTTPError, OSError) as error:
            raise CutError(_cause(error)) from error


class Client:
    """Connections to one API server; for all threads of a process."""

    def __init__(self, credentials: Credentials, user_agent: str) -> None:
        self._credentials = credentials
        self._headers = {"user-agent": user_agent, "accept-encoding": "identity"}
        self._endpoint = credentials.endpoint
        self._base = self._endpoint.url.rstrip("/")
        self._pool = _pool(self._endpoint)

    @contextlib.contextmanager
    def get(self, path: str, query: Mapping[str, str], accept: str, patience: float) -> Iterator[Answer]:
        """GET a path; the answer lives as long as the context.

        patience  seconds to wait for the headers and for each chunk
        raise     ApiError, RefusedError, StalledError; EndpointError without a usable token
        """
        url = path + ("?" + urlencode(query) if query else "")
        with self._answered("GET", url, {"accept": accept}, None, _CONNECT_SECONDS, patience) as response:
            yield Answer(response)

    def knock(self) -> None:
        """One request, so that what concerns every kind is said once instead of for each.

        raise  ShardexError when there is no answer, or a 401
        """
        try:
            with self.get("/version", {}, _JSON, _KNOCK_SECONDS):
                pass
        except ApiError as error:
            if error.status == 401:
                raise

    def read(self, path: str, patience: float) -> bytes:
        """One object.

        raise  as get, and CutError
        """
        with self.get(path, {}, _JSON, patience) as answer:
            return b"".join(answer.chunks())

    def patch(self, path: str, body: bytes, patience: float) -> None:
        """Send a JSON merge patch (RFC 7386) of one object.

        raise  as get
        """
        headers = {"accept": _JSON, "content-type": "application/merge-patch+json"}
        with self._answered("PATCH", path, headers, body, patience, patience):
            pass

    def post(self, path: str, body: bytes, patience: float) -> bytes:
        """POST JSON; the answer's body.

        patience  seconds for the connection, and to wait for each part of the answer
        raise     as get, and CutError
        """
        headers = {"accept": _JSON, "content-type": _JSON}
        with self._answered("POST", path, headers, body, patience, patience) as response:
            return b"".join(Answer(response).chunks())

    @contextlib.contextmanager
    def _answered(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, connect: float, patience: float
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """An answer that is good."""
        try:
            response = self._pool.request(
                method,
                self._base + path,
                body=body,
                headers={**self._headers, **self._credentials.header(), **headers},
                preload_content=False,
                decode_content=False,
                redirect=False,
                timeout=Timeout(connect=connect, read=patience),
            )
        except ReadTimeoutError:
            raise StalledError(f"{path.partition('?')[0]}: no answer within {patience:.0f} s") from None
        except (HTTPError, OSError) as error:
            raise RefusedError(f"no connection to {self._base}: {_cause(error)}") from error
        try:
            if response.status not in {200, 201}:
                raise _api_error(response)
            yield response
        finally:
            # One that was read to its end has given its connection back already; any other must not be used again: the
            # rest of a watch that was left after an ERROR event would stand before the next answer.
            response.close()
            response.release_conn()

    def renew_credentials(self) -> None:
        """After a 401.

        raise  EndpointError when there are none to be had
        """
        self._credentials.renew()
        endpoint = self._credentials.endpoint
        if (endpoint.certificate, endpoint.key) != (self._endpoint.certificate, self._endpoint.key):
            self._endpoint, self._pool = endpoint, _pool(endpoint)


def _pool(endpoint: Endpoint) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": _CONNECTIONS, "retries": False, "socket_options": _KEEPALIVE}
    if urlsplit(endpoint.url).scheme == "https":
        options["ssl_context"] = ssl_context(endpoint)
        if endpoint.server_name:
            options["server_hostname"] = endpoint.server_name
        if not endpoint.verify:  # the user's own choice, which urllib3 would deplore at every request
            options["assert_hostname"] = False
            urllib3.disable_warnings(InsecureRequestWarning)
    if not endpoint.proxy:
        return urllib3.PoolManager(**options)
    user = urlsplit(endpoint.proxy).netloc.rpartition("@")[0]
    if user:
        options["proxy_headers"] = make_headers(proxy_basic_auth=unquote(user))
    return urllib3.ProxyManager(endpoint.proxy, **options)


def _cause(error: BaseException) -> str:
    """What the operating system or the TLS library said, without urllib3's wrapping of it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _api_error(response: urllib3.BaseHTTPResponse) -> ApiError:
    try:
        body = response.read(1 << 16)
    except (HTTPError, OSError):
        body = b""
    try:
        status = msgspec.json.decode(body, type=Status)
        reason, message = status.reason, status.message
    except UNDECODABLE:
        reason, message = "", body[:200].decode(errors="replace").strip()
    try:
        retry_after = float(response.headers.get("retry-after", 0))
    except ValueError:  # the header may hold a date instead; the backoff does then
        retry_after = 0.0
    retry_after = min(max(0.0, retry_after), _RETRY_SECONDS)  # in this order, which makes 0 of a NaN
    return ApiError(response.status, reason, message or response.reason or "", retry_after)
