"""The shards' telemetry pages over HTTP: who is asked shows a certificate, and is shown who asks, as the flags say.

Files are read at each turn: tokens and certificates rotate.
"""

import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3

from scaler.observation import Fault, Reason
from scaler.options import Options
from scaler.telemetry import Page, PageError, read

_AT_ONCE = 8
#: what a door says -> what it would open for
_REFUSED = {
    401: "; it is shown a token with --shard-token-file, and cannot be shown a password",
    403: "; it wants a token that may get /metrics, or a client certificate with --shard-cert-file",
}


class Pages:
    """What shards tell of themselves."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def read(self, urls: Mapping[str, str], faults: list[Fault]) -> dict[str, Page]:
        """The page of each that gave one, by name; the others are faults."""
        try:
            pool, headers = _pool(self._options), _headers(self._options.shard_token_file)
        except PageError as error:
            faults.append(Fault(Reason.SHARDS_UNKNOWN, str(error)))
            return {}

        def page(item: tuple[str, str]) -> Page | Fault:
            name, url = item
            try:
                return read(name, _text(pool, url, headers), time.monotonic())
            except (urllib3.exceptions.HTTPError, OSError, PageError) as error:
                return Fault(Reason.SHARD_MISSING, f"{name}: {error}")

        pages = {}
        with pool, ThreadPoolExecutor(_AT_ONCE) as threads:
            for name, found in zip(urls, threads.map(page, urls.items()), strict=True):
                if isinstance(found, Fault):
                    faults.append(found)
                else:
                    pages[name] = found
        return pages


def _text(pool: urllib3.PoolManager, url: str, headers: Mapping[str, str]) -> str:
    # Not where the answer points to: that may be anywhere, and the token would go along.
    answer = pool.request("GET", url, headers=headers, redirect=False)
    if answer.status != 200:
        raise PageError(f"answered {answer.status}{_REFUSED.get(answer.status, '')}")
    return answer.data.decode("utf-8", "replace")


def _pool(options: Options) -> urllib3.PoolManager:
    more: dict[str, Any] = {}
    if options.shard_server_name:
        more["server_hostname"] = options.shard_server_name
    if options.shard_insecure_skip_verify:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # once a request: it was asked for
    return urllib3.PoolManager(retries=False, timeout=options.shard_timeout, ssl_context=_ssl_context(options), **more)


def _ssl_context(options: Options) -> ssl.SSLContext:
    """Raise PageError when a file does not do."""
    flag, path = "shard-ca-file", options.shard_ca_file
    try:
        context = ssl.create_default_context(cafile=path or None)
        # Python 3.13 asks for extensions that many clusters' own authorities do not write; Go and 3.12 do not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if options.shard_insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        flag, path = "shard-cert-file", options.shard_cert_file
        if path:
            context.load_cert_chain(path, options.shard_key_file, password="")  # or a locked key asks the terminal
    except (OSError, ValueError) as error:
        raise PageError(f"--{flag}={path}: {error.strerror if isinstance(error, OSError) else error}") from None
    return context


def _headers(path: str) -> dict[str, str]:
    """Raise PageError when there is no token."""
    if not path:
        return {}
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not a text"
        raise PageError(f"--shard-token-file={path}: {said}") from None
    # Any other character ends in an exception of the HTTP library, whose message shows the token.
    if not token or not (token.isascii() and token.isprintable() and " " not in token):
        raise PageError(f"--shard-token-file={path}: {'blanks or control characters within it' if token else 'empty'}")
    return {"Authorization": f"Bearer {token}"}
