"""--tls-config: TLS, users and headers, in the exporter-toolkit's web configuration format.

    tls_server_config:   cert_file, key_file, client_ca_file (or the PEM texts: cert, key, client_ca), client_auth_type,
                         client_allowed_sans, min_version, max_version, cipher_suites, prefer_server_cipher_suites
    http_server_config:  headers; http2, without effect since HTTP/1.1 is what is spoken
    basic_auth_users:    name: bcrypt hash

What cannot be had here is a fault that says so: a protection that is silently left out is none.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from shardex.errors import OptionsError

_HASH = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_VERSIONS = {"TLS12": "TLSv1_2", "TLS13": "TLSv1_3"}
#: policy -> whether a certificate is asked for and checked, whether there must be one
_POLICIES = {
    "": (False, False),
    "NoClientCert": (False, False),
    "RequestClientCert": (False, False),  # asks for one and looks at nothing in it
    "VerifyClientCertIfGiven": (True, False),
    "RequireAndVerifyClientCert": (True, True),
}
#: header -> the values that it may have; none is any
_HEADERS: dict[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
_NOT_HERE = {
    "rate_limit": "not supported: set it in a proxy or leave it out",
    "tls_server_config.curve_preferences": "not supported: OpenSSL's own order is used, leave it out",
}


class Tls(msgspec.Struct, frozen=True):
    """How connections are secured; PEM texts, read once, so that certificate and key are of one moment.

    versions      names of ssl.TLSVersion: least and highest
    ciphers       of TLS 1.2, by their names in the TLS registry; empty is OpenSSL's choice
    client_ca     PEM of the authorities of client certificates; "" asks for none
    needs_client  a caller must have shown one; health checks, which have none, are let through to be healthy
    sans          names one of which a client certificate must carry; None for any
    """

    certificate: str
    key: str
    versions: tuple[str, str]
    ciphers: tuple[str, ...]
    server_order: bool
    client_ca: str
    needs_client: bool
    sans: frozenset[str] | None

    def __repr__(self) -> str:
        """Without the key: a repr ends in logs and tracebacks."""
        return f"Tls({self.versions[0]}..{self.versions[1]})"


class WebConfig(msgspec.Struct, frozen=True):
    """One reading of the file.

    users  bcrypt hashes by name; empty asks for no password
    files  what else was read, to be looked at for changes
    """

    tls: Tls | None
    users: dict[str, bytes]
    headers: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]


def read(path: Path) -> WebConfig:
    """The file and the files that it names.

    raise  OptionsError with every fault; whether key and certificate fit is for tls.py to find
    """
    reader = _Reader(path)
    config = reader.config()
    if reader.faults:
        raise OptionsError([f"--tls-config={path}: {fault}" for fault in reader.faults])
    return config


def canonical(name: str) -> str:
    """A name of a certificate in one form: addresses have several."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.faults: list[str] = []
        self._files: list[Path] = []

    def config(self) -> WebConfig:
        top = self._keys(self._document(), "", {"tls_server_config", "http_server_config", "basic_auth_users"})
        tls = self._tls(self._mapping(top.get("tls_server_config"), "tls_server_config"))
        http = self._keys(
            self._mapping(top.get("http_server_config"), "http_server_config"),
            "http_server_config.",
            {"http2", "headers"},
        )
        self._flag(http, "http2", "http_server_config.", default=True)
        headers = self._headers(self._mapping(http.get("headers"), "http_server_config.headers"))
        users = self._users(self._mapping(top.get("basic_auth_users"), "basic_auth_users"))
        return WebConfig(tls, users, headers, tuple(self._files))

    def _document(self) -> Mapping[str, Any]:
        try:
            found = yaml.load(self._path.read_bytes(), _Strict)  # noqa: S506  a SafeLoader that refuses twins
        except OSError as error:
            self.faults.append(error.strerror or str(error))
            return {}
        except yaml.YAMLError as error:
            self.faults.append(f"not YAML: {' '.join(str(error).split())}")
            return {}
        return self._mapping(found, "the file")

    def _mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self.faults.append(f"{where}: not a mapping")
            return {}
        return value

    def _keys(self, found: Mapping[str, Any], prefix: str, known: Iterable[str]) -> Mapping[str, Any]:
        known = set(known)
        for key in found:
            if key not in known:
                self.faults.append(f"{prefix}{key}: {_NOT_HERE.get(prefix + key, 'unknown key')}")
        return found

    def _tls(self, found: Mapping[str, Any]) -> Tls | None:
        prefix, before = "tls_server_config.", len(self.faults)
        self._keys(found, prefix, _TLS_KEYS)
        if not found:
            return None
        certificate, key = self._pem(found, "cert", needed=True), self._pem(found, "key", needed=True)
        authorities = self._pem(found, "client_ca", needed=False)
        policy = self._text(found, "client_auth_type", prefix)
        verified, needed = _POLICIES.get(policy, (False, False))
        if policy not in _POLICIES:
            only = ", ".join(filter(None, _POLICIES))
            self.faults.append(f"{prefix}client_auth_type: {policy}: not one of {only}")
        elif verified and not authorities:
            self.faults.append(f"{prefix}client_auth_type: {policy} needs client_ca_file")
        elif authorities and not verified:
            self.faults.append(f"{prefix}client_ca_file: client_auth_type does not check client certificates")
        sans = self._texts(found, "client_allowed_sans", prefix) if found.get("client_allowed_sans") else None
        if sans is not None and not verified:
            self.faults.append(f"{prefix}client_allowed_sans: client_auth_type does not check client certificates")
        least, highest = self._version(found, "min_version", "TLS12"), self._version(found, "max_version", "TLS13")
        if least > highest:
            self.faults.append(f"{prefix}min_version: above max_version")
        ciphers = self._texts(found, "cipher_suites", prefix)
        server_order = self._flag(found, "prefer_server_cipher_suites", prefix, default=True)
        if len(self.faults) > before:
            return None
        allowed = None if sans is None else frozenset(map(canonical, sans))
        return Tls(certificate, key, (least, highest), ciphers, server_order, authorities, needed, allowed)

    def _pem(self, found: Mapping[str, Any], name: str, needed: bool) -> str:
        """The text that stands in the file or in the file that it names, beside it unless the path is absolute."""
        prefix = "tls_server_config."
        text, path = self._text(found, name, prefix), self._text(found, f"{name}_file", prefix)
        if not path:
            if needed and not text:
                self.faults.append(f"{prefix}{name}_file: missing")
            return text
        file = self._path.parent / path
        self._files.append(file)
        try:
            return file.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            self.faults.append(f"{prefix}{name}_file: {path}: {getattr(error, 'strerror', None) or 'not PEM'}")
            return ""

    def _version(self, found: Mapping[str, Any], name: str, default: str) -> str:
        text = self._text(found, name, "tls_server_config.") or default
        if text not in _VERSIONS:
            said = "no longer safe" if text in {"TLS10", "TLS11"} else "not a version"
            self.faults.append(f"tls_server_config.{name}: {text}: {said}; TLS12 or TLS13")
        return _VERSIONS.get(text, "")

    def _text(self, found: Mapping[str, Any], name: str, prefix: str) -> str:
        return str(self._typed(found, name, prefix, lambda value: isinstance(value, str), "a text", ""))

    def _texts(self, found: Mapping[str, Any], name: str, prefix: str) -> tuple[str, ...]:
        good = lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value)
        return tuple(self._typed(found, name, prefix, good, "a list of texts", ()))

    def _flag(self, found: Mapping[str, Any], name: str, prefix: str, default: bool) -> bool:
        return bool(self._typed(found, name, prefix, lambda value: isinstance(value, bool), "true or false", default))

    def _typed(
        self, found: Mapping[str, Any], name: str, prefix: str, good: Callable[[Any], bool], form: str, default: Any
    ) -> Any:
        value = found.get(name)
        if value is None:
            return default
        if not good(value):
            self.faults.append(f"{prefix}{name}: not {form}")
            return default
        return value

    def _headers(self, found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        for name, value in found.items():
            where = f"http_server_config.headers.{name}"
            if name not in _HEADERS:
                self.faults.append(f"{where}: cannot be set; there are {', '.join(_HEADERS)}")
            elif not isinstance(value, str) or not value.isascii() or not value.isprintable():
                self.faults.append(f"{where}: not a header's value")
            elif _HEADERS[name] and value not in _HEADERS[name]:
                self.faults.append(f"{where}: {value}: {' or '.join(_HEADERS[name])}")
        return tuple(found.items())

    def _users(self, found: Mapping[str, Any]) -> dict[str, bytes]:
        for name, value in found.items():
            if ":" in name:
                self.faults.append(f"basic_auth_users: {name}: a name with a colon cannot be sent")
            if not isinstance(value, str) or not _HASH.fullmatch(value):
                # Not shown: who puts a password there by mistake would find it in the log.
                self.faults.append(f"basic_auth_users: {name}: not a bcrypt hash; htpasswd -nB {name} makes one")
        return {name: str(value).encode() for name, value in found.items()}


_TLS_KEYS = {
    "cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", "client_auth_type", "client_allowed_sans",
    "min_version", "max_version", "cipher_suites", "prefer_server_cipher_suites",
}  # fmt: skip


class _Strict(yaml.SafeLoader):
    """A key that stands twice is a fault: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)
