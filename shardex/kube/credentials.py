"""Reads a kubeconfig or the in-cluster files with the `kubernetes` package and prints what it found as one JSON object.

Run as a process of its own by endpoint.py: {"url": ..., "ca": ..., "token": ...} or {"error": ...}. The pipe is the
only place that the token goes to.
"""

import json
import sys
from pathlib import Path
from typing import Any

_TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  a path


def _read_in_cluster() -> dict[str, Any]:
    from kubernetes import client, config  # noqa: PLC0415  20 MB that only this process pays

    settings = client.Configuration()
    config.load_incluster_config(client_configuration=settings)
    return _found(settings) | {"token": "", "token_file": _TOKEN_FILE}


def _read_kubeconfig(path: str) -> dict[str, Any]:
    from kubernetes import client, config  # noqa: PLC0415

    settings = client.Configuration()
    config.load_kube_config(config_file=path, client_configuration=settings, persist_config=False)
    return _found(settings)


def _found(settings: Any) -> dict[str, Any]:
    authorization = (settings.api_key or {}).get("authorization") or ""
    basic = settings.get_basic_auth_token() if settings.username or settings.password else ""
    return {
        "url": settings.host,
        "ca": _text(settings.ssl_ca_cert),
        "certificate": _text(settings.cert_file),
        "key": _text(settings.key_file),
        "verify": bool(settings.verify_ssl),
        "server_name": getattr(settings, "tls_server_name", None) or "",
        "token": authorization.removeprefix("Bearer "),
        "basic": basic or "",
        "proxy": settings.proxy or "",
    }


def _text(path: str | None) -> str:
    return Path(path).read_text(encoding="utf-8") if path else ""


def main(arguments: list[str]) -> int:
    try:
        answer = _read_in_cluster() if arguments == ["--in-cluster"] else _read_kubeconfig(arguments[1])
    except Exception as error:  # noqa: BLE001  whatever the package or a plugin raises becomes one sentence
        where = "not in a cluster (give --kubeconfig or --apiserver)"
        if len(arguments) > 1:
            where = f"kubeconfig {arguments[1]}"
        answer = {"error": f"{where}: {type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
