"""Reads a kubeconfig with the `kubernetes` package and prints what it found as one JSON object.

Run as a process of its own by endpoint.py: {"url": ..., "ca": ..., "token": ...} or {"error": ...}. The pipe is the
only place that the token goes to.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any


class _Complaints(logging.Handler):
    """What the package logs as errors: it goes on without the credentials of an exec plugin that failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _read(path: str) -> dict[str, Any]:
    from kubernetes import client, config  # noqa: PLC0415  20 MB that only this process pays

    Path(path).read_bytes()  # the package says of a file that is not there or not ours that it is invalid
    settings = client.Configuration()
    config.load_kube_config(config_file=path, client_configuration=settings, persist_config=False)
    return _found(settings)


def _found(settings: Any) -> dict[str, Any]:
    from kubernetes.client.rest import should_bypass_proxies  # noqa: PLC0415

    # The package's older versions name it authorization, the newer ones BearerToken; basic auth goes the same way.
    keys = settings.api_key or {}
    authorization = keys.get("BearerToken") or keys.get("authorization") or ""
    scheme, _, secret = authorization.partition(" ")
    basic = scheme.lower() == "basic"
    direct = not settings.proxy or should_bypass_proxies(settings.host, no_proxy=settings.no_proxy or "")
    return {
        "url": settings.host,
        "ca": _text(settings.ssl_ca_cert),
        "certificate": _text(settings.cert_file),
        "key": _text(settings.key_file),
        "verify": bool(settings.verify_ssl),
        "server_name": getattr(settings, "tls_server_name", None) or "",
        "token": "" if basic else secret,
        "basic": authorization if basic else "",
        "proxy": "" if direct else settings.proxy,
    }


def _text(path: str | None) -> str:
    return Path(path).read_text(encoding="utf-8") if path else ""


def main(kubeconfig: str) -> int:
    complaints = _Complaints()
    logging.getLogger().addHandler(complaints)
    answer: dict[str, Any] = {}
    try:
        answer = _read(kubeconfig)
        fault = "; ".join(complaints.lines)
    except OSError as error:
        other = f"{error.filename}: " if error.filename not in {None, kubeconfig} else ""
        fault = f"{other}{error.strerror or error}"
    except Exception as error:  # noqa: BLE001  whatever the package or a plugin raises becomes one sentence
        fault = f"{type(error).__name__}: {error}"
    finally:
        logging.getLogger().removeHandler(complaints)
    if fault:
        answer = {"error": f"kubeconfig {kubeconfig}: {' '.join(fault.split())}"}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
