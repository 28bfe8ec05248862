"""One request to the API server, its answer as chunks of bytes; every fault by name."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Timeout

from shardex.errors import ShardexError
from shardex.kube.endpoint import Credentials, ssl_context

_CHUNK = 1 << 18  # bytes asked of a socket at once
_CONNECT_SECONDS = 10.0
_CONNECTIONS = 128  # kept open: one a watch; more are opened and closed
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
    """An answer that is not 200.

    status       of HTTP
    reason       the API's CamelCase reason; "" when it gave none
    retry_after  seconds that the server asks to wait
    """

    def __init__(self, status: int, reason: str, message: str, retry_after: float = 0.0) -> None:
        super().__init__(f"{status} {reason}: {message}" if reason else f"{status}: {message}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class RefusedError(ShardexError):
    """No connection: refused, no route, TLS that does not fit, no answer to the request in time."""


class CutError(ShardexError):
    """The connection ended within an answer."""


class StalledError(ShardexError):
    """Nothing came for the time that was given."""


class Answer:
    """A 200 that is being read."""

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
            yield from self._response.stream(_CHUNK)
        except ReadTimeoutError as error:
            raise StalledError(str(error)) from error
        except (HTTPError, OSError) as error:
            raise CutError(str(error)) from error


class Client:
    """Connections to one API server; for all threads of a process."""

    def __init__(self, credentials: Credentials, user_agent: str) -> None:
        self._credentials = credentials
        self._headers = {"user-agent": user_agent, "accept-encoding": "identity"}
        endpoint = credentials.endpoint
        options: dict[str, Any] = {"maxsize": _CONNECTIONS, "retries": False, "socket_options": _KEEPALIVE}
        if urlsplit(endpoint.url).scheme == "https":
            options["ssl_context"] = ssl_context(endpoint)
            if endpoint.server_name:
                options["server_hostname"] = endpoint.server_name
            if endpoint.server_name or not endpoint.verify:
                options["assert_hostname"] = endpoint.server_name if endpoint.verify else False
        self._base = endpoint.url.rstrip("/")
        self._pool: urllib3.PoolManager = (
            urllib3.ProxyManager(endpoint.proxy, **options) if endpoint.proxy else urllib3.PoolManager(**options)
        )

    @contextlib.contextmanager
    def get(self, path: str, query: Mapping[str, str], accept: str, patience: float) -> Iterator[Answer]:
        """GET a path; the answer lives as long as the context.

        patience  seconds to wait for the headers and for each chunk
        raise     ApiError, RefusedError
        """
        url = self._base + path + ("?" + urlencode(query) if query else "")
        headers = self._headers | self._credentials.header() | {"accept": accept}
        try:
            response = self._pool.request(
                "GET",
                url,
                headers=headers,
                preload_content=False,
                decode_content=False,
                redirect=False,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=patience),
            )
        except (HTTPError, OSError) as error:
            raise RefusedError(f"{path}: {error}") from error
        whole = False
        try:
            if response.status != 200:
                raise _api_error(response)
            yield Answer(response)
            whole = True
        finally:
            # A connection is used again only when its answer was read to the end.
            if not whole:
                response.close()
            response.release_conn()

    def renew_credentials(self) -> None:
        self._credentials.renew()


def _api_error(response: urllib3.BaseHTTPResponse) -> ApiError:
    try:
        body = response.read(1 << 16)
    except (HTTPError, OSError):
        body = b""
    try:
        status = msgspec.json.decode(body, type=Status)
        reason, message = status.reason, status.message
    except msgspec.DecodeError:
        reason, message = "", body[:200].decode(errors="replace").strip()
    try:
        retry_after = float(response.headers.get("retry-after", 0))
    except ValueError:  # the header may hold a date instead; the backoff does then
        retry_after = 0.0
    return ApiError(response.status, reason, message or response.reason or "", retry_after)
