"""The door's lock: --tls-config as OpenSSL wants it, read anew when one of its files changes."""

import contextlib
import logging
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from shardex.errors import OptionsError
from shardex.options import Options
from shardex.pem import PemFile
from shardex.serving.webconfig import Tls, WebConfig, canonical, read

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0  # between two looks at the files: a scrape need not wait for a file system
#: the TLS registry's names of what TLS 1.2 has -> OpenSSL's
_CIPHERS = {
    f"TLS_{exchange.replace('-', '_')}_WITH_{name}": f"{exchange}-{own}"
    for exchange in ("ECDHE-ECDSA", "ECDHE-RSA")
    for name, own in (
        ("AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
        ("AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
        ("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
        ("CHACHA20_POLY1305", "CHACHA20-POLY1305"),
        ("AES_128_CBC_SHA256", "AES128-SHA256"),
        ("AES_128_CBC_SHA", "AES128-SHA"),
        ("AES_256_CBC_SHA", "AES256-SHA"),
    )
} | {
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA256": "AES128-SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
}
#: TLS 1.3 has these alone, and they are always on
_ALWAYS = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}


def server_context(tls: Tls) -> ssl.SSLContext:
    """A server's side of TLS.

    raise  OptionsError with every fault
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = (ssl.TLSVersion[name] for name in tls.versions)
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not tls.server_order:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    faults = _set_ciphers(context, tls)
    try:
        with PemFile(f"{tls.certificate}\n{tls.key}") as path:
            context.load_cert_chain(path, password="")  # or OpenSSL asks the terminal for that of a locked key
    except (ssl.SSLError, ValueError) as error:
        faults.append(f"certificate and key: {_reason(error)}")
    if tls.client_ca:
        try:
            context.load_verify_locations(cadata=tls.client_ca)
            # Not required: kubelet's probes have none, and a connection without one gets to see nothing but health.
            context.verify_mode = ssl.CERT_OPTIONAL
        except (ssl.SSLError, ValueError) as error:
            faults.append(f"client_ca_file: {_reason(error)}")
    if faults:
        raise OptionsError([f"tls_server_config: {fault}" for fault in faults])
    return context


def _set_ciphers(context: ssl.SSLContext, tls: Tls) -> list[str]:
    faults, names = [], []
    for name in tls.ciphers:
        own = _CIPHERS.get(name, "")
        try:
            if name not in _ALWAYS:
                context.set_ciphers(own or name)
                names.append(own or name)
        except ssl.SSLError:
            faults.append(f"cipher_suites: {name}: this OpenSSL does not have it")
    if names:
        context.set_ciphers(":".join(dict.fromkeys(names)))
    return faults


def _reason(error: Exception) -> str:
    """OpenSSL's words without its source file and line."""
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else str(error)


def client_fault(sock: Any, tls: Tls) -> str:
    """Why the connection's client certificate does not do; "" when it does, or when none is needed."""
    if not tls.client_ca:
        return ""
    shown: dict[str, Any] = getattr(sock, "getpeercert", dict)()
    if not shown:
        return "a client certificate is needed" if tls.needs_client else ""
    names = {canonical(str(pair[1])) for pair in shown.get("subjectAltName", ())}
    return "" if tls.sans is None or names & tls.sans else "the client certificate carries none of the allowed names"


class Web(msgspec.Struct, frozen=True):
    """A reading of the file with its TLS context."""

    config: WebConfig
    context: ssl.SSLContext | None


def load(path: Path) -> Web:
    """What the file says now.

    raise  OptionsError with every fault
    """
    config = read(path)
    try:
        return Web(config, server_context(config.tls) if config.tls else None)
    except OptionsError as error:
        raise OptionsError([f"--tls-config={path}: {fault}" for fault in error.faults]) from None


def verify(options: Options) -> None:
    """Whether a front can do what --tls-config says.

    raise  OptionsError with every fault
    """
    if options.tls_config:
        path = Path(options.tls_config)
        if load(path).config.users and options.auth_filter:
            raise OptionsError(
                [f"--tls-config={path}: basic_auth_users and --auth-filter both want the one Authorization header"]
            )


class WebFile:
    """The file of a running server. A change that does not work changes nothing: it is logged and tried again."""

    def __init__(self, path: Path) -> None:
        """Raise OptionsError with every fault."""
        self._path = path
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._fault = ""
        self._web = load(path)
        self._seen = self._signature()
        self._web = load(path)  # again: what changed between the first reading and the look would go unseen

    def now(self) -> Web:
        """The last reading that worked; at most a second old."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looked = time.monotonic()
                self._lock.release()
        return self._web

    def _look(self) -> None:
        seen = self._signature()
        if seen == self._seen:
            return
        try:
            fresh = self._load()
        except OptionsError as error:
            if self._fault != str(error):
                self._fault = str(error)
                log.error("the last working TLS configuration stays: %s", error)  # noqa: TRY400
            return
        # What was seen before the reading: a file that changed meanwhile is read again.
        self._web, self._seen, self._fault = fresh, seen, ""
        log.info("--tls-config=%s: read anew", self._path)

    def _load(self) -> Web:
        fresh = load(self._path)
        if (fresh.context is None) != (self._web.context is None):
            raise OptionsError([f"--tls-config={self._path}: TLS goes on or off with the next start only"])
        return fresh

    def _signature(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_stat(path) for path in (self._path, *self._web.config.files))


def _stat(path: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):
        stat = path.stat()
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_dev)
    return ()
